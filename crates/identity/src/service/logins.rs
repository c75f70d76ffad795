//! Lockout after wrong secrets, and a rate limit per account and address.
//!
//! Both are kept in memory: writing each wrong password to the disk would let a stranger wear it out. With several
//! processes each counts for itself. A try is counted *before* the secret is looked at and given back when it was right: of
//! a thousand guesses sent at once no more are looked at than of a thousand sent one by one.
//!
//! Failures are kept for accounts that exist. Rates are kept in a fixed number of drawers, in which known and unknown accounts
//! lie alike: what a stranger types makes nothing grow, and tells nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kogge_clock::Timestamp;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::hash_queue::Client;
use crate::config::SecurityConfig;
use crate::error::{Error, Result};

pub(super) struct Logins {
    attempts: u32,
    locked_for: Duration,
    book: Arc<Book>,
    rate: Option<Rate>,
}

/// The wrong tries of accounts.
#[derive(Default)]
struct Book {
    failures: Mutex<HashMap<String, Failures>>,
    settled: Notify,
}

struct Failures {
    count: u32,
    /// Tries under way: each may turn out wrong.
    pending: u32,
    last: Timestamp,
}

/// So many times per minute, per key; keys that share a drawer share the bound.
pub(super) struct Rate {
    limiter: DefaultKeyedRateLimiter<u16>,
    hashes: RandomState,
}

/// Whether an account's secret may be looked at.
pub(super) enum Start {
    /// Yes, and this try counts.
    Go(Attempt),
    /// No: too many were wrong.
    Locked,
    /// Not yet: were all wrong that are under way, the account would be locked.
    Full,
}

/// A try under way. Dropped without [`Attempt::right`] it was wrong, also where nobody waited for its end.
pub(super) struct Attempt {
    book: Arc<Book>,
    /// `None` where nothing is counted.
    account: Option<String>,
    now: Timestamp,
}

impl Logins {
    pub(super) fn new(config: &SecurityConfig) -> Self {
        Self {
            attempts: config.lockout_attempts,
            locked_for: Duration::from_secs(config.lockout_seconds),
            book: Arc::default(),
            rate: NonZeroU32::new(config.logins_per_minute).map(Rate::per_minute),
        }
    }

    /// Counts a try for an account, known or not, and for the address that it comes from.
    pub(super) fn try_once(&self, client: &Client, account: &str) -> Result<()> {
        let Some(rate) = &self.rate else { return Ok(()) };
        if let Client::Address(Some(address)) = client {
            rate.check(&address.to_string())?;
        }
        rate.check(account)
    }

    /// Begins a try for an account that exists. A lock that ran off is forgotten.
    pub(super) fn begin(&self, account: &str, now: Timestamp) -> Start {
        let attempt = |account| Attempt { book: Arc::clone(&self.book), account, now };
        if self.attempts == 0 {
            return Start::Go(attempt(None));
        }
        let mut failures = self.book.failures();
        let fresh = Failures { count: 0, pending: 0, last: now };
        let found = failures.entry(account.to_owned()).or_insert(fresh);
        if found.count >= self.attempts {
            if now.since(found.last) < self.locked_for {
                return Start::Locked;
            }
            found.count = 0;
        }
        if found.count + found.pending >= self.attempts {
            return Start::Full;
        }
        found.pending += 1;
        Start::Go(attempt(Some(account.to_owned())))
    }

    /// A try for an account that does not lock, or that does not exist.
    pub(super) fn uncounted(&self, now: Timestamp) -> Start {
        Start::Go(Attempt { book: Arc::clone(&self.book), account: None, now })
    }

    /// Ends when any try that is under way has ended; to be made before [`Logins::begin`] is asked.
    pub(super) fn settled(&self) -> Notified<'_> {
        self.book.settled.notified()
    }

    /// Forgets accounts that were quiet, or for which `exists` is false.
    pub(super) fn tidy(&self, now: Timestamp, exists: impl Fn(&str) -> bool) {
        if let Some(rate) = &self.rate {
            rate.tidy();
        }
        self.book.failures().retain(|account, found| {
            let open = found.count >= self.attempts && now.since(found.last) >= self.locked_for;
            found.pending > 0 || (found.count > 0 && !open && exists(account))
        });
    }
}

impl Rate {
    pub(super) fn per_minute(number: NonZeroU32) -> Self {
        Self { limiter: RateLimiter::keyed(Quota::per_minute(number)), hashes: RandomState::new() }
    }

    /// Forgets keys that were quiet.
    pub(super) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    /// Counts once for a key.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] where that is too often.
    pub(super) fn check(&self, key: &str) -> Result<()> {
        const DRAWERS: u64 = 1 << 16;
        let drawer = u16::try_from(self.hashes.hash_one(key) % DRAWERS).unwrap_or(0);
        self.limiter.check_key(&drawer).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Error::TooManyTries { seconds: u32::try_from(wait.as_secs() + 1).unwrap_or(60) }
        })
    }
}

