//! What can go wrong in placement.

use kogge_auth::Denied;
use kogge_db::DbError;

use crate::model::fit::Misfit;

/// An error of placement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("No {kind} {id} found")]
    NotFound {
        /// `resource provider`, `resource class`, `trait` …
        kind: &'static str,
        /// Its id or name.
        id: String,
    },
    /// There is no such class or trait.
    #[error("{0}")]
    Unnamed(String),
    /// Somebody else was faster; read again and retry.
    #[error("resource provider generation conflict: {0}")]
    Generation(String),
    /// A consumer was changed in between.
    #[error("consumer generation conflict - {0}")]
    ConsumerGeneration(String),
    /// A name or id is taken.
    #[error("Conflicting resource provider {0} already exists.")]
    Duplicate(String),
    /// The object is still used.
    #[error("{because}")]
    InUse {
        /// By what.
        because: String,
        /// Upstream's error code.
        code: &'static str,
    },
    /// The amounts do not fit.
    #[error("Unable to allocate inventory on resource provider {name}: {}", reasons(misfits))]
    NoRoom {
        /// The provider's name.
        name: String,
        /// What is in the way.
        misfits: Vec<Misfit>,
    },
    /// A parameter of the query stands there more than once.
    #[error("Duplicated query parameter {0}.")]
    DuplicateKey(String),
    /// The body names a provider that is not there.
    #[error("Resource provider {0} in inventories not found: No resource provider with uuid {0} found")]
    UnknownProvider(String),
    /// The request contradicts itself.
    #[error("{0}")]
    Invalid(String),
    /// The policy says no.
    #[error(transparent)]
    Forbidden(#[from] Denied),
    /// The database failed.
    #[error("the database failed")]
    Internal(#[from] DbError),
}

fn reasons(misfits: &[Misfit]) -> String {
    misfits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Error {
    pub(crate) fn no_provider(id: impl ToString) -> Self {
        Self::NotFound { kind: "resource provider with uuid", id: id.to_string() }
    }

    pub(crate) fn name_taken(name: &str) -> Self {
        Self::Duplicate(format!("name: {name}"))
    }

    pub(crate) fn invalid(because: impl Into<String>) -> Self {
        Self::Invalid(because.into())
    }
}
