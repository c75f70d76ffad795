//! Credentials of any kind, and EC2 key pairs among them. Blobs are sealed on the disk.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::application_credentials::refuse_restricted;
use super::names::new_id;
use super::patch::merge;
use super::permission::{allow, may};
use super::{Identity, ListQuery, Listed};
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

/// A credential with its blob opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenCredential {
    pub(crate) row: Arc<Credential>,
    pub(crate) blob: Secret,
}

/// An EC2 key pair.
#[derive(Debug, Clone)]
pub(crate) struct KeyPair {
    pub(crate) user_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) access: String,
    pub(crate) secret: Secret,
    /// The application credential that made it, and bounds it.
    pub(crate) application_credential_id: Option<String>,
}

const EC2: &str = "ec2";

fn missing(id: &str) -> Error {
    Error::not_found("credential", id)
}

/// The id of an EC2 key pair.
fn id_of_access_key(access: &str) -> String {
    hex::encode(Sha256::digest(access.as_bytes()))
}

/// The blob of an EC2 key pair: an object with an access key.
fn ec2_blob(blob: &Secret) -> Result<Value> {
    let value: Value =
        serde_json::from_str(blob.reveal()).map_err(|_| Error::invalid("Invalid blob in credential"))?;
    match value.get("access") {
        Some(Value::String(_)) => Ok(value),
        _ => Err(Error::expecting("access", "credential")),
    }
}

fn target_of(row: &Credential) -> Target<'static> {
    Target::none().attr("target.credential.user_id", row.user_id.clone())
}

/// A token of an application credential stays inside its project.
fn in_scope(caller: &Caller, project_id: Option<&str>) -> Result<()> {
    let delegated = caller.token.application_credential.is_some();
    if !delegated || project_id == caller.project_id().map(kogge_ids::ProjectId::as_str) {
        return Ok(());
    }
    let action = "Credential project does not match the project scope of the delegated token".to_owned();
    Err(Error::Forbidden { action })
}

impl Identity {
    fn seal_blob(&self, blob: &Secret) -> String {
        self.0.credential_keys.ring().seal(blob.reveal().as_bytes(), self.clock().now().as_seconds())
    }

    fn open_credential(&self, row: &Arc<Credential>) -> Result<OpenCredential> {
        let lost = || Error::Hashing("a credential was sealed with a key that is gone".to_owned());
        let opened = self.0.credential_keys.ring().open(&row.sealed_blob).map_err(|_| lost())?;
        let blob = Secret::new(String::from_utf8(opened.content).map_err(|_| lost())?);
        Ok(OpenCredential { row: Arc::clone(row), blob })
    }

    /// Makes a credential.
    ///
    /// # Errors
    /// 403 by the policy, 400 for the blob of an EC2 key pair, 409 where it is there.
    pub(crate) async fn create_credential(
        &self,
        caller: &Caller,
        new: NewCredential,
    ) -> Result<OpenCredential> {
        let target = Target::none().attr("target.credential.user_id", new.user_id.clone());
        allow(caller, &policy::CREATE_CREDENTIAL, &target)?;
        let is_ec2 = new.kind.eq_ignore_ascii_case(EC2);
        if is_ec2 {
            refuse_restricted(caller, "credentials")?;
        }
        in_scope(caller, new.project_id.as_deref())?;
        let mut blob = new.blob;
        let mut id = new_id();
        if is_ec2 {
            let mut value = ec2_blob(&blob)?;
            id = id_of_access_key(value["access"].as_str().unwrap_or(""));
            if new.project_id.is_none() {
                return Err(Error::expecting("project_id", "credential"));
            }
            if let Some(credential) = &caller.token.application_credential {
                value["app_cred_id"] = Value::String(credential.to_string());
                blob = Secret::new(value.to_string());
            }
        }
        let sealed_blob = self.seal_blob(&blob);
        let (user_id, project_id) = (new.user_id, new.project_id);
        let row = Credential { id, user_id, project_id, kind: new.kind, sealed_blob, extra: new.extra };
        let row = self.insert_credential(row).await?;
        Ok(OpenCredential { row, blob })
    }

