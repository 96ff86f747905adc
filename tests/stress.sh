#!/usr/bin/env bash
# Runs the tests with the stress mode compiled in: collections at every n-th allocation, poisoned memory, all invariants checked.
#
#   tests/stress.sh [N ...]
#
# N (default 1 and 7) is the number of allocations from one collection to the next.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=${RUSTFLAGS:-}
target=${CARGO_TARGET_DIR:-target}
export RUSTFLAGS="--cfg tailbite_stress $flags"
export CARGO_TARGET_DIR="$target/stress"
export TAILBITE_MODEL_CASES="${TAILBITE_MODEL_CASES:-100}"
if [ $# -eq 0 ]; then
    set -- 1 7
fi

for every in "$@"; do
    echo "== a collection at every allocation number $every"
    export TAILBITE_STRESS="$every"
    cargo test -p tailbite --lib
    cargo test -p tailbite-tests --test all -- --skip deep:: --skip depth:: --skip sizes:: --skip tidy:: --skip scripts:: --skip ui:: --skip a_hundred_megabytes
done

echo "== seeded mistakes"
CARGO_TARGET_DIR=$target RUSTFLAGS=$flags tests/seeded.sh stress
