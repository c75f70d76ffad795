//! Credentials of any kind: `/v3/credentials`. Blobs are sealed on the disk. Upstream: `keystone/api/credentials.py`.
//!
//! EC2 key pairs are credentials too, and [`super::key_pairs`] gives them a face of their own.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::bounds::{checked_blob, checked_extra, checked_id};
use super::delegation::{in_scope, own_pair, refuse_restricted};
use super::key_pairs::{Ec2Blob, id_of_access_key, is_ec2};
use super::names::new_id;
use super::patch::merge;
use super::permission::{allow, is_seen, may};
use super::{Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Credential, Extra, Kind};
use crate::policy;
use crate::secret::Secret;

/// A credential to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewCredential {
    pub(crate) user_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) blob: Secret,
    pub(crate) extra: Extra,
}

/// A change of a credential.
#[derive(Debug, Clone, Default)]
pub(crate) struct CredentialUpdate {
    pub(crate) user_id: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) blob: Option<Secret>,
    pub(crate) extra: Extra,
}

/// A credential with its blob opened, as far as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct OpenCredential {
    pub(crate) row: Arc<Credential>,
    pub(crate) blob: Secret,
}

pub(super) fn missing(id: &str) -> Error {
    Error::not_found("credential", id)
}

pub(super) fn target_of(row: &Credential) -> Target<'static> {
    Target::none().attr("target.credential.user_id", row.user_id.clone())
}

/// What is kept of a credential as it is given.
fn checked_ids(kind: &str, user_id: &str, project_id: Option<&str>) -> Result<()> {
    checked_id("type", kind)?;
    checked_id("user_id", user_id)?;
    project_id.map_or(Ok(()), |id| checked_id("project_id", id))
}

impl Identity {
    pub(super) fn seal_blob(&self, blob: &Secret) -> String {
        self.0.credential_keys.ring().seal(blob.reveal().as_bytes(), self.clock().now().as_seconds())
    }

    pub(super) fn open_blob(&self, row: &Credential) -> Result<Secret> {
        let lost = || Error::Unreadable { id: row.id.clone() };
        let opened = self.0.credential_keys.ring().open_stored(&row.sealed_blob).map_err(|_| lost())?;
        Ok(Secret::new(String::from_utf8(opened.content).map_err(|_| lost())?))
    }

    /// A credential as it is shown: the secret of a key pair was seen when it was made.
    fn shown(&self, row: &Arc<Credential>) -> Result<OpenCredential> {
        let blob = self.open_blob(row)?;
        let hides = is_ec2(&row.kind) && !self.config().security.show_ec2_secrets;
        let blob = if hides { Ec2Blob::without_secret(&blob) } else { blob };
        Ok(OpenCredential { row: Arc::clone(row), blob })
    }

    /// Makes a credential. The answer has its blob as given.
    ///
    /// # Errors
    /// 403 by the policy and for restricted application credentials, 400 for the blob of an EC2 key pair, 409 where it is
    /// there.
    pub(crate) async fn create_credential(
        &self,
        caller: &Caller,
        new: NewCredential,
    ) -> Result<OpenCredential> {
        let target = Target::none().attr("target.credential.user_id", new.user_id.clone());
        allow(caller, &policy::CREATE_CREDENTIAL, &target)?;
        refuse_restricted(caller, "credentials")?;
        in_scope(caller, new.project_id.as_deref())?;
        checked_ids(&new.kind, &new.user_id, new.project_id.as_deref())?;
        let mut blob = new.blob;
        let mut id = new_id();
        if is_ec2(&new.kind) {
            let mut parsed = Ec2Blob::parse(&blob)?;
            id = id_of_access_key(parsed.access());
            if new.project_id.is_none() {
                return Err(Error::expecting("project_id", "credential"));
            }
            if let Some(credential) = &caller.token.application_credential {
                parsed.bind_to(credential.as_str());
                blob = parsed.into_text();
            }
        }
        checked_blob(&blob)?;
        let sealed_blob = self.seal_blob(&blob);
        let (user_id, project_id, extra) = (new.user_id, new.project_id, checked_extra(new.extra)?);
        let row = Credential { id, user_id, project_id, kind: new.kind, sealed_blob, extra };
        let most = self.config().security.credentials_per_user;
        let row = self.write(|draft| draft.insert_credential(row, most)).await?;
        Ok(OpenCredential { row, blob })
    }

