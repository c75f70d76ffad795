//! The first words between a cloud and a node: which version of the protocol they speak, and what the node can do.
//!
//! A version changes the meaning of what is there already; what only comes on top is a capability. So a cloud and its
//! nodes can be upgraded one after the other, as long as their ranges of versions meet.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::NodeError;

/// The versions of the protocol that this program speaks.
pub const SPOKEN: Versions = Versions { oldest: 1, newest: 1 };

/// A range of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest one that is spoken.
    pub oldest: u32,
    /// The newest one that is spoken.
    pub newest: u32,
}

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.oldest, self.newest)
    }
}

impl Versions {
    /// The newest version that both speak.
    ///
    /// # Errors
    /// [`NodeError::Refused`] where there is none, with both ranges.
    pub fn agree(self, other: Self) -> Result<u32, NodeError> {
        let newest = self.newest.min(other.newest);
        if newest >= self.oldest && newest >= other.oldest {
            return Ok(newest);
        }
        let because = format!(
            "one side speaks versions {self} of the node protocol, the other one {other}; upgrade the older of them"
        );
        Err(NodeError::Refused { because })
    }
}

/// Something that a node may be able to do. Names that a cloud does not know are of no use to it.
pub mod capability {
    /// It runs guests.
    pub const INSTANCES: &str = "instances";
    /// It makes networks, routers and ports.
    pub const NETWORKING: &str = "networking";
    /// It starts guests with UEFI firmware.
    pub const UEFI: &str = "uefi";
}

/// What a cloud says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The versions that it speaks.
    pub versions: Versions,
}

impl Default for Hello {
    fn default() -> Self {
        Self { versions: SPOKEN }
    }
}

/// What a node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that is spoken from now on.
    pub version: u32,
    /// What the node can do ([`capability`]).
    pub capabilities: BTreeSet<String>,
    /// This life of the node: another one after each start.
    pub incarnation: Uuid,
}

impl Welcome {
    /// Answers a cloud in the words of this program.
    ///
    /// # Errors
    /// As [`Versions::agree`].
    pub fn answer(hello: &Hello, incarnation: Uuid, capabilities: &[&str]) -> Result<Self, NodeError> {
        Ok(Self {
            version: SPOKEN.agree(hello.versions)?,
            capabilities: capabilities.iter().map(ToString::to_string).collect(),
            incarnation,
        })
    }

    /// Whether the node can do something.
    #[must_use]
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(oldest: u32, newest: u32) -> Versions {
        Versions { oldest, newest }
    }

    #[test]
    fn both_speak_the_newest_version_that_both_know() {
        assert_eq!(versions(1, 3).agree(versions(2, 5)), Ok(3));
        assert_eq!(versions(2, 5).agree(versions(1, 3)), Ok(3));
        assert_eq!(versions(1, 1).agree(versions(1, 9)), Ok(1));
    }

    #[test]
    fn ranges_that_do_not_meet_are_named() {
        let refused = versions(1, 2).agree(versions(3, 4)).unwrap_err();
        let text = refused.to_string();
        assert!(refused.is_final() && text.contains("1 to 2") && text.contains("3 to 4"), "{text}");
    }

    #[test]
    fn a_welcome_of_a_newer_node_is_read_with_what_is_known_of_it() {
        let text = r#"{"version": 1, "capabilities": ["instances", "warp"], "later": true,
                       "incarnation": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}"#;
        let welcome: Welcome = serde_json::from_str(text).unwrap();
        assert!(welcome.can(capability::INSTANCES) && !welcome.can(capability::UEFI));
    }
}
