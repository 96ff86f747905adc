#!/usr/bin/env bash
# Mutation testing of the runtime's kernels: changes one expression at a time, and asks whether a test notices.
#
#   tests/mutants.sh [COUNT] [SEED]     a sample
#   tests/mutants.sh --these FILE       those that a file names, as `cargo mutants --list` does
#   tests/mutants.sh --missed           those again that no test had noticed
#   tests/mutants.sh --figures          what is known
#
# COUNT (default 400) mutants are taken, the same number from each of the folders alloc, object, collect and weak, in an order that
# SEED (default 1) and each mutant's name decide: a larger COUNT extends a smaller one. What was decided before is not done again,
# so a run may be stopped at any time; `rm -r target/mutants/state` starts over.
#
# Each mutant meets up to three stages, until a test fails: the unit tests; the integration tests without those that take seconds; those.
# Needs cargo-mutants, and installs it where it is missing. What is left out, and why: .cargo/mutants.toml.
set -euo pipefail
cd "$(dirname "$0")/.."

count=400
seed=1
# As the runner of a test program: a mutant of an allocator may ask for all the memory there is, or never end.
if [ "${1:-}" = --limited ]; then
    ulimit -v 6291456
    ulimit -t "$2"
    shift 2
    exec "$@"
fi
case "${1:-}" in
    --these | --missed | --figures) mode=$1 ;;
    *) mode=run count=${1:-$count} seed=${2:-$seed} ;;
esac

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/mutants"
state=$CARGO_TARGET_DIR/state
mkdir -p "$state"

files=()
for folder in alloc object collect weak; do
    files+=(--file "runtime/src/$folder/**")
done
# Tests that take seconds each without optimization.
slow=(deep:: s10_ a_hundred_megabytes heap_ends::a_chain_of_ heap_ends::heaps_that_ regressions::a_chain_ raw_memory::random_programs
    memory_limits::churn memory_limits::no_step_of memory_limits::a_grant_never ephemerons::chains_of model::long_programs
    whatever_an_equivalence_does weak_maps::popping weak_maps::taking_out many_are_called_at_exit)
# Tests that ask nothing of the runtime, or of a mutant no more than the others do.
never=(tidy:: scripts:: ui:: conformance::)

# Adds the results of a run to what is known of its stage: name files of caught, missed, timeout and unviable mutants.
gather() {
    local stage out result
    for stage in unit quick slow; do
        for out in "$state/$stage"/mutants.out; do
            [ -d "$out" ] || continue
            for result in caught missed timeout unviable; do
                cat "$out/$result.txt" >>"$state/$stage.$result" 2>/dev/null || true
                touch "$state/$stage.$result"
                sort -u -o "$state/$stage.$result" "$state/$stage.$result"
            done
            rm -r "$out"
        done
        touch "$state/$stage".{caught,missed,timeout,unviable}
    done
}

# What is known of a stage's mutants that are in the sample.
known() {
    grep -Fxf "$state/sample" "$state/$1" || true
}

figures() {
    local stage
    for stage in unit quick slow; do
        echo "stage $stage: $(known "$stage.caught" | wc -l) caught, $(known "$stage.timeout" | wc -l) timed out," \
            "$(known "$stage.unviable" | wc -l) not viable, $(known "$stage.missed" | wc -l) missed"
    done
    echo "missed by all:"
    known slow.missed
}

# All mutants of the four folders in the order of the sample: by a hash of seed and name, the folders in turn.
sample() {
    cargo mutants --list --package tailbite "${files[@]}" |
        awk -v seed="$1" '
            BEGIN { for (code = 32; code < 127; code++) codes[sprintf("%c", code)] = code }
            {
                hash = seed
                for (at = 1; at <= length($0); at++) hash = (hash * 7919 + codes[substr($0, at, 1)]) % 2147483647
                split($0, parts, "/")
                printf "%s\t%d\t%s\n", parts[3], (hash * 7919) % 2147483647, $0
            }' |
        sort -t "$(printf '\t')" -k1,1 -k2,2n |
        awk -F '\t' '{ print ++rank[$1] "\t" $3 }' |
        sort -s -n -k1,1 | cut -f 2-
}

# Runs one stage for the mutants named in a file. Arguments: stage, file, processor seconds that a test program may take, arguments for
# cargo-mutants. The seconds are the processor's, so that a busy machine makes no mutant look caught.
stage() {
    local name=$1 list=$2 seconds=$3 host runner mutant filters=()
    shift 3
    [ -s "$list" ] || return 0
    echo "== stage $name: $(wc -l <"$list") mutants"
    while IFS= read -r mutant; do
        filters+=(--re "^$(printf '%s' "$mutant" | sed 's/[][\.*+?(){}|^$&-]/\\&/g')\$")
    done <"$list"
    mkdir -p "$state/$name"
    host=$(rustc -vV | sed -n 's/^host: //p')
    runner=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$host")_RUNNER
    # The option --fail-fast of the test harness, which saves half of the time, is not stable.
    # Status 2 and 3 say that mutants were missed, or hung.
    env "$runner=$PWD/tests/mutants.sh --limited $seconds" RUSTC_BOOTSTRAP=1 RUST_BACKTRACE=0 TAILBITE_MODEL_CASES=20 \
        CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_INCREMENTAL=1 \
        cargo mutants --package tailbite "${files[@]}" "${filters[@]}" --output "$state/$name" --jobs 1 --timeout 1800 \
        --build-timeout 1800 --cap-lints true --gitignore true --colors never "$@" -Zunstable-options --fail-fast ||
        [ $? -le 3 ]
    gather
}

command -v cargo-mutants >/dev/null || cargo install --locked cargo-mutants
gather
start=$(date +%s)
case $mode in
    --figures) figures && exit ;;
    --these) cp "$2" "$state/sample" ;;
    --missed)
        known slow.missed >"$state/again"
        for stage in unit quick slow; do
            { grep -Fxvf "$state/again" "$state/$stage.missed" || true; } >"$state/todo"
            mv "$state/todo" "$state/$stage.missed"
        done
        mv "$state/again" "$state/sample"
        ;;
    run)
        sample "$seed" >"$state/order"
        echo "$(wc -l <"$state/order") mutants, seed $seed"
        head -n "$count" "$state/order" >"$state/sample"
        ;;
esac
echo "sample: $(wc -l <"$state/sample") mutants"

# Those of the sample that a stage still has to decide: missed by the one before, if there is one.
left() {
    grep -Fxf "$state/sample" "$1" | grep -Fxv -f <(cat "$state/$2".{caught,missed,timeout,unviable}) >"$state/todo" || true
}
skip() { printf -- '--skip %s ' "$@"; }

# As arguments for all of cargo: those behind `--` are not for the build.
integration=(--cargo-arg=--package=tailbite-tests --cargo-arg=--test=all)

left "$state/sample" unit
stage unit "$state/todo" 15 --cargo-arg=--lib -- --
left "$state/unit.missed" quick
# shellcheck disable=SC2046
stage quick "$state/todo" 60 "${integration[@]}" -- -- $(skip "${slow[@]}" "${never[@]}")
left "$state/quick.missed" slow
# shellcheck disable=SC2046
stage slow "$state/todo" 600 "${integration[@]}" --baseline skip --cargo-arg=--test=refused -- -- "${slow[@]}" what_the_system_allocator $(skip "${never[@]}")

figures
echo "this run: $(($(date +%s) - start)) seconds"
