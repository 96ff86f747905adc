#!/usr/bin/env bash
# `gc-bench compare` with CPython in the same process, where there is one that can be linked.
#
#   gc-bench/compare.sh [--snmalloc] [ARGUMENT OF compare ...]
#
# The interpreter is the one that TAILBITE_PYTHON names, else PYO3_PYTHON; else the newest python3 with headers and libpython, on the path or of pyenv.
# With --snmalloc, that allocator takes part as well, where there is a compiler for C++20.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
probe=$here/src/peers/cpython/probe.py

fail() {
    echo "error: $*" >&2
    exit 1
}

# Prints the interpreters that could do.
candidates() {
    local name folder
    while read -r name; do
        type -P "$name"
    done < <(compgen -c python3 | grep -E '^python3(\.[0-9]+)?$' | sort -u)
    for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/; do
        [ ! -x "${folder}bin/python3" ] || echo "${folder}bin/python3"
    done
}

# Prints the release of an interpreter that can be linked; or else what is wrong with it, and fails.
release() {
    local answer
    type -P "$1" >/dev/null || { echo "there is no such program" && return 1; }
    answer=$("$1" -I "$probe" 2>&1) || { echo "${answer##*$'\n'}" && return 1; }
    answer=${answer##*$'\n'}
    [[ $answer =~ ^3\.[0-9]+\.[0-9]+$ ]] || { echo "it is no Python" && return 1; }
    echo "$answer"
}

# Prints the newest interpreter that can be linked; or else what is wrong with each, and fails.
newest() {
    local program answer found='' reasons=''
    while read -r program; do
        if answer=$(release "$program"); then
            found+="$answer $program"$'\n'
        else
            reasons+="; $program: $answer"
        fi
    done < <(candidates)
    if [ -z "$found" ]; then
        echo "${reasons:-; there is no python3}" | cut -c 3-
        return 1
    fi
    # Of the same release, the first that was found.
    printf '%s' "$found" | sort -s -k 1,1Vr | head -n 1 | cut -d ' ' -f 2-
}

has_cpp20() {
    echo 'template <class T> concept Any = true; int main() {}' | "${CXX:-c++}" -std=c++20 -x c++ -fsyntax-only - >/dev/null 2>&1
}

features=()
arguments=()
for argument in "$@"; do
    if [ "$argument" != --snmalloc ]; then
        arguments+=("$argument")
    elif has_cpp20; then
        features+=(--features snmalloc)
    else
        echo "snmalloc is left out: ${CXX:-c++} is no compiler for C++20 (CXX names one)" >&2
    fi
done

for variable in TAILBITE_PYTHON PYO3_PYTHON; do
    python=${!variable:-}
    [ -n "$python" ] || continue
    answer=$(release "$python") || fail "$variable names $python, which can't be linked: $answer"
    break
done
if [ -n "$python" ] || python=$(newest); then
    echo "CPython is that of $python" >&2
    export PYO3_PYTHON=$python
    features+=(--features cpython)
else
    echo "CPython is left out (TAILBITE_PYTHON can name one with headers and libpython): $python" >&2
fi
exec cargo run --release --manifest-path "$here/Cargo.toml" -p gc-bench "${features[@]}" -- compare "${arguments[@]}"
