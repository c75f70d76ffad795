//! What a check has at hand.

use std::fmt;
use std::sync::Arc;

use kogge_client::Client;
use kogge_clock::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journal::Journal;
use crate::lookups::Shared;

/// The id of one run. Its short form is part of the name of everything that the run creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The one of an earlier run; `None` if the text is no id.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(Self)
    }

    /// The first eight digits.
    #[must_use]
    pub fn short(self) -> String {
        self.0.simple().to_string().chars().take(8).collect()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a check has at hand. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The connection to the cloud.
    pub client: Client,
    /// When the run began: the "now" of every rule about dates.
    pub started: Timestamp,
    /// The run.
    pub run: RunId,
    /// Look-ups that several checks need.
    pub shared: Arc<Shared>,
    /// What this run creates.
    pub journal: Arc<Journal>,
}

impl Context {
    /// The name for an object of this run: `_scs-0117-1a2b3c4d-volume`. Upstream's janitor knows the prefix `_scs-`.
    #[must_use]
    pub fn object_name(&self, standard: &str, what: &str) -> String {
        format!("_scs-{standard}-{}-{what}", self.run.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_differ_and_have_a_short_form() {
        assert_ne!(RunId::random(), RunId::random());
        assert_eq!(RunId::random().short().len(), 8);
    }

    #[test]
    fn an_id_is_read_again_and_nothing_else_is() {
        let id = RunId::random();
        assert_eq!(RunId::read(&id.to_string()), Some(id));
        assert_eq!(RunId::read("../../etc/passwd"), None);
    }
}
