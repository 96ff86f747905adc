#!/usr/bin/env bash
# Tests the derive on other generated types than those that are kept: writes them into a crate of their own, compiles and runs it.
#
#   tests/generated.sh [SEED [COUNT]]     200 types of a seed, of the clock's unless it is given
#   tests/generated.sh keep               writes the files that are kept (tests/all/derive/generated), after a change of the generator
#
# Needs a Rust toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."

generate() {
    cargo run --quiet -p tailbite-tests --example generate -- "$@"
}

if [ "${1:-}" = keep ]; then
    generate 1 60 tests/all/derive/generated
    exit
fi

seed=${1:-$(date +%s)}
count=${2:-200}
root=$PWD
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
crate=$target/generated
rm -rf "$crate/src"
mkdir -p "$crate/src"
echo "== seed $seed: $count types"
generate "$seed" "$count" "$crate/src"
cp tests/all/derive/generated/check.rs "$crate/src"
cp Cargo.lock "$crate"
cat >"$crate/Cargo.toml" <<END
[package]
name = "generated"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
tailbite = { path = "$root/runtime" }
END
{
    echo '#![allow(dead_code, unused_imports, clippy::all, reason = "generated types have any shape")]'
    echo 'mod check;'
    for part in "$crate"/src/part*.rs; do
        echo "mod $(basename "$part" .rs);"
    done
    echo 'fn main() {'
    for part in "$crate"/src/part*.rs; do
        echo "    $(basename "$part" .rs)::all();"
    done
    echo '}'
} >"$crate/src/main.rs"
CARGO_TARGET_DIR="$target/generated/target" CARGO_PROFILE_DEV_DEBUG=0 cargo run --quiet --manifest-path "$crate/Cargo.toml" || {
    echo "error: the types in $crate/src; again: tests/generated.sh $seed $count" >&2
    exit 1
}
echo "== $(grep -h -c '    check::<' "$crate"/src/part*.rs | paste -sd+ | bc) values of $count types: each handle is reported once"
