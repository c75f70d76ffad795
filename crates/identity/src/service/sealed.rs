//! Credentials with sealed blobs: opening them, and which of them a token may touch.

use std::sync::Arc;

use kogge_auth::Caller;

use super::delegation::{in_scope, own_pair};
use super::key_pair::{EC2, Ec2Blob, KeyPair, id_of_access_key, is_ec2};
use super::{Draft, Identity};
use crate::error::{Error, Result};
use crate::model::{Credential, Kind};
use crate::secret::Secret;

impl Identity {
    /// The blob of a credential as it is kept.
    pub(crate) fn seal_blob(&self, blob: &Secret) -> String {
        self.0.credential_keys.ring().seal(blob.reveal().as_bytes(), self.clock().now().as_seconds())
    }

    /// The blob of a credential.
    ///
    /// # Errors
    /// Where its key is gone or the row is damaged.
    pub(crate) fn open_blob(&self, row: &Credential) -> Result<Secret> {
        let lost = || Error::Unreadable { id: row.id.clone() };
        let opened = self.0.credential_keys.ring().open_stored(&row.sealed_blob).map_err(|_| lost())?;
        Ok(Secret::new(String::from_utf8(opened.content).map_err(|_| lost())?))
    }

    /// The blob as it is shown: the secret of a key pair was seen when it was made.
    ///
    /// # Errors
    /// As for [`Identity::open_blob`].
    pub(crate) fn shown_blob(&self, row: &Credential) -> Result<Secret> {
        let blob = self.open_blob(row)?;
        let hides = is_ec2(&row.kind) && !self.config().security.show_ec2_secrets;
        Ok(if hides { Ec2Blob::without_secret(&blob) } else { blob })
    }

    /// The key pair that a credential is, with its secret.
    ///
    /// # Errors
    /// As for [`Identity::open_blob`], and where it is none.
    pub(crate) fn key_pair(&self, row: &Credential) -> Result<KeyPair> {
        Ok(KeyPair::of(row, &Ec2Blob::parse(&self.open_blob(row)?)?))
    }

    /// As [`Identity::key_pair`], as far as it is shown.
    ///
    /// # Errors
    /// As for [`Identity::key_pair`].
    pub(crate) fn shown_key_pair(&self, row: &Credential) -> Result<KeyPair> {
        let pair = self.key_pair(row)?;
        let secret = pair.secret.filter(|_| self.config().security.show_ec2_secrets);
        Ok(KeyPair { secret, ..pair })
    }

    /// The key pair of an access key, for checking signatures.
    pub(super) fn key_pair_of(&self, access: &str) -> Result<Option<KeyPair>> {
        let snapshot = self.snapshot();
        let found = snapshot.credentials.get(&id_of_access_key(access)).filter(|row| row.kind == EC2);
        found.map(|row| self.key_pair(row)).transpose()
    }

    /// What a list shows of a row: one that cannot be opened is noted and costs nobody the others.
    pub(crate) fn readable<T>(&self, row: &Credential, opened: Result<T>) -> Option<T> {
        let because = "its blob cannot be opened: its key is gone or it is damaged";
        let note = |_: &Error| self.0.db.damage().note_key(Kind::Credential.table(), &row.id, because);
        opened.inspect_err(note).ok()
    }

    /// What a delegated token may touch of what its user may touch.
    pub(crate) fn within_reach(&self, caller: &Caller, row: &Credential) -> Result<()> {
        in_scope(caller, row.project_id.as_deref())?;
        if !is_ec2(&row.kind) || caller.token.application_credential.is_none() {
            return Ok(());
        }
        // one that cannot be read cannot be shown to be the token's own
        let blob = self.open_blob(row).and_then(|blob| Ec2Blob::parse(&blob)).ok();
        own_pair(caller, blob.as_ref().and_then(Ec2Blob::bound_to))
    }
}

impl Draft {
    /// Adds a credential where its user has less than `most`; 0 for no bound.
    pub(crate) fn insert_credential(&mut self, row: Credential, most: usize) -> Result<Arc<Credential>> {
        if self.credentials.get(&row.id).is_some() {
            let because = format!("Duplicate entry found with ID {}", row.id);
            return Err(Error::Conflict { kind: "credential", because });
        }
        let have = || self.credentials.among("user_id", &row.user_id, "").count();
        if most > 0 && have() >= most {
            return Err(Error::Refused(format!(
                "Unable to create additional credentials, maximum of {most} already exceeded for user."
            )));
        }
        Ok(self.put(row))
    }
}
