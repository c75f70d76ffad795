//! Who has which role where.

use serde::{Deserialize, Serialize};

/// A role assignment as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assignment {
    /// Who has it.
    pub actor: Actor,
    /// Where.
    pub target: Target,
    /// The role.
    pub role_id: String,
    /// `OS-INHERIT`: counts for the projects below the target, not for the target itself.
    pub inherited: bool,
}

/// Who has a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Actor {
    /// A user.
    User(String),
    /// All members of a group.
    Group(String),
}

/// Where a role counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// A project.
    Project(String),
    /// A domain.
    Domain(String),
    /// The whole system.
    System,
}

impl Actor {
    /// The beginning of the keys of all its assignments.
    pub(crate) fn prefix(&self) -> String {
        match self {
            Self::User(id) => format!("u|{id}|"),
            Self::Group(id) => format!("g|{id}|"),
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }
}

impl Target {
    /// The beginning of the keys of an actor's assignments on it.
    pub(crate) fn prefix(&self) -> String {
        match self {
            Self::Project(id) => format!("p|{id}|"),
            Self::Domain(id) => format!("d|{id}|"),
            Self::System => "s|all|".to_owned(),
        }
    }
}

impl Assignment {
    /// The one key that it can have: the same assignment twice is the same record.
    #[must_use]
    pub fn key(&self) -> String {
        let inherited = if self.inherited { "i" } else { "d" };
        format!("{}{}{}|{inherited}", self.actor.prefix(), self.target.prefix(), self.role_id)
    }
}
