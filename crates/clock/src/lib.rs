//! Time as a parameter, and the time formats of OpenStack.
//!
//! Nothing in Kogge asks the system for the time but [`SystemClock`]; everything else is handed a [`Clock`], so a
//! test can hold time still or move it. [`Timestamp`] is what the database stores: microseconds since 1970, UTC.

mod timestamp;

pub use timestamp::{ParseTimeError, Timestamp};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A source of the present time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Source>);

trait Source: Send + Sync {
    fn now(&self) -> Timestamp;
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(SystemClock))
    }

    /// A clock that stands at `start` until [`FakeClock::advance`] moves it.
    #[must_use]
    pub fn fake(start: Timestamp) -> (Self, FakeClock) {
        let micros = Arc::new(AtomicI64::new(start.as_micros()));
        (Self(Arc::new(FakeClock(Arc::clone(&micros)))), FakeClock(micros))
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

struct SystemClock;

impl Source for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// The hand that moves a fake clock.
#[derive(Clone)]
pub struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Source for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::fake(Timestamp::from_micros(1_000_000));
        assert_eq!(clock.now(), clock.now());
        hand.advance(Duration::from_secs(2));
        assert_eq!(clock.now().as_micros(), 3_000_000);
    }

    #[test]
    fn the_system_clock_is_after_2020() {
        assert!(Clock::system().now() > "2020-01-01T00:00:00Z".parse().unwrap());
    }
}
