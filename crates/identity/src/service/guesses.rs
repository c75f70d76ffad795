//! Comparing a secret with what is stored: in its turn, counted before it is looked at, and as long for what is not there.

use kogge_clock::Timestamp;

use super::Identity;
use super::hash_queue::Client;
use super::logins::Start;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Longest secret that is looked at, in bytes; longer ones are wrong.
const LONGEST: usize = 4096;

/// A secret that somebody says is an account's.
pub(super) struct Guess<'a> {
    /// Who says so.
    pub(super) client: Client,
    /// What they try, as they name it or by its id.
    pub(super) account: &'a str,
    /// What wrong ones are counted for; `None` where it does not lock, or is not there.
    pub(super) counted_for: Option<String>,
    pub(super) secret: Secret,
    /// The stored hash; `None` where there is none, or it is not to be used.
    pub(super) hash: Option<String>,
}

impl Identity {
    /// True where the secret is right and the account not locked. Takes as long where it is neither.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] and [`Error::Busy`].
    pub(super) async fn is_right(&self, guess: Guess<'_>, now: Timestamp) -> Result<bool> {
        let logins = &self.0.logins;
        let entry = self.0.hasher.enter(guess.client, guess.account)?;
        let hash = guess.hash.filter(|_| guess.secret.reveal().len() <= LONGEST);
        loop {
            let settled = logins.settled();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let turn = entry.turn().await?;
            let start = match &guess.counted_for {
                Some(account) => logins.begin(account, now),
                None => logins.uncounted(now),
            };
            let attempt = match start {
                Start::Go(attempt) => attempt,
                Start::Locked => {
                    self.0.hasher.verify(turn, guess.secret, None).await?;
                    return Ok(false);
                }
                Start::Full => {
                    // others come first: what becomes of theirs decides about this one
                    drop(turn);
                    let waited = tokio::time::timeout(super::hash_queue::PATIENCE, settled).await;
                    waited.map_err(|_| Error::Busy { seconds: 1 })?;
                    continue;
                }
            };
            let right = self.0.hasher.verify(turn, guess.secret, hash).await?;
            if right {
                attempt.right();
            }
            return Ok(right);
        }
    }
}
