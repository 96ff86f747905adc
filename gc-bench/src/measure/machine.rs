//! The machine that figures come from, in a line, and whether it has anything else to do.

use std::fs;
use std::thread;

/// Processor, cores and load.
#[must_use]
pub fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    describe(&information, cores, load.split(' ').next().and_then(|load| load.parse().ok()))
}

fn describe(information: &str, cores: usize, load: Option<f64>) -> String {
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let processor = model.unwrap_or(std::env::consts::ARCH).trim();
    let system = std::env::consts::OS;
    let busy = match load {
        Some(load) if load >= 0.5 => format!("; load {load}: others work on this machine, too, and figures will vary"),
        _ => String::new(),
    };
    format!("{processor}, {cores} cores, {system}{busy}")
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn a_busy_machine_is_called_so() {
        let information = "processor\t: 0\nmodel name\t: Swift 9000\n";
        let quiet = describe(information, 2, Some(0.1));
        assert!(quiet.starts_with("Swift 9000, 2 cores") && !quiet.contains("load"), "{quiet}");
        assert!(describe(information, 2, Some(3.5)).contains("load 3.5"));
        assert!(describe("", 2, None).contains(std::env::consts::ARCH));
    }
}
