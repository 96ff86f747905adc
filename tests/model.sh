#!/usr/bin/env bash
# Runs random programs, millions of operations: against the models, and with user code at every place. Built for release, with debug assertions.
#
#   tests/model.sh [SECONDS|OPERATIONSops] [SEED]
#
# The default is 60 seconds and a seed of the clock, which is printed. A program that fails is shrunk and printed, as what it does and as bytes:
#
#   TAILBITE_TELL=1 TAILBITE_PROGRAM=KIND:HEX tests/model.sh
#
# runs it again. Exit status 1 if one failed. Needs a Rust toolchain and nothing else. TAILBITE_FEATURES names features of the runtime, RUSTFLAGS
# goes to the compiler: in stress mode, and with AddressSanitizer on a stable toolchain,
#
#   RUSTFLAGS="--cfg tailbite_stress" tests/model.sh
#   TAILBITE_FEATURES=tailbite/std-alloc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" \
#       ASAN_OPTIONS=detect_leaks=0 CARGO_BUILD_TARGET=x86_64-unknown-linux-gnu tests/model.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# A directory for each way to build it.
way=$(echo "model ${RUSTFLAGS:-} ${TAILBITE_FEATURES:-}" | tr -cs 'a-zA-Z0-9\n' '-')
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/${way%-}"
export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true
export CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true
export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
export CARGO_PROFILE_RELEASE_LTO=off

cargo build --release --quiet -p tailbite-tests --bin model --features "${TAILBITE_FEATURES:-}"
exec "$CARGO_TARGET_DIR/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release/model" "$@"
