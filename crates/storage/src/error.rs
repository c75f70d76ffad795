//! What can go wrong at a backend: everything for operators, and what of it tenants are told.

/// A backend could not do what it was told. `Display` is for operators; tenants are told [`StorageError::for_tenants`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The disk is not there.
    #[error("{what} is not on the backend")]
    NotFound {
        /// The disk's name.
        what: String,
    },
    /// It can never be done. Words for the owner: no path, address or capacity.
    #[error("refused: {because}")]
    Refused {
        /// Why, and what would be accepted.
        because: String,
    },
    /// There is no room.
    #[error("{step} failed: no room is left on the backend ({because})")]
    Full {
        /// The step.
        step: String,
        /// What said so.
        because: String,
    },
    /// A step failed; it may succeed later.
    #[error("{step} failed: {because}")]
    Failed {
        /// The step, e.g. `making the volume`.
        step: String,
        /// Why.
        because: String,
    },
    /// The backend does not answer.
    #[error("the backend does not answer: {because}")]
    Unreachable {
        /// Why.
        because: String,
    },
}

impl StorageError {
    /// A [`StorageError::Failed`] from any error.
    #[must_use]
    pub fn failed(step: &str, because: impl std::fmt::Display) -> Self {
        Self::Failed { step: step.to_owned(), because: because.to_string() }
    }

    /// Failed or full, from an error of a file.
    #[must_use]
    pub fn io(step: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded) {
            return Self::Full { step: step.to_owned(), because: error.to_string() };
        }
        Self::failed(step, error)
    }

    /// What a tenant may read of it.
    #[must_use]
    pub fn for_tenants(&self) -> String {
        match self {
            Self::NotFound { .. } => "its data are not on the storage backend".to_owned(),
            Self::Refused { because } => because.clone(),
            Self::Full { .. } => "no room is left on the storage backend".to_owned(),
            Self::Failed { .. } => "a step on the storage backend failed".to_owned(),
            Self::Unreachable { .. } => "the storage backend does not answer".to_owned(),
        }
    }

    /// True where to try again can never help.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotFound { .. })
    }
}

/// Refuses what is larger than the disk that it shall be on.
pub(crate) fn fits(bytes: u64, room: u64) -> Result<(), StorageError> {
    if bytes <= room {
        return Ok(());
    }
    const GIB: u64 = 1 << 30;
    let because = format!("what it is made from needs a volume of {} GiB", bytes.div_ceil(GIB));
    Err(StorageError::Refused { because })
}