    /// The credentials that the caller may see; with a domain's token those of its users. One whose blob cannot be opened is left out and noted.
    ///
    /// # Errors
    /// 403 by the policy and for restricted application credentials, 404 for the marker.
    pub(crate) fn list_credentials(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listed<OpenCredential>> {
        let own = Target::none().attr("target.credential.user_id", caller.user.id.to_string());
        allow(caller, &policy::LIST_CREDENTIALS, &own)?;
        refuse_restricted(caller, "credentials")?;
        let snapshot = self.snapshot();
        let in_view = |row: &Credential| match snapshot.users.get(&row.user_id) {
            Some(user) => is_seen(caller, &user.domain_id),
            None => caller.domain_id().is_none(),
        };
        let seen = snapshot.credentials.iter().filter(|row| {
            in_view(row)
                && may(caller, &policy::GET_CREDENTIAL, &target_of(row))
                && self.within_reach(caller, row).is_ok()
        });
        let page = query.page(seen.cloned().collect(), self.config().list_limit)?;
        let items = page.items.iter().filter_map(|row| self.readable(row, self.shown(row))).collect();
        Ok(Listed { items, more: page.more })
    }

    /// What a list shows of a row: one that cannot be opened is noted and costs nobody the others.
    pub(super) fn readable<T>(&self, row: &Credential, opened: Result<T>) -> Option<T> {
        let because = "its blob cannot be opened: its key is gone or it is damaged";
        let note = |_: &Error| self.0.db.damage().note_key(Kind::Credential.table(), &row.id, because);
        opened.inspect_err(note).ok()
    }

    /// What a delegated token may touch of what its user may touch.
    pub(super) fn within_reach(&self, caller: &Caller, row: &Credential) -> Result<()> {
        in_scope(caller, row.project_id.as_deref())?;
        if !is_ec2(&row.kind) || caller.token.application_credential.is_none() {
            return Ok(());
        }
        // one that cannot be read cannot be shown to be the token's own
        let blob = self.open_blob(row).and_then(|blob| Ec2Blob::parse(&blob)).ok();
        own_pair(caller, blob.as_ref().and_then(Ec2Blob::bound_to))
    }

    fn allowed(&self, caller: &Caller, rule: &Rule, id: &str) -> Result<Arc<Credential>> {
        let found = self.snapshot().credentials.get(id).cloned();
        allow(caller, rule, &found.as_ref().map(|row| target_of(row)).unwrap_or_default())?;
        refuse_restricted(caller, "credentials")?;
        let found = found.ok_or_else(|| missing(id))?;
        self.within_reach(caller, &found)?;
        Ok(found)
    }

    /// A credential.
    ///
    /// # Errors
    /// 403 by the policy and for restricted application credentials, 404 where there is none.
    pub(crate) fn get_credential(&self, caller: &Caller, id: &str) -> Result<OpenCredential> {
        self.shown(&self.allowed(caller, &policy::GET_CREDENTIAL, id)?)
    }

    /// Changes a credential. What it was before and what it becomes must both be the caller's to change. The blob of a key
    /// pair without a secret keeps the one that it has.
    ///
    /// # Errors
    /// As for [`Identity::create_credential`]; 404 where there is none, 400 where it would become a key pair or cease to be
    /// one.
    pub(crate) async fn update_credential(
        &self,
        caller: &Caller,
        id: &str,
        update: CredentialUpdate,
    ) -> Result<OpenCredential> {
        self.allowed(caller, &policy::UPDATE_CREDENTIAL, id)?;
        let told = update.blob.is_some();
        let (row, blob) = self
            .write(|draft| {
                let before = draft.credentials.get(id).cloned().ok_or_else(|| missing(id))?;
                let (row, blob) = self.changed_credential(caller, &before, update)?;
                draft.put(row.clone());
                Ok((Arc::new(row), blob))
            })
            .await?;
        if told { Ok(OpenCredential { row, blob }) } else { self.shown(&row) }
    }

    fn changed_credential(
        &self,
        caller: &Caller,
        before: &Arc<Credential>,
        update: CredentialUpdate,
    ) -> Result<(Credential, Secret)> {
        let mut row = (**before).clone();
        row.user_id = update.user_id.unwrap_or(row.user_id);
        row.project_id = update.project_id.or(row.project_id);
        row.kind = update.kind.unwrap_or(row.kind);
        row.extra = merge(&row.extra, update.extra)?;
        allow(caller, &policy::UPDATE_CREDENTIAL, &target_of(before))?;
        allow(caller, &policy::UPDATE_CREDENTIAL, &target_of(&row))?;
        self.within_reach(caller, before)?;
        in_scope(caller, row.project_id.as_deref())?;
        if is_ec2(&before.kind) != is_ec2(&row.kind) {
            // else what binds a key pair could be taken off while it is none
            return Err(Error::invalid("type can not be updated for credential"));
        }
        let blob = match (update.blob, is_ec2(&row.kind)) {
            (Some(blob), false) => blob,
            (Some(blob), true) => Ec2Blob::parse(&blob)?.replacing(&self.open_blob(before)?)?.into_text(),
            (None, _) => self.open_blob(before)?,
        };
        checked_ids(&row.kind, &row.user_id, row.project_id.as_deref())?;
        checked_blob(&blob)?;
        row.sealed_blob = self.seal_blob(&blob);
        Ok((row, blob))
    }

    /// Removes a credential.
    ///
    /// # Errors
    /// 403 by the policy and for restricted application credentials, 404 where there is none.
    pub(crate) async fn delete_credential(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed(caller, &policy::DELETE_CREDENTIAL, id)?;
        self.write(|draft| {
            draft.credentials.get(id).ok_or_else(|| missing(id))?;
            draft.delete(Kind::Credential, id);
            Ok(())
        })
        .await
    }
}

impl Draft {
    /// Adds a credential where its user has less than `most`; 0 for no bound.
    pub(super) fn insert_credential(&mut self, row: Credential, most: usize) -> Result<Arc<Credential>> {
        if self.credentials.get(&row.id).is_some() {
            let because = format!("Duplicate entry found with ID {}", row.id);
            return Err(Error::Conflict { kind: "credential", because });
        }
        let have = || self.credentials.iter().filter(|found| found.user_id == row.user_id).count();
        if most > 0 && have() >= most {
            return Err(Error::Refused(format!(
                "Unable to create additional credentials, maximum of {most} already exceeded for user."
            )));
        }
        self.put(row.clone());
        Ok(Arc::new(row))
    }
}