    async fn insert_credential(&self, row: Credential) -> Result<Arc<Credential>> {
        self.write(|draft| {
            if draft.credentials.get(&row.id).is_some() {
                return Err(Error::Conflict {
                    kind: "credential",
                    because: format!("Duplicate entry found with ID {}", row.id),
                });
            }
            draft.put(row.clone());
            Ok(Arc::new(row))
        })
        .await
    }

    /// The credentials that the caller may see.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_credentials(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Listed<OpenCredential>> {
        let own = Target::none().attr("target.credential.user_id", caller.user.id.to_string());
        allow(caller, &policy::LIST_CREDENTIALS, &own)?;
        let snapshot = self.snapshot();
        let seen = snapshot.credentials.iter().filter(|row| {
            may(caller, &policy::GET_CREDENTIAL, &target_of(row))
                && in_scope(caller, row.project_id.as_deref()).is_ok()
        });
        let page = query.page(seen.cloned().collect(), self.config().list_limit)?;
        let items = page.items.iter().map(|row| self.open_credential(row)).collect::<Result<_>>()?;
        Ok(Listed { items, more: page.more })
    }

    fn allowed(&self, caller: &Caller, rule: &Rule, id: &str) -> Result<Arc<Credential>> {
        let found = self.snapshot().credentials.get(id).cloned();
        allow(caller, rule, &found.as_ref().map(|row| target_of(row)).unwrap_or_default())?;
        let found = found.ok_or_else(|| missing(id))?;
        in_scope(caller, found.project_id.as_deref())?;
        Ok(found)
    }

    /// A credential.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_credential(&self, caller: &Caller, id: &str) -> Result<OpenCredential> {
        self.open_credential(&self.allowed(caller, &policy::GET_CREDENTIAL, id)?)
    }

    /// Changes a credential. What it was before and what it becomes must both be the caller's to change.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none, 400 for the blob of an EC2 key pair.
    pub(crate) async fn update_credential(
        &self,
        caller: &Caller,
        id: &str,
        update: CredentialUpdate,
    ) -> Result<OpenCredential> {
        let before = self.allowed(caller, &policy::UPDATE_CREDENTIAL, id)?;
        let old_blob = self.open_credential(&before)?.blob;
        let mut row = (*before).clone();
        row.user_id = update.user_id.unwrap_or(row.user_id);
        row.project_id = update.project_id.or(row.project_id);
        row.kind = update.kind.unwrap_or(row.kind);
        row.extra = merge(&row.extra, update.extra);
        allow(caller, &policy::UPDATE_CREDENTIAL, &target_of(&row))?;
        in_scope(caller, row.project_id.as_deref())?;
        let blob = update.blob.unwrap_or_else(|| old_blob.clone());
        if before.kind.eq_ignore_ascii_case(EC2) || row.kind.eq_ignore_ascii_case(EC2) {
            let (old, new) = (ec2_blob(&old_blob).unwrap_or_default(), ec2_blob(&blob)?);
            for key in ["trust_id", "app_cred_id", "access_token_id", "access_id"] {
                if old.get(key) != new.get(key) {
                    return Err(Error::Invalid(format!("{key} can not be updated for credential")));
                }
            }
        }
        row.sealed_blob = self.seal_blob(&blob);
        let row = self
            .write(|draft| {
                draft.credentials.get(id).ok_or_else(|| missing(id))?;
                draft.put(row.clone());
                Ok(Arc::new(row))
            })
            .await?;
        Ok(OpenCredential { row, blob })
    }

    /// Removes a credential.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_credential(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed(caller, &policy::DELETE_CREDENTIAL, id)?;
        self.write(|draft| {
            draft.credentials.get(id).ok_or_else(|| missing(id))?;
            draft.delete(Kind::Credential, id);
            Ok(())
        })
        .await
    }

    /// Makes an EC2 key pair for a user on a project.
    ///
    /// # Errors
    /// 403 by the policy and for restricted credentials, 404 for user and project.
    pub(crate) async fn create_key_pair(
        &self,
        caller: &Caller,
        user_id: &str,
        project_id: &str,
    ) -> Result<KeyPair> {
        let target = Target::none().attr("target.credential.user_id", user_id.to_owned());
        allow(caller, &policy::EC2_CREATE_CREDENTIAL, &target)?;
        refuse_restricted(caller, "credentials")?;
        let snapshot = self.snapshot();
        snapshot.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
        snapshot.projects.get(project_id).ok_or_else(|| Error::not_found("project", project_id))?;
        in_scope(caller, Some(project_id))?;
        let (access, secret) = (new_id(), new_id());
        let mut blob = serde_json::json!({"access": access, "secret": secret, "trust_id": null});
        if let Some(credential) = &caller.token.application_credential {
            blob["app_cred_id"] = Value::String(credential.to_string());
        }
        let row = Credential {
            id: id_of_access_key(&access),
            user_id: user_id.to_owned(),
            project_id: Some(project_id.to_owned()),
            kind: EC2.to_owned(),
            sealed_blob: self.seal_blob(&Secret::new(blob.to_string())),
            extra: Extra::new(),
        };
        let row = self.insert_credential(row).await?;
        self.key_pair(&row)
    }

    /// The EC2 key pairs of a user.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such user.
    pub(crate) fn list_key_pairs(&self, caller: &Caller, user_id: &str) -> Result<Vec<KeyPair>> {
        allow(caller, &policy::EC2_LIST_CREDENTIALS, &Target::none().user(user_id))?;
        let snapshot = self.snapshot();
        snapshot.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
        let own = snapshot.credentials.iter().filter(|row| {
            row.user_id == user_id && row.kind == EC2 && in_scope(caller, row.project_id.as_deref()).is_ok()
        });
        own.map(|row| self.key_pair(row)).collect()
    }

    fn key_pair(&self, row: &Arc<Credential>) -> Result<KeyPair> {
        let value = ec2_blob(&self.open_credential(row)?.blob)?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        Ok(KeyPair {
            user_id: row.user_id.clone(),
            project_id: row.project_id.clone(),
            access: text("access"),
            secret: Secret::new(text("secret")),
            application_credential_id: value.get("app_cred_id").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The key pair of an access key, for checking signatures.
    pub(super) fn key_pair_of(&self, access: &str) -> Result<Option<KeyPair>> {
        let snapshot = self.snapshot();
        let found = snapshot.credentials.get(&id_of_access_key(access)).filter(|row| row.kind == EC2);
        found.map(|row| self.key_pair(row)).transpose()
    }

    /// An unknown access key is 404 for everybody, as in Keystone: keys cannot be guessed.
    fn allowed_key_pair(
        &self,
        caller: &Caller,
        rule: &Rule,
        user_id: &str,
        access: &str,
    ) -> Result<Arc<Credential>> {
        let found =
            self.snapshot().credentials.get(&id_of_access_key(access)).filter(|row| row.kind == EC2).cloned();
        let found = found.ok_or_else(|| missing(access))?;
        allow(caller, rule, &target_of(&found))?;
        if found.user_id != user_id {
            return Err(missing(access));
        }
        in_scope(caller, found.project_id.as_deref())?;
        Ok(found)
    }

    /// An EC2 key pair of a user, by access key.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_key_pair(&self, caller: &Caller, user_id: &str, access: &str) -> Result<KeyPair> {
        self.key_pair(&self.allowed_key_pair(caller, &policy::EC2_GET_CREDENTIAL, user_id, access)?)
    }

    /// Removes an EC2 key pair.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_key_pair(&self, caller: &Caller, user_id: &str, access: &str) -> Result<()> {
        let row = self.allowed_key_pair(caller, &policy::EC2_DELETE_CREDENTIAL, user_id, access)?;
        self.write(|draft| {
            draft.delete(Kind::Credential, &row.id);
            Ok(())
        })
        .await
    }
}
