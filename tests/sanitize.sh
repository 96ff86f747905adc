#!/usr/bin/env bash
# Runs the tests of the runtime under AddressSanitizer, on a stable toolchain.
#
#   tests/sanitize.sh [TEST NAME ...]
#
# The sanitizer is told of the runtime's own blocks (--cfg tailbite_asan): free ones are poisoned, and in a stress build, which this is, a
# redzone lies behind each. TAILBITE_STRESS sets the number of allocations from one collection to the next (default 0: none but those of the
# tests). Without names all tests run except slow ones (deep structures, the sources' structure, scripts, compile-fail cases) and those that
# pin the sizes of blocks, which redzones change, or make mistakes for the debug heap. A leak is not an error here: some tests leak on purpose, and the drop log finds the
# others. At the end the sanitizer has to catch the seeded mistakes.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
flags=${RUSTFLAGS:-}
target=${CARGO_TARGET_DIR:-target}
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address --cfg tailbite_asan --cfg tailbite_stress $flags"
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export CARGO_TARGET_DIR="$target/sanitize"
export TAILBITE_STRESS="${TAILBITE_STRESS:-0}"
export TAILBITE_MODEL_CASES="${TAILBITE_MODEL_CASES:-100}"

# Tests that say what a block of a given size takes, or which requests share a class.
pinned=(
    --skip alloc::tests::classes::blocks_visits_those_that_were_carved
    --skip alloc::tests::classes::objects_are_at_least_two_words
    --skip alloc::tests::large::raw_bytes_are_accounted
    --skip alloc::tests::numbers::walks_find_every_pool_of_their_kind
    --skip alloc::tests::retained::nothing_goes_while_held
    --skip alloc::tests::stats::
)

echo "== unit tests"
cargo test --target "$host" -p tailbite --lib -- "${pinned[@]}"

echo "== integration tests"
if [ $# -gt 0 ]; then
    cargo test --target "$host" -p tailbite-tests --test all -- "$@"
else
    cargo test --target "$host" -p tailbite-tests --test all -- \
        --skip deep:: --skip tidy:: --skip scripts:: --skip ui:: --skip a_hundred_megabytes --skip counts_saturate \
        --skip corpora:: --skip raw_programs:: --skip debug_heap:: --skip seeded:: --skip the_header_is_eight_bytes --skip a_block_stays_where_it_is \
        --skip odd_requests_are_refused_or_served --skip only_starts_of_blocks_in_use
    echo "== seeded mistakes"
    CARGO_TARGET_DIR=$target RUSTFLAGS=$flags tests/seeded.sh asan
fi
