//! A monotonic clock, where the system has one.

use std::time::{Duration, Instant};

/// A moment in time; none where there is no clock, and asking for one would panic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock((!cfg!(all(target_family = "wasm", target_os = "unknown"))).then(Instant::now))
    }

    /// Time since then, zero without a clock.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}
