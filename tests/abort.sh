#!/usr/bin/env bash
# Builds with `panic = "abort"`, in child processes: the workload of the whole API without faults; with refused memory and calls that are
# fallible; memory that runs out for real; and panics of user code, which end the process with a message that names them.
#
#   tests/abort.sh [STRIDE]
#
# Memory is refused at every STRIDE-th request (default 1: at each).
set -euo pipefail
cd "$(dirname "$0")/.."

stride=${1:-1}
for features in "" "--features tailbite/std-alloc"; do
    echo "== panic = \"abort\" ${features:-(arenas from mmap)}"
    # shellcheck disable=SC2086
    cargo build --quiet --profile abort -p tailbite-tests --bin faults_abort $features
    program=${CARGO_TARGET_DIR:-target}/abort/faults_abort
    "$program" calm
    "$program" refused "$stride"
    # Address space for a few hundred megabytes: then mapping fails. (Not every shell or system can limit it.)
    (ulimit -v 400000 2>/dev/null || echo "no limit of address space here"; "$program" exhausted)

    for panic in finalizer callback drop finalize gc-callback closure out-of-memory; do
        if output=$("$program" "$panic" 2>&1); then
            echo "error: a panic in a $panic didn't end the process" >&2
            exit 1
        fi
        case $panic in
            finalizer) says="from a finalizer" ;;
            callback) says="from a callback" ;;
            drop) says="from a drop" ;;
            finalize) says="from a finalize callback" ;;
            gc-callback) says="from a gc callback" ;;
            closure) says="from a closure" ;;
            out-of-memory) says="out of memory: 4 bytes for an object were refused" ;;
        esac
        if ! grep -qF "$says" <<<"$output"; then
            echo "error: the message of a panic in a $panic is missing:" >&2
            echo "$output" >&2
            exit 1
        fi
    done
    echo "7 panics ended the process, each with its message"
done
