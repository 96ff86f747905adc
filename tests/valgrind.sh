#!/usr/bin/env bash
# Runs tests of the runtime under valgrind's memcheck, to which the runtime's own blocks are described (--cfg tailbite_valgrind): a use of a
# free block, of bytes behind one, or of bytes that were never written is an error.
#
#   tests/valgrind.sh [TEST NAME ...]
#
# Without names the allocator's unit tests run, a selection of the integration tests, and the seeded mistakes, which memcheck has to catch. It
# is a stress build, for its redzones; TAILBITE_STRESS sets the number of allocations from one collection to the next (default 0: none).
# Needs valgrind 3.16 or later on Linux (x86-64 or AArch64); no headers of it.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || {
    echo "error: valgrind is needed (Debian's package: valgrind)" >&2
    exit 1
}
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-target}
flags=${RUSTFLAGS:-}
export RUSTFLAGS="--cfg tailbite_valgrind --cfg tailbite_stress $flags"
export CARGO_TARGET_DIR="$target/valgrind"
export TAILBITE_STRESS="${TAILBITE_STRESS:-0}"
export TAILBITE_MODEL_CASES="${TAILBITE_MODEL_CASES:-3}"
# Who gives back a whole heap doesn't give back each block: leaks aren't looked for.
runner=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$host")_RUNNER
export "$runner=valgrind --quiet --leak-check=no --error-exitcode=9"

if [ $# -gt 0 ]; then
    cargo test -p tailbite-tests --test all -- "$@"
    exit
fi

# Not the slow ones, nor those that pin the sizes of blocks, which redzones change.
echo "== unit tests of the allocator"
cargo test -p tailbite --lib -- alloc::tests::arenas alloc::tests::retained alloc::tests::large \
    --skip raw_bytes_are_accounted --skip nothing_goes_while_held

echo "== integration tests"
cargo test -p tailbite-tests --test all -- \
    cycles:: finalizers:: resurrection:: weakrefs:: roots:: packed:: gc_freeze:: trace_features:: derive::

echo "== seeded mistakes"
env -u "$runner" CARGO_TARGET_DIR="$target" RUSTFLAGS="$flags" tests/seeded.sh valgrind
