//! Finds the libpython that belongs to an interpreter, and compiles the node type in C. Where there is none, the program is built without that peer, and
//! says so.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(libpython, python_immortals, python_half_counts)");
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
    use std::path::Path;
    use std::process::Command;

    /// The variables that name an interpreter: the first that is set decides. The first is known from `pyo3`, the second is that of this project's tests.
    const VARIABLES: [&str; 2] = ["PYO3_PYTHON", "TAILBITE_PYTHON"];

    /// What is asked of the interpreter.
    const SCRIPT: &str = "
import sys, sysconfig
print(sys.implementation.name)
for name in 'INCLUDEPY', 'LIBPL', 'LIBRARY', 'MODLIBS', 'LIBDIR', 'LDLIBRARY':
    print(sysconfig.get_config_var(name) or '')
print(sys.base_prefix)
print('%d.%d' % sys.version_info[:2] + getattr(sys, 'abiflags', ''))
print('.'.join(map(str, sys.version_info[:3])))
print(sys.version_info[0] * 100 + sys.version_info[1])";

    /// Tells cargo what to link, statically if there is a static library; or says what is missing.
    pub(super) fn link() -> Result<(), String> {
        VARIABLES.iter().for_each(|variable| println!("cargo:rerun-if-env-changed={variable}"));
        println!("cargo:rerun-if-changed=src/peers/cpython/node.c");
        let (name, answer) = ask()?;
        let lines: Vec<&str> = answer.lines().collect();
        let [
            kind,
            headers,
            static_folder,
            static_library,
            modules,
            shared_folder,
            shared_library,
            prefix,
            version,
            release,
            number,
        ] = lines[..]
        else {
            return Err(format!("{name} is no Python: it says \"{}\"", lines.join(" ")));
        };
        let number: u32 = number.parse().map_err(|_| format!("{name} has the version {number}"))?;
        if kind != "cpython" || number < 310 {
            return Err(format!("{name} is {kind} {release}, not CPython 3.10 or newer"));
        }
        let exists = |folder: &str, file: &str| !file.is_empty() && Path::new(folder).join(file).exists();
        if !exists(headers, "Python.h") {
            return Err(format!("{name} (CPython {release}) has no headers: there is no {headers}/Python.h"));
        }
        let has_shared = exists(shared_folder, shared_library);
        // Modules that were built into the interpreter need libraries which are seldom there for linking.
        let is_whole = modules.split_whitespace().all(|library| library == "-lm");
        let is_static =
            static_library.ends_with(".a") && exists(static_folder, static_library) && (is_whole || !has_shared);
        if !is_static && !has_shared {
            return Err(format!(
                "{name} (CPython {release}) has no libpython: there is neither {static_folder}/{static_library} nor {shared_folder}/{shared_library}"
            ));
        }
        compile(headers)
            .map_err(|error| format!("the headers of {name} (CPython {release}) can't be used: {error}"))?;
        if is_static {
            println!("cargo:rustc-link-search=native={static_folder}");
            println!("cargo:rustc-link-lib=static:-bundle=python{version}");
            let modules = modules.split_whitespace().filter_map(|library| library.strip_prefix("-l"));
            for library in modules.chain(["m", "dl", "util", "pthread"]) {
                println!("cargo:rustc-link-lib={library}");
            }
        } else {
            println!("cargo:rustc-link-search=native={shared_folder}");
            println!("cargo:rustc-link-lib=dylib=python{version}");
            println!("cargo:rustc-link-arg=-Wl,-rpath,{shared_folder}");
        }
        println!("cargo:rustc-cfg=libpython");
        if number >= 312 {
            println!("cargo:rustc-cfg=python_immortals");
        }
        if number >= 314 {
            println!("cargo:rustc-cfg=python_half_counts");
        }
        println!("cargo:rustc-env=GC_BENCH_PYTHON_HOME={prefix}");
        println!("cargo:rustc-env=GC_BENCH_PYTHON_VERSION={release}");
        Ok(())
    }

    /// The interpreter that is named, or else the first on the path; with what it says of itself.
    fn ask() -> Result<(String, String), String> {
        let named = VARIABLES.iter().find_map(|variable| Some((*variable, env::var(variable).ok()?)));
        if let Some((variable, program)) = named {
            return match run(&program) {
                Ok(answer) => Ok((program, answer)),
                Err(why) => Err(format!("{variable} names {program}, which is no Python that runs: {why}")),
            };
        }
        println!("cargo:rerun-if-env-changed=PATH");
        let found =
            ["python3", "python"].into_iter().find_map(|program| Some((program.to_owned(), run(program).ok()?)));
        found.ok_or_else(|| {
            let [first, second] = VARIABLES;
            format!("there is no python3 on the path; {first} or {second} can name one")
        })
    }

    /// Asks an interpreter.
    fn run(program: &str) -> Result<String, String> {
        let output = Command::new(program).args(["-I", "-c", SCRIPT]).output().map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(said(&output.stdout))
        } else {
            Err(said(&output.stderr).lines().last().unwrap_or("it fails").to_owned())
        }
    }

    /// Compiles the node type.
    fn compile(headers: &str) -> Result<(), String> {
        let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
        if target("POINTER_WIDTH") != "64" || target("ENDIAN") != "little" {
            return Err("counts are found on 64-bit little-endian processors only".to_owned());
        }
        let mut build = cc::Build::new();
        build.file("src/peers/cpython/node.c").include(headers).opt_level(3);
        let compiled = build.try_compile("gc_bench_node");
        compiled.map_err(|error| error.to_string().lines().collect::<Vec<_>>().join(" "))
    }
}
