//! Where the keys of encrypted volumes are.

use std::sync::Arc;

use async_trait::async_trait;
use kogge_clock::Clock;
use kogge_db::{Db, Record as _, Tx};
use kogge_ids::{ProjectId, SecretId};
use kogge_storage::Passphrase;

use crate::Seal;
use crate::error::{Error, Result};
use crate::store::keys::SealedKey;

/// Bytes of a new key.
const KEY_BYTES: usize = 32;

/// Keeps keys of encrypted volumes. Each volume, snapshot and backup has one of its own, also where it is a copy.
#[async_trait]
pub trait Keyring: Send + Sync {
    /// Makes a new key.
    ///
    /// # Errors
    /// Where it cannot be kept.
    async fn make_in(&self, tx: &mut Tx, project: &ProjectId) -> Result<SecretId>;

    /// Makes another one of the same content: a copy of an encrypted disk opens with the key of what it was copied from.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    async fn copy_in(&self, tx: &mut Tx, id: SecretId, project: &ProjectId) -> Result<SecretId>;

    /// Forgets a key; no error where there is none.
    ///
    /// # Errors
    /// Where the keyring does not answer.
    async fn forget_in(&self, tx: &mut Tx, id: SecretId) -> Result<()>;

    /// What opens the disk.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    async fn open(&self, id: SecretId) -> Result<Passphrase>;
}

/// A keyring in the database, sealed with a key that lies outside of it.
pub struct SealedKeyring {
    db: Db,
    clock: Clock,
    seal: Arc<dyn Seal>,
}

impl SealedKeyring {
    /// On this database.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, seal: Arc<dyn Seal>) -> Self {
        Self { db, clock, seal }
    }

    async fn put(&self, tx: &mut Tx, project: &ProjectId, sealed: String) -> Result<SecretId> {
        let id = SecretId::random();
        let key = SealedKey { id, project_id: project.clone(), sealed, created_at: self.clock.now() };
        key.insert(tx).await?;
        Ok(id)
    }
}

fn missing(id: SecretId) -> Error {
    Error::NotFound(format!("The key {id} of the volume could not be found."))
}

#[async_trait]
impl Keyring for SealedKeyring {
    async fn make_in(&self, tx: &mut Tx, project: &ProjectId) -> Result<SecretId> {
        let key: [u8; KEY_BYTES] = rand::random();
        self.put(tx, project, self.seal.seal(&hex::encode(key))).await
    }

    async fn copy_in(&self, tx: &mut Tx, id: SecretId, project: &ProjectId) -> Result<SecretId> {
        let key = SealedKey::get(&mut *tx, &id).await?.ok_or_else(|| missing(id))?;
        self.put(tx, project, key.sealed).await
    }

    async fn forget_in(&self, tx: &mut Tx, id: SecretId) -> Result<()> {
        Ok(SealedKey::delete(tx, &id).await.map(drop)?)
    }

    async fn open(&self, id: SecretId) -> Result<Passphrase> {
        let key = SealedKey::get(&self.db, &id).await?.ok_or_else(|| missing(id))?;
        let clear = self.seal.open(&key.sealed);
        let clear = clear
            .ok_or_else(|| Error::internal("the key of a volume was sealed with a key that is not here"))?;
        Ok(Passphrase::new(clear))
    }
}
