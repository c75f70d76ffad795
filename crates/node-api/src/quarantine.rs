//! Instances that are kept though the cloud does not know them.
//!
//! A database may be restored from an old copy, or be the wrong one. So a node never takes "nobody asked for it" for "it
//! shall go": what its cloud does not know goes into quarantine, with its guest running and its disks untouched, until
//! the cloud knows it again, an operator removes it, or its time is over.

use kogge_ids::ServerId;
use serde::{Deserialize, Serialize};

/// Since when and why an instance is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Since when: microseconds since 1970.
    pub since: i64,
    /// Why, in words for operators.
    pub because: String,
}

/// An instance in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The server it was.
    pub id: ServerId,
    /// Since when and why.
    #[serde(flatten)]
    pub note: SetAside,
    /// Name of the server, as the node knew it last; empty where its record cannot be read.
    pub name: String,
    /// Its project; empty where its record cannot be read.
    pub project_id: String,
    /// Whether its guest runs.
    pub running: bool,
    /// Room that its files take, in bytes.
    pub bytes: u64,
    /// Where its files are.
    pub place: String,
}
