//! Finds the libpython that belongs to the interpreter which `pyo3-ffi` was configured for, and compiles the node type in C. Where there is none,
//! the program is built without that peer, and says so.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(libpython)");
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "cpython")]
    python::link();
}

#[cfg(feature = "cpython")]
mod python {
    use std::path::Path;

    /// What is asked of the interpreter.
    const SCRIPT: &str = "
import sys, sysconfig
for name in 'INCLUDEPY', 'LIBPL', 'LIBRARY', 'LIBDIR', 'LDLIBRARY':
    print(sysconfig.get_config_var(name) or '')
print(sys.base_prefix)
print('%d.%d' % sys.version_info[:2] + sys.abiflags)
print('.'.join(map(str, sys.version_info[:3])))";

    /// Tells cargo what to link, statically if there is a static library.
    pub(super) fn link() {
        let answer = pyo3_build_config::get().run_python_script(SCRIPT).expect("the interpreter runs");
        let lines: Vec<&str> = answer.lines().collect();
        let [headers, static_folder, static_library, shared_folder, shared_library, prefix, version, release] =
            lines[..]
        else {
            panic!("the interpreter says {answer}");
        };
        let exists = |folder: &str, file: &str| !file.is_empty() && Path::new(folder).join(file).exists();
        if !exists(headers, "Python.h") {
            println!("cargo:warning=CPython {release} has no headers: built without that peer");
            return;
        }
        if static_library.ends_with(".a") && exists(static_folder, static_library) {
            println!("cargo:rustc-link-search=native={static_folder}");
            println!("cargo:rustc-link-lib=static:-bundle=python{version}");
            for library in ["m", "dl", "util", "pthread"] {
                println!("cargo:rustc-link-lib={library}");
            }
        } else if exists(shared_folder, shared_library) {
            println!("cargo:rustc-link-search=native={shared_folder}");
            println!("cargo:rustc-link-lib=dylib=python{version}");
            println!("cargo:rustc-link-arg=-Wl,-rpath,{shared_folder}");
        } else {
            println!("cargo:warning=CPython {release} has no libpython: built without that peer");
            return;
        }
        println!("cargo:rerun-if-changed=src/peers/cpython/node.c");
        cc::Build::new().file("src/peers/cpython/node.c").include(headers).opt_level(3).compile("gc_bench_node");
        println!("cargo:rustc-cfg=libpython");
        println!("cargo:rustc-env=GC_BENCH_PYTHON_HOME={prefix}");
        println!("cargo:rustc-env=GC_BENCH_PYTHON_VERSION={release}");
    }
}
