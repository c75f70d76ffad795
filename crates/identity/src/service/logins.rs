//! Lockout after wrong passwords, and a rate limit per account.
//!
//! Both are kept in memory: writing each wrong password to the disk would let a stranger wear it out. With several
//! processes each counts for itself.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kogge_clock::Timestamp;

use crate::config::SecurityConfig;
use crate::error::{Error, Result};

pub(super) struct Logins {
    attempts: u32,
    locked_for: Duration,
    failures: Mutex<HashMap<String, Failures>>,
    rate: Option<DefaultKeyedRateLimiter<String>>,
}

struct Failures {
    count: u32,
    last: Timestamp,
}

impl Logins {
    pub(super) fn new(config: &SecurityConfig) -> Self {
        let per_minute = NonZeroU32::new(config.logins_per_minute);
        Self {
            attempts: config.lockout_attempts,
            locked_for: Duration::from_secs(config.lockout_seconds),
            failures: Mutex::default(),
            rate: per_minute.map(|number| RateLimiter::keyed(Quota::per_minute(number))),
        }
    }

    /// Counts a try for an account, known or not.
    pub(super) fn try_once(&self, account: &str) -> Result<()> {
        let Some(rate) = &self.rate else { return Ok(()) };
        rate.check_key(&account.to_owned()).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Error::TooManyTries { seconds: u32::try_from(wait.as_secs() + 1).unwrap_or(60) }
        })
    }

    /// True while a user is locked out. A lock that ran off is forgotten.
    pub(super) fn is_locked(&self, user_id: &str, now: Timestamp) -> bool {
        let mut failures = self.failures();
        let Some(found) = failures.get(user_id) else { return false };
        if self.attempts == 0 || found.count < self.attempts {
            return false;
        }
        let locked = now.since(found.last) < self.locked_for;
        if !locked {
            failures.remove(user_id);
        }
        locked
    }

    /// Notes a wrong password of a user who exists.
    pub(super) fn failed(&self, user_id: &str, now: Timestamp) {
        if self.attempts == 0 {
            return;
        }
        let mut failures = self.failures();
        let found = failures.entry(user_id.to_owned()).or_insert(Failures { count: 0, last: now });
        found.count = found.count.saturating_add(1);
        found.last = now;
    }

    /// Forgets the wrong passwords of a user.
    pub(super) fn succeeded(&self, user_id: &str) {
        if self.attempts > 0 {
            self.failures().remove(user_id);
        }
    }

    /// Forgets accounts that were quiet.
    pub(super) fn tidy(&self) {
        if let Some(rate) = &self.rate {
            rate.retain_recent();
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(attempts: u32, per_minute: u32) -> Logins {
        let config = SecurityConfig {
            lockout_attempts: attempts,
            lockout_seconds: 10,
            logins_per_minute: per_minute,
            ..SecurityConfig::default()
        };
        Logins::new(&config)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn an_account_locks_after_so_many_failures_and_opens_by_itself() {
        let logins = logins(2, 0);
        logins.failed("u", at(0));
        assert!(!logins.is_locked("u", at(0)));
        logins.failed("u", at(1));
        assert!(logins.is_locked("u", at(10)));
        assert!(!logins.is_locked("other", at(10)));
        assert!(!logins.is_locked("u", at(11)));
        logins.failed("u", at(12));
        assert!(!logins.is_locked("u", at(12)), "the count began anew");
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let logins = logins(2, 0);
        logins.failed("u", at(0));
        logins.succeeded("u");
        logins.failed("u", at(1));
        assert!(!logins.is_locked("u", at(1)));
    }

    #[test]
    fn too_many_tries_of_one_account_are_refused_and_others_are_not() {
        let logins = logins(0, 3);
        for _ in 0..3 {
            logins.try_once("u").unwrap();
        }
        assert!(matches!(logins.try_once("u"), Err(Error::TooManyTries { seconds: 1..=60 })));
        logins.try_once("v").unwrap();
    }
}
