//! Finding a CPython.

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Major and minor version.
pub(crate) type Version = (u32, u32);

/// The oldest version whose output is an oracle at all.
const OLDEST: Version = (3, 11);

/// A CPython that can be run.
#[derive(Debug)]
pub(crate) struct Oracle {
    path: PathBuf,
    pub(crate) version: Version,
    patch: u32,
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CPython {}.{}.{}", self.version.0, self.version.1, self.patch)
    }
}

impl Oracle {
    /// The one that the environment names, else the newest suitable one.
    pub(crate) fn find() -> Option<Oracle> {
        if let Some(named) = env::var_os("TAILBITE_PYTHON") {
            let oracle = Oracle::at(Path::new(&named));
            return Some(oracle.unwrap_or_else(|| panic!("TAILBITE_PYTHON ({}) is no CPython", named.display())));
        }
        let all = candidates().into_iter().filter_map(|path| Oracle::at(&path));
        all.filter(Oracle::is_suitable).max_by_key(|oracle| (oracle.version, oracle.patch))
    }

    /// Asks an executable what it is; an alpha, beta or candidate is not taken.
    fn at(path: &Path) -> Option<Oracle> {
        let ask = "import sys; v = sys.version_info; print(sys.implementation.name, v.releaselevel, *v[:3])";
        let output = Command::new(path).args(["-I", "-c", ask]).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let [name, level, numbers @ ..] = &text.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let numbers: Vec<u32> = numbers.iter().map_while(|number| number.parse().ok()).collect();
        let [major, minor, patch] = numbers[..] else {
            return None;
        };
        let is_cpython = output.status.success() && *name == "cpython" && *level == "final";
        is_cpython.then(|| Oracle { path: path.to_owned(), version: (major, minor), patch })
    }

    /// 3.14.0 to 3.14.4 had an incremental collector, which was taken back.
    fn is_suitable(&self) -> bool {
        self.version >= OLDEST && !(self.version == (3, 14) && self.patch < 5)
    }

    /// The command that runs a program.
    pub(crate) fn command(&self, root: &Path, program: &str) -> Command {
        let mut command = Command::new(&self.path);
        // A program's folder is not searched for modules: an example may be called as a module is.
        command.current_dir(root).args(["-B", "-P", program]);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PYTHON")) {
            command.env_remove(name);
        }
        command.env("PYTHONHASHSEED", "0").env("PYTHONUTF8", "1").env("NO_COLOR", "1");
        command
    }
}

/// Everything that may be a CPython: in the path, in the usual places, and in the folders of version managers.
fn candidates() -> BTreeSet<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    folders.extend(["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"].map(PathBuf::from));
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    let managers = [
        env::var_os("PYENV_ROOT").map(|root| PathBuf::from(root).join("versions")),
        home.as_ref().map(|home| home.join(".pyenv/versions")),
        home.as_ref().map(|home| home.join(".local/share/uv/python")),
    ];
    for manager in managers.into_iter().flatten() {
        let versions = manager.read_dir().into_iter().flatten().flatten();
        folders.extend(versions.map(|version| version.path().join("bin")));
    }
    let names = folders.iter().flat_map(|folder| folder.read_dir().into_iter().flatten().flatten());
    names.filter(|entry| is_python(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect()
}

/// `python3` and `python3.N`.
fn is_python(name: &str) -> bool {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let Some(rest) = name.strip_prefix("python3") else {
        return false;
    };
    rest.is_empty() || rest.strip_prefix('.').is_some_and(|minor| minor.parse::<u32>().is_ok())
}

#[test]
fn names_of_pythons() {
    assert!(is_python("python3") && is_python("python3.13") && is_python("python3.exe"));
    assert!(
        !is_python("python3-config") && !is_python("python3.13-gdb") && !is_python("python") && !is_python("ipython3")
    );
}
