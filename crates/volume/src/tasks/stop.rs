//! Why a step did not end.

use kogge_storage::StorageError;

use crate::error::Error;

/// Why a step did not end.
pub(crate) enum Stop {
    /// Something else has to end first.
    Wait,
    /// The backend, or what it was given, failed.
    Storage(StorageError),
    /// It can never work: words for the owner.
    Never(String),
    /// Our own trouble: it is tried again.
    Own(Error),
}

/// What is said of a step that failed.
pub(crate) struct Said {
    /// For the owner.
    pub(crate) message: String,
    /// For operators.
    pub(crate) details: String,
    /// To try again can never help.
    pub(crate) last: bool,
}

impl Stop {
    /// What is said of it; nothing where it only waits.
    pub(crate) fn said(self) -> Option<Said> {
        let (message, details, last) = match self {
            Self::Wait => return None,
            Self::Storage(error) => (error.for_tenants(), error.to_string(), error.is_final()),
            Self::Never(why) => (why.clone(), why, true),
            Self::Own(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                let details = format!("{error} {}", source.unwrap_or_default());
                ("something that block storage needs does not answer".to_owned(), details, false)
            }
        };
        Some(Said { message: sentence(&message), details, last })
    }
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<kogge_db::DbError> for Stop {
    fn from(error: kogge_db::DbError) -> Self {
        Self::Own(error.into())
    }
}

/// Words as a sentence.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
