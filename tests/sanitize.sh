#!/usr/bin/env bash
# Runs the tests of the runtime under AddressSanitizer, on a stable toolchain.
#
#   tests/sanitize.sh [TEST NAME ...]
#
# Without names all tests run except the slow ones (deep structures, the sources' structure, scripts, compile-fail cases).
# A leak is not an error here: some tests leak on purpose, and the drop log finds the others.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address ${RUSTFLAGS:-}"
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize"
export TAILBITE_MODEL_CASES="${TAILBITE_MODEL_CASES:-100}"
# Every handed-out block comes from the runtime's own pools; with the system's allocator behind the arenas the sanitizer sees
# overruns of regions too.
features=(--features tailbite/std-alloc)

echo "== unit tests"
cargo test --target "$host" -p tailbite --lib --features std-alloc

echo "== integration tests"
if [ $# -gt 0 ]; then
    cargo test --target "$host" -p tailbite-tests "${features[@]}" --test all -- "$@"
else
    cargo test --target "$host" -p tailbite-tests "${features[@]}" --test all -- \
        --skip deep:: --skip tidy:: --skip scripts:: --skip ui:: --skip a_hundred_megabytes --skip counts_saturate
fi
