//! What can go wrong on a node, in words for the reader of a server's fault.

/// A node could not do what it was told. `Display` is shown to users as the fault of a server or port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum NodeError {
    /// The node does not have the thing.
    #[error("{kind} {id} is not on this host")]
    NotFound {
        /// What sort of thing, in OpenStack's word.
        kind: String,
        /// Its id.
        id: String,
    },
    /// Something has to happen first; ask again.
    #[error("waiting for {what}")]
    NotYet {
        /// What is waited for.
        what: String,
    },
    /// The desired state cannot be reached on this host, ever.
    #[error("refused: {because}")]
    Refused {
        /// Why, and what would be accepted.
        because: String,
    },
    /// A step failed; it may succeed later.
    #[error("{step} failed: {because}")]
    Failed {
        /// The step, e.g. `making the root disk`.
        step: String,
        /// Why.
        because: String,
    },
    /// The node cannot be reached.
    #[error("host {host} does not answer: {because}")]
    Unreachable {
        /// The host's name.
        host: String,
        /// Why.
        because: String,
    },
}

impl NodeError {
    /// A [`NodeError::Failed`] from any error.
    #[must_use]
    pub fn failed(step: &str, because: impl std::fmt::Display) -> Self {
        Self::Failed { step: step.to_owned(), because: because.to_string() }
    }

    /// True where asking again without a change of the desired state can never help.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}
