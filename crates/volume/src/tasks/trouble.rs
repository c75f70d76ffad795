//! Why a job could not be done: all of it for operators, and what of it tenants are told.

use kogge_node_api::NodeError;
use kogge_storage::{DiskId, StorageError};

use super::volumes::sentence;
use crate::error::Error;

/// A job could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The backend says so.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The node says so.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// What is around it says so.
    #[error(transparent)]
    Service(Error),
}

impl Trouble {
    /// The database failed.
    pub(crate) fn database(error: kogge_db::DbError) -> Self {
        Self::Service(error.into())
    }

    /// What is needed for it is not there any more.
    pub(crate) fn lost(what: DiskId) -> Self {
        Self::Storage(StorageError::NotFound { what: what.to_string() })
    }

    /// In a sentence, for the owner.
    pub(crate) fn message(&self) -> String {
        let why = match self {
            Self::Storage(error) => error.for_tenants(),
            Self::Node(error) => error.for_tenants(),
            Self::Service(Error::Internal(_)) => "a step failed".to_owned(),
            Self::Service(error) => error.to_string(),
        };
        sentence(&why)
    }

    /// True where to try again can never help.
    pub(crate) const fn is_final(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_final(),
            Self::Node(error) => error.is_final(),
            Self::Service(_) => false,
        }
    }
}
