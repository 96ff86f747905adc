#!/usr/bin/env bash
# Counts the instructions of the hot operations and of collections with valgrind, and prints them as a table. The figures depend on the compiler and
# on what the processor's family makes of the C library, but not on what else the machine does: they are for comparing over time and between
# machines.
#
#   gc-bench/instructions.sh [--check FILE] [OPERATION ...]
#
# With --check, compares with a table that was recorded (`gc-bench/instructions.sh > gc-bench/instructions.md`), and fails if an operation needs 5 % more than there,
# or more than its target (docs/performance.md).
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

fail() {
    echo "error: $1" >&2
    exit 1
}

recorded=
if [ "${1:-}" = --check ]; then
    [ $# -ge 2 ] || fail "--check needs a file"
    recorded=$(cd "$here" && realpath -- "$2")
    [ -r "$recorded" ] || fail "there is no file $2"
    shift 2
fi
command -v valgrind >/dev/null || fail "valgrind is needed (Debian's package: valgrind)"
cargo build --quiet --profile bench -p gc-bench --no-default-features --example instructions
program=${CARGO_TARGET_DIR:-target}/release/examples/instructions
declare -A items targets=([new+drop-factory]=70)
known=()
while read -r name count; do
    items[$name]=$count
    known+=("$name")
done < <("$program" --list)
[ $# -gt 0 ] || set -- "${known[@]}"
for operation in "$@"; do
    [ -n "${items[$operation]:-}" ] || fail "no operation is called $operation; there are: ${known[*]}"
done

# Prints the instructions between the beginning and the end of what is measured.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect='*measured*' "$program" "$1" 2>&1 |
        sed -n 's/^.*Collected : \([0-9]*\).*$/\1/p'
}

# Prints the recorded figure of an operation.
expected() {
    [ -z "$recorded" ] || awk -F'|' -v operation="$1" '{ gsub(/[ `]/, "") } $2 == operation { print $3 }' "$recorded"
}

status=0
echo "Instructions per operation, or per object of a collection: $(rustc --version), $(uname -m)."
echo
echo "| operation | instructions |${recorded:+ recorded |}"
echo "|---|--:|${recorded:+--:|}"
for operation in "$@"; do
    counted=$(count "$operation")
    [ "${counted:-0}" -gt 0 ] || fail "valgrind counted nothing in $operation"
    each=$(awk -v counted="$counted" -v items="${items[$operation]}" 'BEGIN { printf "%.1f", counted / items }')
    if [ -z "$recorded" ]; then
        echo "| \`$operation\` | $each |"
        continue
    fi
    before=$(expected "$operation")
    verdict=${before:-none}
    if [ -n "$before" ] && awk -v now="$each" -v before="$before" 'BEGIN { exit !(now > before * 1.05) }'; then
        verdict="$before: MORE"
        status=1
    fi
    target=${targets[$operation]:-}
    if [ -n "$target" ] && awk -v now="$each" -v target="$target" 'BEGIN { exit !(now > target) }'; then
        verdict+=": SHORT of the target, $target"
        status=1
    fi
    echo "| \`$operation\` | $each | $verdict |"
done
exit $status
