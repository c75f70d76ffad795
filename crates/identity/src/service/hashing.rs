//! Password hashes: bcrypt, off the async threads, no more at once than there are cores, each client in its turn.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::hash_queue::{Bounds, Client, Entry, HashQueue, Turn};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// bcrypt looks at no more bytes than these; longer secrets are digested first and their hashes marked.
const BCRYPT_BYTES: usize = 72;
const LONG: &str = "sha256:";

pub(super) struct Hasher {
    cost: u32,
    queue: HashQueue,
    /// A hash that no password has, of the same cost: what an unknown user's password is compared with.
    decoy: String,
}

impl Hasher {
    pub(super) async fn new(cost: u32) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let queue = HashQueue::new(cores, Bounds::default());
        let mut hasher = Self { cost, queue, decoy: String::new() };
        hasher.decoy = hasher.hash(Client::Inside, Secret::new(crate::token::new_audit_id())).await?;
        Ok(hasher)
    }

    /// Takes a place in the line; `account` is what is tried, known or not.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] and [`Error::Busy`].
    pub(super) fn enter(&self, client: Client, account: &str) -> Result<Entry> {
        self.queue.enter(client, account)
    }

    pub(super) async fn hash(&self, client: Client, secret: Secret) -> Result<String> {
        let entry = self.enter(client, "")?;
        let turn = entry.turn().await?;
        let cost = self.cost;
        off_thread(turn, move || match prepared(&secret) {
            (false, text) => bcrypt::hash(&*text, cost),
            (true, text) => bcrypt::hash(&*text, cost).map(|hash| format!("{LONG}{hash}")),
        })
        .await?
        .map_err(|error| Error::Hashing(error.to_string()))
    }

    /// True where `secret` is the one behind `hash`. `None` takes as long and is always false.
    pub(super) async fn verify(&self, turn: Turn, secret: Secret, hash: Option<String>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let right = off_thread(turn, move || {
            let (long, text) = prepared(&secret);
            let marked = hash.strip_prefix(LONG);
            let right = bcrypt::verify(&*text, marked.unwrap_or(&hash)).unwrap_or(false);
            right && long == marked.is_some()
        })
        .await?;
        Ok(right && known)
    }
}

/// The turn ends with the work, also where nobody waits for it any more.
async fn off_thread<T: Send + 'static>(turn: Turn, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let worked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    worked.await.map_err(|error| Error::Hashing(error.to_string()))
}

/// What goes into bcrypt, and whether it is a digest.
fn prepared(secret: &Secret) -> (bool, zeroize::Zeroizing<String>) {
    let text = secret.reveal();
    let long = text.len() > BCRYPT_BYTES;
    let text = if long { STANDARD_NO_PAD.encode(Sha256::digest(text.as_bytes())) } else { text.to_owned() };
    (long, zeroize::Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn hash(hasher: &Hasher, secret: Secret) -> Result<String> {
        hasher.hash(Client::Inside, secret).await
    }

    async fn verify(hasher: &Hasher, secret: Secret, hash: Option<String>) -> Result<bool> {
        let entry = hasher.enter(Client::Inside, "")?;
        hasher.verify(entry.turn().await?, secret, hash).await
    }

    #[tokio::test]
    async fn the_right_secret_and_no_other_verifies() {
        let hasher = Hasher::new(4).await.unwrap();
        let hash = hash(&hasher, Secret::new("right")).await.unwrap();
        assert!(verify(&hasher, Secret::new("right"), Some(hash.clone())).await.unwrap());
        assert!(!verify(&hasher, Secret::new("wrong"), Some(hash.clone())).await.unwrap());
        assert!(!verify(&hasher, Secret::new("right"), None).await.unwrap());
        assert!(!verify(&hasher, Secret::new("right"), Some("garbage".into())).await.unwrap());
    }

    #[tokio::test]
    async fn long_secrets_count_to_their_last_byte() {
        let hasher = Hasher::new(4).await.unwrap();
        let (one, two) = (format!("{}1", "a".repeat(100)), format!("{}2", "a".repeat(100)));
        let hash = hash(&hasher, Secret::new(one.clone())).await.unwrap();
        assert!(verify(&hasher, Secret::new(one.clone()), Some(hash.clone())).await.unwrap());
        assert!(!verify(&hasher, Secret::new(two), Some(hash.clone())).await.unwrap());
        let digest = STANDARD_NO_PAD.encode(Sha256::digest(one.as_bytes()));
        assert!(
            !verify(&hasher, Secret::new(digest), Some(hash)).await.unwrap(),
            "a digest is not the secret"
        );
    }

    #[tokio::test]
    async fn hashes_that_keystone_made_verify() {
        // keystone.common.password_hashing.hash_password("correct horse"), bcrypt
        let keystones = include_str!("../../tests/golden/keystone-bcrypt.txt").trim();
        let hasher = Hasher::new(4).await.unwrap();
        assert!(verify(&hasher, Secret::new("correct horse"), Some(keystones.to_owned())).await.unwrap());
    }
}
