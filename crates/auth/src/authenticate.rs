//! From token to caller.

use async_trait::async_trait;

use crate::Caller;

/// What an authenticator may want to know of the request (access rules of application credentials need it).
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path inside the service, with version: `/v2.1/servers`.
    pub path: &'a str,
    /// The service's type in the catalog: `compute`.
    pub service: &'a str,
}

/// Turns a token into a caller. No SQL and no hashing in here: this is the hottest path of the cloud.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The caller behind `token`.
    ///
    /// # Errors
    /// [`AuthError::Unauthorized`] for anything that is not a good token now.
    async fn authenticate(&self, token: &str, request: RequestFacts<'_>) -> Result<Caller, AuthError>;
}

/// Why there is no caller. Says nothing about which part was wrong.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No, expired, revoked or forged token, or one whose access rules do not cover the request.
    #[error("The request you have made requires authentication.")]
    Unauthorized,
    /// The authenticator itself is in trouble.
    #[error("tokens cannot be checked at the moment: {because}")]
    Unavailable {
        /// Why.
        because: String,
    },
}
