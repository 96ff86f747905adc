#!/usr/bin/env bash
# Counts the instructions of the hot operations with valgrind: the difference of two runs, so that start and end cancel out. The figures
# depend on the compiler and the processor's family, not on what else the machine is doing.
#
#   gc-bench/instructions.sh [OPERATION ...]
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || {
    echo "error: valgrind is needed (Debian's package: valgrind)" >&2
    exit 1
}
cargo build --quiet --profile bench -p gc-bench --no-default-features --example instructions
program=${CARGO_TARGET_DIR:-target}/release/examples/instructions
if [ $# -eq 0 ]; then
    mapfile -t operations < <("$program" --list)
    set -- "${operations[@]}"
fi

# Prints the instructions that a run executes.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 | sed -n 's/^.*Collected : \([0-9]*\).*$/\1/p'
}

for operation in "$@"; do
    few=$(count "$operation" 10000)
    many=$(count "$operation" 30000)
    awk -v operation="$operation" -v few="$few" -v many="$many" \
        'BEGIN { printf "%-24s %7.1f instructions\n", operation, (many - few) / 20000 }'
done
