//! A token and its text: Keystone's msgpack payloads inside Fernet.
//!
//! A payload is an array whose first item says its kind: 0 unscoped, 1 domain, 2 project, 8 system, 9 application credential. Ids
//! of 32 hex digits travel as 16 bytes. Authentication methods are a bit mask over Keystone's default order, so tokens of a
//! Keystone with the same keys and default methods are read, and it reads ours. Payload kinds for trusts,
//! federation and OAuth are refused: nothing here issues them.

mod payload;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogge_clock::Timestamp;

use crate::fernet::KeyRing;

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// A user's password.
    Password,
    /// An earlier token.
    Token,
    /// An application credential's secret.
    ApplicationCredential,
    /// A signed EC2 or S3 request. Travels under Keystone's `external` bit, which nothing else uses here.
    Ec2,
}

impl Method {
    /// The API's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ApplicationCredential => "application_credential",
            Self::Ec2 => "ec2credential",
        }
    }

    const fn bit(self) -> u64 {
        match self {
            Self::Ec2 => 1,
            Self::Password => 2,
            Self::Token => 4,
            Self::ApplicationCredential => 32,
        }
    }

    /// All of them, in the order in which a token lists them: greatest bit first, as Keystone.
    pub(crate) const ALL: [Self; 4] = [Self::ApplicationCredential, Self::Token, Self::Password, Self::Ec2];
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenScope {
    /// Nothing yet.
    Unscoped,
    /// A project, by id.
    Project(String),
    /// A domain, by id.
    Domain(String),
    /// The whole system.
    System,
}

/// What a token says. Names and roles are looked up when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub user_id: String,
    /// How they proved it; greatest bit first.
    pub methods: Vec<Method>,
    /// What it is good for.
    pub scope: TokenScope,
    /// The application credential that it came from.
    pub application_credential_id: Option<String>,
    /// When it was issued, whole seconds.
    pub issued_at: Timestamp,
    /// From when on it is not accepted.
    pub expires_at: Timestamp,
    /// Its own audit id, then that of the first token of its chain.
    pub audit_ids: Vec<String>,
}

/// The text is no token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAToken;

impl Token {
    /// The text for `X-Subject-Token`.
    #[must_use]
    pub fn seal(&self, keys: &KeyRing) -> String {
        keys.seal(&payload::pack(self), self.issued_at.as_seconds())
    }

    /// Reads a token text. Whether it expired or was revoked is not looked at.
    ///
    /// # Errors
    /// [`NotAToken`].
    pub fn open(text: &str, keys: &KeyRing) -> Result<Self, NotAToken> {
        let opened = keys.open(text).map_err(|_| NotAToken)?;
        payload::unpack(&opened.content, Timestamp::from_seconds(opened.sealed_at)).ok_or(NotAToken)
    }
}

/// A new audit id: 16 random bytes in url-safe base64.
#[must_use]
pub fn new_audit_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

/// Methods without repetition, greatest bit first.
#[must_use]
pub fn ordered(methods: &[Method]) -> Vec<Method> {
    Method::ALL.into_iter().filter(|method| methods.contains(method)).collect()
}

#[cfg(test)]
mod tests;
