#!/usr/bin/env bash
# Runs the integration tests with the debug heap on for every heap: in a stress build, which can be told so.
#
#   tests/debug-heap.sh [TEST NAME ...]
#
# Without names all run except slow ones, and those that pin how many bytes are in use, or that an address is soon used again, which is
# otherwise with a debug heap.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="--cfg tailbite_stress ${RUSTFLAGS:-}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/stress"
export TAILBITE_DEBUG_HEAP=1
export TAILBITE_STRESS="${TAILBITE_STRESS:-0}"
export TAILBITE_MODEL_CASES="${TAILBITE_MODEL_CASES:-100}"

if [ $# -gt 0 ]; then
    cargo test -p tailbite-tests --test all -- "$@"
    exit
fi
cargo test -p tailbite-tests --test all -- \
    --skip deep:: --skip tidy:: --skip scripts:: --skip ui:: --skip a_hundred_megabytes \
    --skip item_06 --skip the_header_is_eight_bytes --skip records_not_addresses_identify \
    --skip blocks_move_between_size_classes --skip no_step_of_a_random_program \
    --skip all_kinds_of_memory_can_cross --skip it_is_not_told_inside_a_collection
