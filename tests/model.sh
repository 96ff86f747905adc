#!/usr/bin/env bash
# Runs random programs, millions of operations: against the models, and with user code at every place. Built for release, with debug assertions.
#
#   tests/model.sh [SECONDS|OPERATIONSops] [SEED]
#
# The default is 60 seconds and a seed of the clock, which is printed. A program that fails is shrunk and printed, as what it does and as bytes:
#
#   TAILBITE_TELL=1 TAILBITE_PROGRAM=KIND:HEX tests/model.sh
#
# runs it again. Exit status 1 if one failed. Needs a Rust toolchain and nothing else; RUSTFLAGS="--cfg tailbite_stress" runs them in stress mode.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/model"
export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true
export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
export CARGO_PROFILE_RELEASE_LTO=off
export CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true

cargo build --release --quiet -p tailbite-tests --bin model
exec "$CARGO_TARGET_DIR/release/model" "$@"
