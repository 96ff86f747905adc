//! Time: of one thing, per item of many, and pauses as a distribution.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Runs something and takes the processor time of this thread, in which its system calls and page faults are, but not what other programs took from
/// it meanwhile. No peer works on other threads.
pub fn time<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let start = thread_time();
    let result = work();
    (result, thread_time().saturating_sub(start))
}

#[cfg(unix)]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to the structure only.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "each thread has a clock");
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

/// Where there is no such clock, the time of day.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// Nanoseconds per item.
#[must_use]
pub fn each(duration: Duration, items: usize) -> f64 {
    duration.as_nanos() as f64 / items as f64
}

/// The shortest time of several: what the work takes when nothing disturbs it.
pub fn best_of(times: usize, mut work: impl FnMut() -> Duration) -> Duration {
    (0..times).map(|_| work()).min().unwrap_or_default()
}

/// How long steps took, as a distribution.
pub struct Pauses(Histogram<u64>);

impl Pauses {
    /// None so far. What is longer than ten minutes counts as ten minutes.
    ///
    /// # Panics
    /// Never: the bounds are allowed.
    #[must_use]
    pub fn new() -> Pauses {
        Pauses(Histogram::new_with_bounds(1, 600_000_000_000, 3).expect("the bounds are allowed"))
    }

    /// Adds a step.
    pub fn record(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The time that this share of the steps stayed within, in microseconds.
    #[must_use]
    pub fn quantile_us(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    /// The longest step, in microseconds.
    #[must_use]
    pub fn longest_us(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pauses, each};

    #[test]
    fn pauses_are_a_distribution() {
        let mut pauses = Pauses::new();
        (1..=1000).for_each(|step| pauses.record(Duration::from_micros(step)));
        let close = |value: f64, wanted: f64| assert!((value / wanted - 1.0).abs() < 0.01, "{value} for {wanted}");
        close(pauses.quantile_us(0.5), 500.0);
        close(pauses.quantile_us(0.99), 990.0);
        close(pauses.longest_us(), 1000.0);
    }

    #[cfg(unix)]
    #[test]
    fn time_that_others_take_is_not_counted() {
        let ((), asleep) = super::time(|| std::thread::sleep(Duration::from_millis(50)));
        assert!(asleep < Duration::from_millis(20), "{asleep:?}");
        let (sum, awake) = super::time(|| (0..1_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && awake > Duration::from_micros(10), "{awake:?}");
    }

    #[test]
    fn time_is_shared_among_items() {
        assert_eq!(each(Duration::from_micros(3), 1000), 3.0);
    }
}
