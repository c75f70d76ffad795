//! What can go wrong, in words for the caller. No HTTP in here; `api/fault.rs` gives each a status.

use kogge_db::DbError;

/// Why identity cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the caller may not know of it.
    #[error("Could not find {kind}: {id}.")]
    NotFound {
        /// What was looked for: `user`, `project` …
        kind: &'static str,
        /// Its id or name.
        id: String,
    },
    /// There is no such thing; with a sentence of its own.
    #[error("{0}")]
    Missing(String),
    /// It clashes with something that is there.
    #[error("Conflict occurred attempting to store {kind} - {because}.")]
    Conflict {
        /// What was to be stored.
        kind: &'static str,
        /// With what it clashes.
        because: String,
    },
    /// The request is wrong in itself, or asks for something that can never be.
    #[error("{0}")]
    Invalid(String),
    /// The policy says no.
    #[error("You are not authorized to perform the requested action: {action}.")]
    Forbidden {
        /// The rule's name.
        action: String,
    },
    /// It is not possible for this object, whoever asks.
    #[error("{0}")]
    Refused(String),
    /// Not proven who it is. Says nothing about which part was wrong.
    #[error("The request you have made requires authentication.")]
    Unauthorized,
    /// The password was right and is too old.
    #[error("The password is expired and needs to be changed for user: {user_id}.")]
    PasswordExpired {
        /// The user.
        user_id: String,
    },
    /// Too many tries.
    #[error("Too many attempts. Please try again in {seconds} seconds.")]
    TooManyTries {
        /// When to try again.
        seconds: u32,
    },
    /// Too much to do at this moment, whoever asks.
    #[error("The service is busy. Please try again in {seconds} seconds.")]
    Busy {
        /// When to try again.
        seconds: u32,
    },
    /// The database failed.
    #[error("the identity database failed")]
    Db(#[from] DbError),
    /// A stored document cannot be read or written.
    #[error("{table} has a document that this program cannot read")]
    Document {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The blob of a credential cannot be opened: it was sealed with a key that is gone, or its row is damaged.
    #[error(
        "the blob of credential {id} cannot be opened: its key is gone or its row is damaged; replace it or delete it"
    )]
    Unreadable {
        /// The credential.
        id: String,
    },
    /// The keys cannot be used.
    #[error("the key repository failed")]
    Keys(#[from] crate::fernet::RepositoryError),
    /// Hashing failed.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
}

/// Short for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A [`Error::NotFound`].
    pub(crate) fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        let id: String = id.into();
        // what a client sent is not sent back at any length
        Self::NotFound { kind, id: id.chars().take(255).collect() }
    }

    /// A [`Error::Invalid`].
    pub(crate) fn invalid(because: impl Into<String>) -> Self {
        Self::Invalid(because.into())
    }

    /// A [`Error::Invalid`] for an attribute that is missing, in Keystone's words.
    pub(crate) fn expecting(attribute: &str, target: &str) -> Self {
        Self::Invalid(format!(
            "Expecting to find {attribute} in {target}. The server could not comply with the request since it is \
             either malformed or otherwise incorrect. The client is assumed to be in error."
        ))
    }

    /// A [`Error::Invalid`] for a reference that has neither.
    pub(crate) fn id_or_name(place: &str) -> Self {
        Self::Invalid(format!("Invalid input for field {place}: id or name must be present."))
    }

    /// A [`Error::Invalid`] for a text that is no date.
    pub(crate) fn no_date(text: &str) -> Self {
        Self::Invalid(format!("invalid date format {}", text.chars().take(255).collect::<String>()))
    }

    /// A [`Error::Missing`] for a path that names nothing.
    pub(crate) fn nothing() -> Self {
        Self::Missing("The resource could not be found.".to_owned())
    }

    /// A [`Error::Conflict`] for a name that is taken.
    pub(crate) fn duplicate(kind: &'static str, name: &str) -> Self {
        Self::Conflict { kind, because: format!("Duplicate entry found with name {name}") }
    }
}
