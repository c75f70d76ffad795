//! Password hashes: bcrypt, off the async threads, no more at once than there are cores.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// bcrypt looks at no more bytes than these; longer secrets are digested first and their hashes marked.
const BCRYPT_BYTES: usize = 72;
const LONG: &str = "sha256:";

pub(super) struct Hasher {
    cost: u32,
    cores: Arc<Semaphore>,
    /// A hash that no password has, of the same cost: what an unknown user's password is compared with.
    decoy: String,
}

impl Hasher {
    pub(super) async fn new(cost: u32) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut hasher = Self { cost, cores: Arc::new(Semaphore::new(cores)), decoy: String::new() };
        hasher.decoy = hasher.hash(Secret::new(crate::token::new_audit_id())).await?;
        Ok(hasher)
    }

    pub(super) async fn hash(&self, secret: Secret) -> Result<String> {
        let cost = self.cost;
        self.off_thread(move || match prepared(&secret) {
            (false, text) => bcrypt::hash(&*text, cost),
            (true, text) => bcrypt::hash(&*text, cost).map(|hash| format!("{LONG}{hash}")),
        })
        .await?
        .map_err(|error| Error::Hashing(error.to_string()))
    }

    /// True where `secret` is the one behind `hash`. `None` takes as long and is always false.
    pub(super) async fn verify(&self, secret: Secret, hash: Option<String>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let right = self
            .off_thread(move || {
                let (long, text) = prepared(&secret);
                let marked = hash.strip_prefix(LONG);
                let right = bcrypt::verify(&*text, marked.unwrap_or(&hash)).unwrap_or(false);
                right && long == marked.is_some()
            })
            .await?;
        Ok(right && known)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let failed = |error: &dyn std::fmt::Display| Error::Hashing(error.to_string());
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|error| failed(&error))?;
        let worked = tokio::task::spawn_blocking(move || {
            let _core = core;
            work()
        });
        worked.await.map_err(|error| failed(&error))
    }
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

    #[tokio::test]
    async fn the_right_secret_and_no_other_verifies() {
        let hasher = Hasher::new(4).await.unwrap();
        let hash = hasher.hash(Secret::new("right")).await.unwrap();
        assert!(hasher.verify(Secret::new("right"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(Secret::new("wrong"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(Secret::new("right"), None).await.unwrap());
        assert!(!hasher.verify(Secret::new("right"), Some("garbage".into())).await.unwrap());
    }

    #[tokio::test]
    async fn long_secrets_count_to_their_last_byte() {
        let hasher = Hasher::new(4).await.unwrap();
        let (one, two) = (format!("{}1", "a".repeat(100)), format!("{}2", "a".repeat(100)));
        let hash = hasher.hash(Secret::new(one.clone())).await.unwrap();
        assert!(hasher.verify(Secret::new(one.clone()), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(Secret::new(two), Some(hash.clone())).await.unwrap());
        let digest = STANDARD_NO_PAD.encode(Sha256::digest(one.as_bytes()));
        assert!(!hasher.verify(Secret::new(digest), Some(hash)).await.unwrap(), "a digest is not the secret");
    }

    #[tokio::test]
    async fn hashes_that_keystone_made_verify() {
        // keystone.common.password_hashing.hash_password("correct horse"), bcrypt
        let keystones = include_str!("../../tests/golden/keystone-bcrypt.txt").trim();
        let hasher = Hasher::new(4).await.unwrap();
        assert!(hasher.verify(Secret::new("correct horse"), Some(keystones.to_owned())).await.unwrap());
    }
}
