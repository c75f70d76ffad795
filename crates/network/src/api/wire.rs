//! What answers look like, attribute by attribute as upstream's.

pub(crate) mod l3;
pub(crate) mod networks;
pub(crate) mod ports;
pub(crate) mod security;

use kogge_clock::Timestamp;
use serde_json::{Value, json};

use crate::attributes::Body;

/// An object's members.
pub(crate) fn members(value: Value) -> Body {
    match value {
        Value::Object(body) => body,
        _ => Body::new(),
    }
}

/// What nearly every resource has.
pub(crate) struct Standard<'a> {
    pub(crate) project: &'a str,
    pub(crate) description: &'a str,
    pub(crate) tags: &'a [String],
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) revision: i64,
}

impl Standard<'_> {
    /// Adds them.
    pub(crate) fn add(&self, mut body: Body) -> Body {
        body.extend(members(json!({
            "tenant_id": self.project,
            "project_id": self.project,
            "description": self.description,
            "tags": self.tags,
            "created_at": self.created.seconds_z(),
            "updated_at": self.updated.seconds_z(),
            "revision_number": self.revision,
        })));
        body
    }
}

/// The standard attributes of a row.
macro_rules! standard {
    ($row:expr) => {
        $crate::api::wire::standard!($row, &$row.project_id)
    };
    ($row:expr, $project:expr) => {
        $crate::api::wire::Standard {
            project: $project,
            description: &$row.description,
            tags: &$row.tags.0,
            created: $row.created_at,
            updated: $row.updated_at,
            revision: $row.revision_number,
        }
    };
}
pub(crate) use standard;
