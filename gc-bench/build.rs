//! Finds the libpython that belongs to the interpreter which `pyo3-ffi` was configured for, and compiles the node type in C. Where there is none, the
//! program is built without that peer, and says so.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(libpython)");
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "cpython")]
    if let Err(why) = python::link() {
        println!("cargo:warning=built without the peer CPython: {why}");
        println!("cargo:rustc-env=GC_BENCH_NO_PYTHON={why}");
    }
}

#[cfg(feature = "cpython")]
mod python {
    use std::env;
    use std::process::Command;

    /// What is asked of an interpreter.
    const PROBE: &str = include_str!("src/peers/cpython/probe.py");
    /// Names this project's interpreter, which `pyo3-ffi` knows nothing of.
    const OURS: &str = "TAILBITE_PYTHON";

    /// Tells cargo what to link, statically if there is a static library; or says what is missing.
    pub(super) fn link() -> Result<(), String> {
        println!("cargo:rerun-if-changed=src/peers/cpython");
        ["PYO3_PYTHON", OURS].iter().for_each(|variable| println!("cargo:rerun-if-env-changed={variable}"));
        let program = pyo3_build_config::get().executable().ok_or("pyo3-ffi was configured without an interpreter")?;
        let answer = ask(program);
        compare_with_ours(program, &answer);
        let answer = answer.map_err(|why| format!("{program}: {why}"))?;
        let lines: Vec<&str> = answer.lines().collect();
        let [kind, folder, libraries, headers, home, release] = lines[..] else {
            return Err(format!("{program} says \"{}\"", lines.join(" ")));
        };
        compile(headers)
            .map_err(|error| format!("the headers of {program} (CPython {release}) can't be used: {error}"))?;
        println!("cargo:rustc-link-search=native={folder}");
        let mut libraries = libraries.split(' ');
        let python = libraries.next().unwrap_or_default();
        if kind == "static" {
            println!("cargo:rustc-link-lib=static:-bundle={python}");
        } else {
            println!("cargo:rustc-link-lib=dylib={python}");
            println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        }
        libraries.for_each(|library| println!("cargo:rustc-link-lib={library}"));
        println!("cargo:rustc-cfg=libpython");
        println!("cargo:rustc-env=GC_BENCH_PYTHON_HOME={home}");
        println!("cargo:rustc-env=GC_BENCH_PYTHON_VERSION={release}");
        Ok(())
    }

    /// Asks an interpreter.
    fn ask(program: &str) -> Result<String, String> {
        let output = Command::new(program).args(["-I", "-c", PROBE]).output().map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(said(&output.stdout))
        } else {
            Err(said(&output.stderr).lines().last().unwrap_or("it fails").to_owned())
        }
    }

    /// Warns if this project's variable names another interpreter than the one that is used.
    fn compare_with_ours(program: &str, answer: &Result<String, String>) {
        if let Ok(named) = env::var(OURS)
            && named != program
            && ask(&named) != *answer
        {
            println!(
                "cargo:warning={OURS} names {named}, but {program} is used: set PYO3_PYTHON={named}, or run gc-bench/compare.sh"
            );
        }
    }

    /// Compiles the node type.
    fn compile(headers: &str) -> Result<(), String> {
        let mut build = cc::Build::new();
        build.file("src/peers/cpython/node.c").include(headers).opt_level(3);
        let compiled = build.try_compile("gc_bench_node");
        compiled.map_err(|error| error.to_string().lines().collect::<Vec<_>>().join(" "))
    }
}
