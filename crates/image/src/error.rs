//! What can go wrong with images.

use kogge_auth::Denied;
use kogge_db::DbError;

/// An error of the image service. Its text goes to the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the caller may not know.
    #[error("{0}")]
    NotFound(String),
    /// The caller sees it but may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Not in this state, or the id is taken.
    #[error("{0}")]
    Conflict(String),
    /// The request is wrong in itself.
    #[error("{0}")]
    Invalid(String),
    /// A quota or the storage is full.
    #[error("{0}")]
    TooLarge(String),
    /// The data are dangerous or not what they are declared to be.
    #[error("{0}")]
    BadData(String),
    /// The image was deleted while its data came in.
    #[error("{0}")]
    Gone(String),
    /// The disk has no room for more images.
    #[error("There is no room for image data now. Please try again later.")]
    NoRoom(#[from] kogge_room::NoRoom),
    /// The data directory failed.
    #[error("the image store failed")]
    Store(#[from] std::io::Error),
    /// The database failed.
    #[error("the database failed")]
    Internal(#[from] DbError),
}

impl Error {
    pub(crate) fn forbidden(because: impl Into<String>) -> Self {
        Self::Forbidden(because.into())
    }

    pub(crate) fn conflict(because: impl Into<String>) -> Self {
        Self::Conflict(because.into())
    }

    pub(crate) fn invalid(because: impl Into<String>) -> Self {
        Self::Invalid(because.into())
    }

    pub(crate) fn no_image(id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("No image found with ID {id}"))
    }

    /// True where the image is not there (for this caller).
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::forbidden(format!("You are not authorized to complete {} action.", denied.rule))
    }
}
