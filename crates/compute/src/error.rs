//! What can go wrong in compute, without HTTP.

use kogge_auth::Denied;
use kogge_db::{DbError, ListError};

use crate::model::quota::Over;

/// An error of the compute service; `Display` is the message that users see, in Nova's words where clients match
/// on them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of this kind and id that the caller may see.
    #[error("{0}")]
    NotFound(String),
    /// The request can never work as it is.
    #[error("{0}")]
    Invalid(String),
    /// The caller sees the thing but may not do this to it.
    #[error("{0}")]
    Forbidden(String),
    /// The policy says no.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The state of something stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// The server's state stands in the way.
    #[error("Cannot '{action}' instance {server} while it is in {attribute} {state}")]
    InvalidState {
        /// What was to be done.
        action: &'static str,
        /// To which server.
        server: String,
        /// `vm_state` or `task_state`.
        attribute: &'static str,
        /// Its value.
        state: String,
    },
    /// A limit of the project.
    #[error("Quota exceeded for {}: Requested {}, but already used {} of {} {}", .0.resources, .0.asked, .0.used, .0.allowed, .0.resources)]
    OverQuota(Over),
    /// Somebody changed the same server at the same time, again and again.
    #[error("The server is being changed by too many requests at once; try again.")]
    Busy,
    /// Something that compute needs does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// This cloud cannot do that.
    #[error("{0}")]
    NotImplemented(String),
    /// Our fault.
    #[error("Unexpected API Error. Please report this to the operator of this cloud with the request id.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Our fault, from any error.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Nothing of this id: `Instance … could not be found.`
    pub fn no_server(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Instance {id} could not be found."))
    }

    /// Nothing of this id: `Flavor … could not be found.`
    pub fn no_flavor(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Flavor {id} could not be found."))
    }
}

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Db(error) => error.into(),
            ListError::Filter(bad) => Self::Invalid(bad.to_string()),
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::internal(error)
    }
}

/// What service functions answer.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
