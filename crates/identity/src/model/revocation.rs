//! Revocation events.

use serde::{Deserialize, Serialize};

/// Tokens issued up to a moment that match every given attribute are no longer accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Its id.
    pub id: String,
    /// Only the token with this audit id.
    pub audit_id: Option<String>,
    /// Only this user's tokens.
    pub user_id: Option<String>,
    /// Only tokens for this project.
    pub project_id: Option<String>,
    /// Tokens issued at or before this moment; microseconds since 1970, whole seconds.
    pub issued_before: i64,
    /// When it was made; microseconds since 1970.
    pub revoked_at: i64,
}