impl Book {
    fn failures(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, account: &str, wrong_at: Option<Timestamp>) {
        let mut failures = self.failures();
        if let Some(found) = failures.get_mut(account) {
            found.pending = found.pending.saturating_sub(1);
            match wrong_at {
                Some(now) => (found.count, found.last) = (found.count.saturating_add(1), now),
                None => found.count = 0,
            }
            if found.count == 0 && found.pending == 0 {
                failures.remove(account);
            }
        }
        drop(failures);
        self.settled.notify_waiters();
    }
}

impl Attempt {
    /// The secret was right: the try is given back, and earlier wrong ones are forgotten.
    pub(super) fn right(mut self) {
        if let Some(account) = self.account.take() {
            self.book.end(&account, None);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(account) = self.account.take() {
            self.book.end(&account, Some(self.now));
        }
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

    fn go(logins: &Logins, account: &str, now: i64) -> Attempt {
        match logins.begin(account, at(now)) {
            Start::Go(attempt) => attempt,
            Start::Locked => panic!("locked"),
            Start::Full => panic!("full"),
        }
    }

    fn is_locked(logins: &Logins, account: &str, now: i64) -> bool {
        matches!(logins.begin(account, at(now)), Start::Locked)
    }

    #[test]
    fn an_account_locks_after_so_many_failures_and_opens_by_itself() {
        let logins = logins(2, 0);
        drop(go(&logins, "u", 0));
        drop(go(&logins, "u", 1));
        assert!(is_locked(&logins, "u", 10));
        drop(go(&logins, "other", 10));
        drop(go(&logins, "u", 11));
        drop(go(&logins, "u", 12));
        assert!(is_locked(&logins, "u", 12), "the count began anew");
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let logins = logins(2, 0);
        drop(go(&logins, "u", 0));
        go(&logins, "u", 0).right();
        drop(go(&logins, "u", 1));
        assert!(!is_locked(&logins, "u", 1));
    }

    #[test]
    fn no_more_guesses_are_looked_at_than_may_be_wrong_however_many_come_at_once() {
        let logins = logins(3, 0);
        let under_way: Vec<Attempt> = (0..3).map(|_| go(&logins, "u", 0)).collect();
        assert!((0..100).all(|_| matches!(logins.begin("u", at(0)), Start::Full)));
        drop(under_way);
        assert!((0..100).all(|_| is_locked(&logins, "u", 0)));
    }

    #[test]
    fn right_tries_at_the_same_time_do_not_lock() {
        let logins = logins(2, 0);
        let (one, two) = (go(&logins, "u", 0), go(&logins, "u", 0));
        one.right();
        let three = go(&logins, "u", 0);
        two.right();
        three.right();
        assert!(logins.book.failures().is_empty());
    }

    #[test]
    fn accounts_that_are_gone_or_open_again_are_forgotten() {
        let logins = logins(1, 0);
        for account in ["locked", "gone"] {
            drop(go(&logins, account, 0));
        }
        logins.tidy(at(5), |account| account != "gone");
        assert_eq!(logins.book.failures().keys().collect::<Vec<_>>(), ["locked"]);
        logins.tidy(at(10), |_| true);
        assert!(logins.book.failures().is_empty());
    }

    #[test]
    fn too_many_tries_of_one_account_are_refused_and_others_are_not() {
        let logins = logins(0, 3);
        let nowhere = Client::at(None);
        for _ in 0..3 {
            logins.try_once(&nowhere, "u").unwrap();
        }
        assert!(matches!(logins.try_once(&nowhere, "u"), Err(Error::TooManyTries { seconds: 1..=60 })));
        logins.try_once(&nowhere, "v").unwrap();
    }

    #[test]
    fn too_many_tries_from_one_address_are_refused_whatever_they_try() {
        let logins = logins(0, 3);
        let client = |last| Client::at(Some(std::net::IpAddr::from([192, 0, 2, last])));
        for account in ["a", "b", "c"] {
            logins.try_once(&client(1), account).unwrap();
        }
        assert!(matches!(logins.try_once(&client(1), "d"), Err(Error::TooManyTries { .. })));
        logins.try_once(&client(2), "d").unwrap();
    }

    #[test]
    fn what_strangers_type_makes_nothing_grow() {
        let logins = logins(3, 3);
        for number in 0..100_000 {
            let _ = logins.try_once(&Client::at(None), &format!("nobody-{number}"));
        }
        assert!(logins.rate.as_ref().unwrap().limiter.len() <= 1 << 16);
        assert!(logins.book.failures().is_empty());
    }
}
