#!/usr/bin/env bash
# Runs the workload of the whole API with a fault at every number: each request refused, all from one on, each call of user code panicking, and
# both at once; requests of the heap, and of the system's allocator. Prints the faults that were injected and survived.
#
#   tests/faults.sh [stress] [sanitize]
#
# With `stress` once more with the stress mode compiled in, with `sanitize` under AddressSanitizer (on a stable toolchain), at every
# TAILBITE_FAULTS_STRIDE-th number there (default 1).
set -euo pipefail
cd "$(dirname "$0")/.."

export TAILBITE_FAULTS=complete
target=${CARGO_TARGET_DIR:-target}

# Prints the lines of the sweeps, or, if a test fails, everything.
sweeps() {
    local output
    if ! output=$(cargo test --quiet -p tailbite-tests "$@" -- --nocapture faults:: 2>&1); then
        echo "$output" >&2
        exit 1
    fi
    grep -E 'runs, [0-9]+ faults survived|a calm run' <<<"$output"
}

both() {
    sweeps --test all "$@"
    sweeps --test refused "$@"
}

echo "== arenas from mmap"
both
echo "== arenas from std::alloc, which is refused too"
sweeps --test refused --features tailbite/std-alloc
echo '== panic = "abort"'
tests/abort.sh

# The workload as a program, built as the environment says: needs no other crate's tests.
program() {
    cargo build --quiet -p tailbite-tests --bin faults_abort "$@"
}

stride=${TAILBITE_FAULTS_STRIDE:-1}
for more in "$@"; do
    case $more in
        stress)
            for every in 1 7; do
                echo "== stress: a collection at every allocation number $every"
                (
                    export RUSTFLAGS="--cfg tailbite_stress ${RUSTFLAGS:-}" CARGO_TARGET_DIR="$target/stress" TAILBITE_STRESS=$every
                    program
                    "$target/stress/debug/faults_abort" unwound "$stride"
                )
            done
            ;;
        sanitize)
            echo "== AddressSanitizer"
            (
                host=$(rustc -vV | sed -n 's/^host: //p')
                export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address ${RUSTFLAGS:-}" CARGO_TARGET_DIR="$target/sanitize"
                export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
                program --target "$host" --features tailbite/std-alloc
                "$target/sanitize/$host/debug/faults_abort" unwound "$stride"
            )
            ;;
        *)
            echo "error: $more is neither stress nor sanitize" >&2
            exit 1
            ;;
    esac
done
