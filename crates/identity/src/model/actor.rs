//! Users, groups and who is in which.

use serde::{Deserialize, Serialize};

use super::Extra;

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their name, unique in the domain.
    pub name: String,
    /// The domain that owns the account.
    pub domain_id: String,
    /// False refuses every login.
    pub enabled: bool,
    /// The project of a token without a scope.
    pub default_project_id: Option<String>,
    /// Passwords, newest last. Empty: no password login.
    pub passwords: Vec<PasswordHash>,
    /// Per-user exceptions from password rules, and the like.
    pub options: UserOptions,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Unknown attributes: `email`, `description` …
    #[serde(default)]
    pub extra: Extra,
}

impl User {
    /// The password that counts.
    #[must_use]
    pub fn password(&self) -> Option<&PasswordHash> {
        self.passwords.last()
    }
}

/// A stored password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// The bcrypt text.
    pub hash: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; `None` never expires.
    pub expires_at: Option<i64>,
    /// Set by the user (not by an administrator).
    pub self_service: bool,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordHash(created {})", self.created_at)
    }
}

/// A user's `options`. `None` is "not set" and does not appear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserOptions {
    /// An administrator's password need not be changed at first use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_change_password_upon_first_use: Option<bool>,
    /// The password never expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_password_expiry: Option<bool>,
    /// Never locked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_lockout_failure_attempts: Option<bool>,
    /// Never disabled for inactivity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_user_inactivity: Option<bool>,
    /// The user cannot change the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_password: Option<bool>,
    /// `multi_factor_auth_rules` count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_factor_auth_enabled: Option<bool>,
    /// Sets of methods; one whole set must have been used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_factor_auth_rules: Option<Vec<Vec<String>>>,
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name, unique in the domain.
    pub name: String,
    /// The domain that owns it.
    pub domain_id: String,
    /// Free text.
    pub description: String,
    /// Unknown attributes.
    #[serde(default)]
    pub extra: Extra,
}

/// A user is in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Who.
    pub user_id: String,
    /// In what.
    pub group_id: String,
}
