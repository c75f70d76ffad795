//! What can go wrong in block storage, without HTTP.

use kogge_auth::Denied;
use kogge_db::{DbError, ListError};

/// An error of block storage; `Display` is the message that users see, in Cinder's words where clients match on them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of this kind and id that the caller may see.
    #[error("{0}")]
    NotFound(String),
    /// The request can never work as it is, or not in this state: Cinder answers both with 400.
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
    /// A limit of the project.
    #[error("{0}")]
    OverQuota(String),
    /// Something that block storage needs does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault.
    #[error("The server has either erred or is incapable of performing the requested operation.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Our fault, from any error.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Nothing of this id: `Volume … could not be found.`
    pub fn no_volume(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Volume {id} could not be found."))
    }

    /// Nothing of this id: `Snapshot … could not be found.`
    pub fn no_snapshot(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Snapshot {id} could not be found."))
    }

    /// Nothing of this id: `GroupSnapshot … could not be found.`
    pub fn no_group_snapshot(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("GroupSnapshot {id} could not be found."))
    }

    /// Nothing of this id: `Backup … could not be found.`
    pub fn no_backup(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Backup {id} could not be found."))
    }

    /// `Invalid backup: …`
    pub fn backup(why: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Invalid backup: {why}"))
    }

    /// Nothing of this id or name: `Volume type … could not be found.`
    pub fn no_type(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("Volume type {id} could not be found."))
    }

    /// `Invalid volume: …`
    pub fn volume(why: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Invalid volume: {why}"))
    }

    /// `Invalid snapshot: …`
    pub fn snapshot(why: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Invalid snapshot: {why}"))
    }

    /// `Invalid input received: …`
    pub fn input(why: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Invalid input received: {why}"))
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

impl From<kogge_image::Error> for Error {
    fn from(error: kogge_image::Error) -> Self {
        let message = error.to_string();
        match error {
            kogge_image::Error::NotFound(_) => Self::NotFound(message),
            kogge_image::Error::Forbidden(_) | kogge_image::Error::TooLarge(_) => Self::Forbidden(message),
            kogge_image::Error::Conflict(_) | kogge_image::Error::Gone(_) => Self::Conflict(message),
            kogge_image::Error::Invalid(_) | kogge_image::Error::BadData(_) => Self::Invalid(message),
            other => Self::internal(other),
        }
    }
}

/// What service functions answer.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
