//! EC2 key pairs, as the blobs of credentials have them.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::model::Credential;
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

impl KeyPair {
    /// What the row and its blob say.
    pub(super) fn of(row: &Credential, blob: &Ec2Blob) -> Self {
        Self {
            user_id: row.user_id.clone(),
            project_id: row.project_id.clone(),
            access: blob.access().to_owned(),
            secret: blob.text("secret").map(Secret::new),
            application_credential_id: blob.bound_to().map(str::to_owned),
        }
    }
}

/// The type of key pairs.
pub(crate) const EC2: &str = "ec2";
const BOUND_TO: &str = "app_cred_id";
/// What an update of the blob never changes: whom the pair stands for.
const FIXED: [&str; 4] = ["trust_id", BOUND_TO, "access_token_id", "access_id"];

/// Whether credentials of that type are key pairs.
pub(crate) fn is_ec2(kind: &str) -> bool {
    kind.eq_ignore_ascii_case(EC2)
}

/// The id of an EC2 key pair.
pub(crate) fn id_of_access_key(access: &str) -> String {
    hex::encode(Sha256::digest(access.as_bytes()))
}

/// The blob of a key pair: an object with an access key. Never printed.
pub(crate) struct Ec2Blob(Map<String, Value>);

impl Ec2Blob {
    /// A pair that is bound to nothing.
    pub(crate) fn new(access: &str, secret: &str) -> Self {
        let pair = [("access", access.into()), ("secret", secret.into()), ("trust_id", Value::Null)];
        Self(pair.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
    }

    /// Reads a blob.
    ///
    /// # Errors
    /// 400 in Keystone's words for what is none.
    pub(crate) fn parse(blob: &Secret) -> Result<Self> {
        let invalid = || Error::invalid("Invalid blob in credential");
        match serde_json::from_str(blob.reveal()).map_err(|_| invalid())? {
            Value::Object(map) if map.get("access").is_some_and(Value::is_string) => Ok(Self(map)),
            _ => Err(Error::expecting("access", "credential")),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The access key.
    pub(crate) fn access(&self) -> &str {
        self.text("access").unwrap_or_default()
    }

    /// The application credential that it is bound to.
    pub(crate) fn bound_to(&self) -> Option<&str> {
        self.text(BOUND_TO)
    }

    /// Binds it to an application credential.
    pub(crate) fn bind_to(&mut self, credential_id: &str) {
        self.0.insert(BOUND_TO.to_owned(), credential_id.into());
    }

    /// The blob as a text.
    pub(crate) fn into_text(self) -> Secret {
        Secret::new(Value::Object(self.0).to_string())
    }

    /// The text with `null` for the secret; nothing at all of a blob that is no key pair's.
    pub(crate) fn without_secret(blob: &Secret) -> Secret {
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
    pub(crate) fn replacing(mut self, old: &Secret) -> Result<Self> {
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
