//! Memory as the system and the C library see it. On systems other than Linux with glibc there are no figures.

use std::fs;

/// A line `Name:  123 kB` of one of Linux's status files, in bytes.
fn field(file: &str, name: &str) -> Option<usize> {
    parse_field(&fs::read_to_string(file).ok()?, name)
}

fn parse_field(text: &str, name: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The memory that this process takes now, exactly.
#[must_use]
pub fn resident_bytes() -> Option<usize> {
    field("/proc/self/smaps_rollup", "Rss")
}

/// The memory that only this process has, because it has written to it.
#[must_use]
pub fn private_dirty_bytes() -> Option<usize> {
    field("/proc/self/smaps_rollup", "Private_Dirty")
}

/// The memory that this process could still get without swapping: what the machine has left, or less if there is a limit.
#[must_use]
pub fn available_bytes() -> Option<usize> {
    [field("/proc/meminfo", "MemAvailable"), control_group_bytes(), address_space()].into_iter().flatten().min()
}

/// What the limit of the process's control group leaves; pages of files don't count, as the system can do without them.
fn control_group_bytes() -> Option<usize> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let read = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{path}/{file}")).ok();
    let limit: usize = read("memory.max")?.trim().parse().ok()?;
    let used: usize = read("memory.current")?.trim().parse().ok()?;
    let files = read("memory.stat").map_or(0, |text| file_bytes(&text));
    Some(limit.saturating_sub(used.saturating_sub(files)))
}

fn file_bytes(statistics: &str) -> usize {
    let value = |line: &str| -> Option<usize> {
        let value = line.strip_prefix("inactive_file ").or_else(|| line.strip_prefix("active_file "))?;
        value.trim().parse().ok()
    };
    statistics.lines().filter_map(value).sum()
}

/// The limit of `ulimit -v`.
fn address_space() -> Option<usize> {
    #[cfg(target_os = "linux")]
    {
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: it writes to the structure only.
        let status = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
        if status == 0 && limit.rlim_cur != libc::RLIM_INFINITY {
            return usize::try_from(limit.rlim_cur).ok();
        }
    }
    None
}

/// What the C library's `malloc` has handed out, its headers and roundings included.
#[must_use]
pub fn malloc_bytes() -> Option<usize> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes nothing and returns a plain structure.
        let info = unsafe { libc::mallinfo2() };
        Some(info.uordblks + info.hblkhd)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

/// The memory that a piece of work takes, beyond what was taken when it began.
pub struct Meter {
    resident: Option<usize>,
}

impl Meter {
    /// Begins here.
    #[must_use]
    pub fn start() -> Meter {
        // Linux forgets the peak so far; where this isn't allowed, peaks include what came before.
        _ = fs::write("/proc/self/clear_refs", "5");
        Meter { resident: resident_bytes() }
    }

    /// What is taken now, in bytes.
    #[must_use]
    pub fn now(&self) -> Option<f64> {
        Some(resident_bytes()?.saturating_sub(self.resident?) as f64)
    }

    /// The size of what was built: what is taken now, to compare with. `None` if it fits into memory that the process had before.
    #[must_use]
    pub fn size(&self) -> Option<f64> {
        self.now().filter(|&bytes| bytes > 0.0)
    }

    /// The most that was taken since the beginning, in bytes.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        Some(field("/proc/self/status", "VmHWM")?.saturating_sub(self.resident?) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::{file_bytes, parse_field};

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "VmHWMs:\t1 kB\nVmHWM:\t    4304 kB\nThreads:\t1\n";
        assert_eq!(parse_field(text, "VmHWM"), Some(4304 * 1024));
        assert_eq!(parse_field(text, "Threads"), None, "not bytes");
        assert_eq!(parse_field(text, "VmRSS"), None);
    }

    #[test]
    fn pages_of_files_are_those_of_two_lists() {
        assert_eq!(file_bytes("anon 1\nfile 70\ninactive_file 20\nactive_file 30\nslab 4\n"), 50);
        assert_eq!(file_bytes(""), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_written_is_resident_and_at_its_peak() {
        let meter = super::Meter::start();
        let bytes = std::hint::black_box(vec![1_u8; 32 << 20]);
        let enough = |figure: Option<f64>| assert!(figure.is_some_and(|figure| figure >= 30e6), "{figure:?}");
        enough(meter.now());
        drop(bytes);
        enough(meter.peak());
        enough(super::available_bytes().map(|bytes| bytes as f64));
    }
}
