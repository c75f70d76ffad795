//! What can go wrong with images.

use kogge_auth::Denied;
use kogge_db::DbError;

/// An error of the image service. Its text goes to the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the caller may not know.
    #[error("{because}")]
    NotFound {
        /// What is not found.
        because: String,
    },
    /// The caller sees it but may not do this.
    #[error("{because}")]
    Forbidden {
        /// Why not.
        because: String,
    },
    /// Not in this state, or the id is taken.
    #[error("{because}")]
    Conflict {
        /// Why.
        because: String,
    },
    /// The request is wrong in itself.
    #[error("{because}")]
    Invalid {
        /// Why.
        because: String,
    },
    /// A quota or the storage is full.
    #[error("{because}")]
    TooLarge {
        /// What is too large.
        because: String,
    },
    /// The data are dangerous or not what they are declared to be.
    #[error("{because}")]
    BadData {
        /// What is wrong with them.
        because: String,
    },
    /// The image was deleted while its data came in.
    #[error("{because}")]
    Gone {
        /// Which image.
        because: String,
    },
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
        Self::Forbidden { because: because.into() }
    }

    pub(crate) fn conflict(because: impl Into<String>) -> Self {
        Self::Conflict { because: because.into() }
    }

    pub(crate) fn invalid(because: impl Into<String>) -> Self {
        Self::Invalid { because: because.into() }
    }

    pub(crate) fn no_image(id: impl std::fmt::Display) -> Self {
        Self::NotFound { because: format!("No image found with ID {id}") }
    }

    /// True where the image is not there (for this caller).
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::forbidden(format!("You are not authorized to complete {} action.", denied.rule))
    }
}
