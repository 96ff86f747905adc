#!/usr/bin/env bash
# Fuzzes: builds the targets of tests/fuzz with coverage and AddressSanitizer, and runs them one after the other.
#
#   tests/fuzz.sh [SECONDS] [TARGET ...]     60 seconds for each target, unless said otherwise; from the kept corpus and what earlier runs found
#   tests/fuzz.sh keep [TARGET ...]          reduces the kept corpus and what was found since to what adds coverage, and keeps that
#   tests/fuzz.sh replay TARGET FILE ...     runs single inputs, as that of a crash
#
# Needs a stable toolchain, and g++ for libFuzzer's own sources. cargo-fuzz is not needed (docs/decisions/021-fuzzing.md); who has it can
# use it: `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz TARGET`.
#
# TAILBITE_FUZZ_FEATURES (default "classic-geometry,std-alloc") are features of the runtime, TAILBITE_FUZZ_SEED is libFuzzer's seed (default: the
# clock's; it is printed). An input that crashes lands in tests/fuzz/regressions/TARGET, from where the ordinary tests replay it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzz=tests/fuzz

fail() {
    echo "error: $*" >&2
    exit 1
}

all=$(sed -n '/^\[\[bin\]\]/{n;s/^name = "\(.*\)"/\1/p}' $fuzz/Cargo.toml)
what=run
seconds=60
case "${1:-}" in
    [0-9]*) seconds=$1 && shift ;;
    keep | replay) what=$1 && shift ;;
esac
targets=$all
if [ "$what" = replay ]; then
    [ $# -gt 1 ] || fail "which target, and which file?"
    targets=$1
    shift
elif [ $# -gt 0 ]; then
    targets=$*
fi
for target in $targets; do
    grep -qx "$target" <<<"$all" || fail "no target is called $target; there are:" $all
done
command -v g++ >/dev/null || command -v clang++ >/dev/null || fail "libFuzzer is C++, and there is no compiler for it: install g++"

# The flags of cargo-fuzz. Sanitizer and coverage are unstable options of the stable compiler.
export RUSTC_BOOTSTRAP=1
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0"
export RUSTFLAGS="$coverage -Zsanitizer=address --cfg tailbite_asan -Ccodegen-units=1 --cfg fuzzing ${RUSTFLAGS:-}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/fuzz"
# Leaks are no errors here: some programs leak on purpose, and the heaps' accounts tell of the others.
export ASAN_OPTIONS="detect_leaks=0:detect_odr_violation=0:allocator_may_return_null=1:quarantine_size_mb=32:${ASAN_OPTIONS:-}"
features=${TAILBITE_FUZZ_FEATURES-classic-geometry,std-alloc}
host=$(rustc -vV | sed -n 's/^host: //p')
bins=()
for target in $targets; do
    bins+=(--bin "$target")
done

echo "== building, with the features \"$features\""
cargo build --release --quiet --manifest-path $fuzz/Cargo.toml --target "$host" --features "$features" "${bins[@]}"
binaries=$CARGO_TARGET_DIR/$host/release

if [ "$what" = replay ]; then
    exec "$binaries/$targets" "$@"
fi

for target in $targets; do
    kept=$fuzz/corpus/$target
    found=$CARGO_TARGET_DIR/corpus/$target
    crashes=$fuzz/regressions/$target
    mkdir -p "$kept" "$found" "$crashes"
    before=$(find "$found" -type f | wc -l)
    log=$CARGO_TARGET_DIR/$target.log
    if [ "$what" = keep ]; then
        fewer=$(mktemp -d)
        echo "== $target: $(find "$kept" "$found" -type f | wc -l) units"
        "$binaries/$target" -set_cover_merge=1 -use_counters=0 -max_len=512 "$fewer" "$kept" "$found" >"$log" 2>&1 || {
            tail -20 "$log" >&2
            fail "$target can't be minimised"
        }
        rm -r "$kept" "$found"
        mkdir "$kept"
        find "$fewer" -type f -exec mv -t "$kept" {} +
        rm -r "$fewer"
        echo "kept: $(find "$kept" -type f | wc -l) units, $(cat "$kept"/* | wc -c) bytes"
        continue
    fi
    echo "== $target: $seconds seconds from $(find "$kept" "$found" -type f | wc -l) units"
    status=0
    "$binaries/$target" -max_total_time="$seconds" -max_len=4096 -len_control=20 -timeout=60 -rss_limit_mb=4096 -print_final_stats=1 \
        -seed="${TAILBITE_FUZZ_SEED:-0}" -artifact_prefix="$crashes/" "$found" "$kept" "$crashes" >"$log" 2>&1 || status=$?
    if [ $status -ne 0 ]; then
        tail -80 "$log" >&2
        echo "error: $target fails; the log is $log. The input is where the last lines say. To replay it:" >&2
        echo "  tests/fuzz.sh replay $target $crashes/FILE" >&2
        echo "  cargo test -p tailbite-tests --test all -- corpora" >&2
        exit $status
    fi
    grep -E '^(INFO: Seed|#[0-9]+[[:space:]]+DONE|stat::number_of_executed_units|stat::average_exec_per_sec)' "$log"
    echo "new units: $(($(find "$found" -type f | wc -l) - before))"
done
