#!/usr/bin/env bash
# Runs the tests of depth and size at full measure: chains of ten million objects of every shape dying in every way on a stack
# of 64 KiB, objects of 1 GiB, two billion bytes of churn at a limit. Optimised, one test at a time.
#
#   tests/depth.sh [DEPTH]
#
# DEPTH (default 10000000) is the number of objects in a chain. Needs 4 GiB of memory at the default.
set -euo pipefail
cd "$(dirname "$0")/.."

export TAILBITE_DEPTH="${1:-10000000}"
echo "== chains of $TAILBITE_DEPTH objects"
cargo test --release -p tailbite-tests --test all -- --test-threads 1 deep:: depth:: sizes:: s10_
