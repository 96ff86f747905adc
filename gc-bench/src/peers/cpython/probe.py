"""Prints what it takes to link the interpreter that runs this into a program; or says what is missing, and fails.

A line each: the kind of library, its folder, the libraries to link, the headers, the home, the release.
"""

import os
import sys
import sysconfig


def variable(name):
    return sysconfig.get_config_var(name) or ""


def probe():
    release = ".".join(map(str, sys.version_info[:3]))
    if sys.implementation.name != "cpython" or sys.version_info < (3, 10):
        sys.exit("it is %s %s, not CPython 3.10 or newer" % (sys.implementation.name, release))
    if getattr(sys, "abiflags", ""):
        sys.exit("it is a debug or free-threaded build of CPython %s, which counts references in another way" % release)
    headers = variable("INCLUDEPY")
    if not os.path.exists(os.path.join(headers, "Python.h")):
        sys.exit("CPython %s has no headers: there is no %s/Python.h" % (release, headers))

    archive = os.path.join(variable("LIBPL"), variable("LIBRARY"))
    shared = os.path.join(variable("LIBDIR"), variable("LDLIBRARY"))
    has_archive = archive.endswith(".a") and os.path.exists(archive)
    has_shared = not shared.endswith(("/", ".a")) and os.path.exists(shared)
    # Modules that were built into the interpreter need libraries which are seldom there for linking.
    modules = [word[2:] for word in variable("MODLIBS").split() if word.startswith("-l")]
    is_whole = set(modules) <= {"m"}
    python = "python%d.%d" % sys.version_info[:2]
    if has_archive and (is_whole or not has_shared):
        lines = ["static", variable("LIBPL"), " ".join([python] + modules + ["m", "dl", "util", "pthread"])]
    elif has_shared:
        lines = ["dylib", variable("LIBDIR"), python]
    else:
        sys.exit("CPython %s has no libpython: there is neither %s nor %s" % (release, archive, shared))
    print("\n".join(lines + [headers, sys.base_prefix, release]))


probe()
