#!/usr/bin/env bash
# Shows that a tool catches the mistakes that it should: runs each seeded mistake (tests/seeded) under it, and the same program without
# the mistake, which must be silent.
#
#   tests/seeded.sh [debug-heap | stress | asan | valgrind] ...
#
# Without names all four. asan needs a target that has AddressSanitizer (a stable toolchain will do), valgrind needs valgrind 3.16 or later.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-target}
flags=${RUSTFLAGS:-}
export TAILBITE_STRESS=0
if [ $# -eq 0 ]; then
    set -- debug-heap stress asan valgrind
fi

# build TARGET_DIR RUSTFLAGS [CARGO OPTION ...]
build() {
    CARGO_TARGET_DIR=$1 RUSTFLAGS="$flags $2" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo build --quiet --release -p tailbite-tests --bin seeded "${@:3}"
}

failed=0
for tool in "$@"; do
    command=()
    case $tool in
    debug-heap)
        build "$target" ""
        program=$target/release/seeded
        command=("$program" --debug-heap)
        ;;
    stress)
        build "$target/stress" "--cfg tailbite_stress"
        program=$target/stress/release/seeded
        command=("$program")
        ;;
    asan)
        RUSTC_BOOTSTRAP=1 build "$target/sanitize" "-Zsanitizer=address --cfg tailbite_asan --cfg tailbite_stress" --target "$host"
        program=$target/sanitize/$host/release/seeded
        command=(env ASAN_OPTIONS=detect_leaks=0 "$program")
        ;;
    valgrind)
        command -v valgrind >/dev/null || {
            echo "error: valgrind is needed (Debian's package: valgrind)" >&2
            exit 1
        }
        build "$target/valgrind" "--cfg tailbite_valgrind --cfg tailbite_stress"
        program=$target/valgrind/release/seeded
        command=(valgrind --quiet --leak-check=no --error-exitcode=9 "$program")
        ;;
    *)
        echo "error: $tool is none of debug-heap, stress, asan, valgrind" >&2
        exit 1
        ;;
    esac
    caught=0
    while IFS=$'\t' read -r mistake says; do
        found=$("${command[@]}" "$mistake" 2>&1 || true)
        if grep -qF -- "$says" <<<"$found"; then
            caught=$((caught + 1))
        else
            echo "$tool: $mistake: expected \"$says\", got: $found"
            failed=1
        fi
        if ! found=$("${command[@]}" --clean "$mistake" 2>&1) || [ -n "$found" ]; then
            echo "$tool: $mistake: without the mistake there should be silence, but: $found"
            failed=1
        fi
    done < <("$program" --list "$tool")
    echo "$tool: $caught mistakes caught"
done
exit $failed
