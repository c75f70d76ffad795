//! EC2 key pairs: `/v3/users/{user_id}/credentials/OS-EC2`. Upstream: `keystone/api/users.py`, `_UserOSEC2CredBaseResource`.
//!
//! A pair is a credential of type `ec2` whose blob is an object with `access` and `secret`. The secret is shown when the pair is
//! made and not again, as that of an application credential; `show_ec2_secrets` shows it always, as Keystone does.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::Identity;
use super::credentials::{missing, target_of};
use super::delegation::{in_scope, refuse_restricted};
use super::names::new_id;
use super::permission::allow;
use crate::error::{Error, Result};
use crate::model::{Credential, Extra, Kind};
use crate::policy;
use crate::secret::Secret;

/// An EC2 key pair.
#[derive(Debug, Clone)]
pub(crate) struct KeyPair {
    pub(crate) user_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) access: String,
    /// `None` where it is not shown, or there is none: such a pair signs nothing.
    pub(crate) secret: Option<Secret>,
    /// The application credential that made it, and bounds it.
    pub(crate) application_credential_id: Option<String>,
}

const EC2: &str = "ec2";
const BOUND_TO: &str = "app_cred_id";
/// What an update of the blob never changes: whom the pair stands for.
const FIXED: [&str; 4] = ["trust_id", BOUND_TO, "access_token_id", "access_id"];

/// Whether credentials of that type are key pairs.
pub(super) fn is_ec2(kind: &str) -> bool {
    kind.eq_ignore_ascii_case(EC2)
}

/// The id of an EC2 key pair.
pub(super) fn id_of_access_key(access: &str) -> String {
    hex::encode(Sha256::digest(access.as_bytes()))
}

/// The blob of a key pair: an object with an access key. Never printed.
pub(super) struct Ec2Blob(Map<String, Value>);

impl Ec2Blob {
    /// # Errors
    /// 400 in Keystone's words for what is none.
    pub(super) fn parse(blob: &Secret) -> Result<Self> {
        let invalid = || Error::invalid("Invalid blob in credential");
        match serde_json::from_str(blob.reveal()).map_err(|_| invalid())? {
            Value::Object(map) if map.get("access").is_some_and(Value::is_string) => Ok(Self(map)),
            _ => Err(Error::expecting("access", "credential")),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn access(&self) -> &str {
        self.text("access").unwrap_or_default()
    }

    /// The application credential that it is bound to.
    pub(super) fn bound_to(&self) -> Option<&str> {
        self.text(BOUND_TO)
    }

    pub(super) fn bind_to(&mut self, credential_id: &str) {
        self.0.insert(BOUND_TO.to_owned(), credential_id.into());
    }

    pub(super) fn into_text(self) -> Secret {
        Secret::new(Value::Object(self.0).to_string())
    }

    /// The text with `null` for the secret; nothing at all of a blob that is no key pair's.
    pub(super) fn without_secret(blob: &Secret) -> Secret {
        let mut parsed = Self::parse(blob).unwrap_or_else(|_| Self(Map::new()));
        if let Some(secret) = parsed.0.get_mut("secret") {
            *secret = Value::Null;
        }
        parsed.into_text()
    }

    /// Itself in the place of `old`: with the secret of `old` where it names none.
    ///
    /// # Errors
    /// 400 where it would stand for somebody else.
    pub(super) fn replacing(mut self, old: &Secret) -> Result<Self> {
        let old = Self::parse(old).unwrap_or_else(|_| Self(Map::new()));
        if let Some(key) = FIXED.into_iter().find(|key| old.0.get(*key) != self.0.get(*key)) {
            return Err(Error::Invalid(format!("{key} can not be updated for credential")));
        }
        if self.0.get("secret").is_none_or(Value::is_null)
            && let Some(secret) = old.0.get("secret")
        {
            self.0.insert("secret".to_owned(), secret.clone());
        }
        Ok(self)
    }
}

impl Identity {
    /// Makes an EC2 key pair for a user on a project; the answer alone has the secret.
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
        in_scope(caller, Some(project_id))?;
        let (access, secret) = (new_id(), new_id());
        let mut blob = serde_json::json!({"access": access, "secret": secret, "trust_id": null});
        if let Some(credential) = &caller.token.application_credential {
            blob[BOUND_TO] = Value::String(credential.to_string());
        }
        let row = Credential {
            id: id_of_access_key(&access),
            user_id: user_id.to_owned(),
            project_id: Some(project_id.to_owned()),
            kind: EC2.to_owned(),
            sealed_blob: self.seal_blob(&Secret::new(blob.to_string())),
            extra: Extra::new(),
        };
        let most = self.config().security.credentials_per_user;
        let row = self
            .write(|draft| {
                draft.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
                draft.projects.get(project_id).ok_or_else(|| Error::not_found("project", project_id))?;
                draft.insert_credential(row, most)
            })
            .await?;
        self.key_pair(&row)
    }

    /// The EC2 key pairs of a user. One that cannot be opened is left out and noted.
    ///
    /// # Errors
    /// 403 by the policy and for restricted credentials, 404 where there is no such user.
    pub(crate) fn list_key_pairs(&self, caller: &Caller, user_id: &str) -> Result<Vec<KeyPair>> {
        allow(caller, &policy::EC2_LIST_CREDENTIALS, &Target::none().user(user_id))?;
        refuse_restricted(caller, "credentials")?;
        let snapshot = self.snapshot();
        snapshot.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
        let own = snapshot.credentials.iter().filter(|row| {
            row.user_id == user_id && row.kind == EC2 && self.within_reach(caller, row).is_ok()
        });
        Ok(own.filter_map(|row| self.readable(row, self.shown_key_pair(row))).collect())
    }

    fn key_pair(&self, row: &Credential) -> Result<KeyPair> {
        let blob = Ec2Blob::parse(&self.open_blob(row)?)?;
        Ok(KeyPair {
            user_id: row.user_id.clone(),
            project_id: row.project_id.clone(),
            access: blob.access().to_owned(),
            secret: blob.text("secret").map(Secret::new),
            application_credential_id: blob.bound_to().map(str::to_owned),
        })
    }

    fn shown_key_pair(&self, row: &Credential) -> Result<KeyPair> {
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
        refuse_restricted(caller, "credentials")?;
        if found.user_id != user_id {
            return Err(missing(access));
        }
        self.within_reach(caller, &found)?;
        Ok(found)
    }

    /// An EC2 key pair of a user, by access key.
    ///
    /// # Errors
    /// 403 by the policy and for restricted credentials, 404 where there is none.
    pub(crate) fn get_key_pair(&self, caller: &Caller, user_id: &str, access: &str) -> Result<KeyPair> {
        let row = self.allowed_key_pair(caller, &policy::EC2_GET_CREDENTIAL, user_id, access)?;
        self.shown_key_pair(&row)
    }

    /// Removes an EC2 key pair.
    ///
    /// # Errors
    /// 403 by the policy and for restricted credentials, 404 where there is none.
    pub(crate) async fn delete_key_pair(&self, caller: &Caller, user_id: &str, access: &str) -> Result<()> {
        let row = self.allowed_key_pair(caller, &policy::EC2_DELETE_CREDENTIAL, user_id, access)?;
        self.write(|draft| {
            draft.credentials.get(&row.id).ok_or_else(|| missing(access))?;
            draft.delete(Kind::Credential, &row.id);
            Ok(())
        })
        .await
    }
}
