//! What can go wrong on a node: everything for operators, and what of it tenants are told.

/// A node could not do what it was told. `Display` is for operators: it may name hosts, files and commands. Tenants are
/// told [`NodeError::for_tenants`].
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
        /// Why, and what would be accepted. Where it is about an instance, it is for its owner: no host, path, address
        /// or capacity.
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
    /// Another process commands the host since.
    #[error(
        "the host is commanded by another process since: an order of epoch {by} came after one of epoch {newest}"
    )]
    Deposed {
        /// The epoch of the order that was refused.
        by: crate::Epoch,
        /// The newest epoch that the node obeyed.
        newest: crate::Epoch,
    },
    /// The node was told something newer. It is no fault of the caller's, who may simply be late; nothing was done.
    #[error("generation {generation} is older than generation {newest}, which the node was told")]
    Older {
        /// The caller's generation.
        generation: i64,
        /// The newest one.
        newest: i64,
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

    /// What a tenant may read of it: no host, path, address or output of a program.
    #[must_use]
    pub fn for_tenants(&self) -> String {
        match self {
            Self::NotFound { .. } => "the server is not on its host".to_owned(),
            Self::NotYet { what } if is_plain(what) => format!("waiting for {what}"),
            Self::NotYet { .. } => "waiting for something else to be done first".to_owned(),
            Self::Refused { because } => because.clone(),
            Self::Failed { step, .. } if is_plain(step) => format!("{step} failed"),
            Self::Failed { .. } => "a step on the server's host failed".to_owned(),
            Self::Older { .. } => "the server's host was told something newer".to_owned(),
            Self::Unreachable { .. } | Self::Deposed { .. } => "the server's host does not answer".to_owned(),
        }
    }

    /// True where asking again without a change of the desired state can never help.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// Words and ids, as we write them; no command line, path, address or number.
fn is_plain(text: &str) -> bool {
    let letters = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '\'' | ','));
    text.split(' ').all(|word| letters(word) || uuid::Uuid::try_parse(word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_read_words_and_no_command_path_or_host() {
        let port = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
        let told = |step: &str| NodeError::failed(step, "/var/lib/kogge: 10.0.0.1").for_tenants();
        assert_eq!(told("making the root disk"), "making the root disk failed");
        assert_eq!(told(&format!("plugging in port {port}")), format!("plugging in port {port} failed"));
        for step in
            ["ip link add tap0", "writing /var/lib/kogge/x", "nft -f -", "asking 10.0.0.1", "reading a.b"]
        {
            assert_eq!(told(step), "a step on the server's host failed", "{step}");
        }
        let silent = NodeError::Unreachable { host: "rack7".into(), because: "10.0.0.7 refused".into() };
        assert_eq!(silent.for_tenants(), "the server's host does not answer");
        let wait = |what: &str| NodeError::NotYet { what: what.into() }.for_tenants();
        assert_eq!(wait("the restart of its host"), "waiting for the restart of its host");
        assert_eq!(wait("the tap tap12"), "waiting for something else to be done first");
    }
}
