//! `/messages`: what went wrong behind the requests of a project.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, text};
use kogge_db::{Direction, SortKey};
use kogge_http::VersionRange;
use kogge_resource::{Call, Delete, List, Listing, Names, Resource, Verb};
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::message::Message;
use crate::{Volumes, microversion as v, policy};

/// Messages.
pub(crate) struct Messages;

impl Resource for Messages {
    type Service = Volumes;
    type Row = Message;
    type More = ();

    const NAMES: Names = Names::new("message", "messages", "/v3/messages", "/v3/messages/{id}");
    const VERSIONS: VersionRange = VersionRange { since: Some(v::MESSAGES), until: None };
    const READ: Rule = policy::MESSAGE_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::NotFound(format!("Message {id} could not be found."))
    }

    fn id(row: &Message) -> String {
        row.id.to_string()
    }

    fn target(row: &Message) -> Target<'_> {
        Target::project(row.project_id.as_str())
    }

    fn view(call: &Call<Volumes>, row: &Message, (): &(), _: Verb) -> Value {
        let mut view = json!({
            "id": row.id,
            "event_id": row.event_id,
            "user_message": row.text(),
            "message_level": row.level,
            "created_at": row.created_at.micros(),
            "guaranteed_until": row.expires_at.micros(),
            "request_id": row.request_id,
            "links": super::links(call, "messages", &row.id.to_string()),
        });
        if let Some(about) = row.resource_type {
            view["resource_type"] = json!(about);
        }
        if let Some(id) = &row.resource_id {
            view["resource_uuid"] = json!(id);
        }
        view
    }
}

const SORT_KEYS: &[SortKey] = &[
    by("id"),
    by("created_at"),
    by("event_id"),
    SortKey { name: "message_level", expression: "level" },
    SortKey { name: "resource_uuid", expression: "COALESCE(resource_id, '')" },
    SortKey { name: "resource_type", expression: "COALESCE(resource_type, '')" },
    SortKey { name: "request_id", expression: "COALESCE(request_id, '')" },
];

impl List for Messages {
    const RULE: Rule = policy::MESSAGE_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[&[
            text("resource_uuid", "resource_id = ?"),
            text("resource_type", "resource_type = ?"),
            text("event_id", "event_id = ?"),
            text("request_id", "request_id = ?"),
            text("message_level", "level = ?"),
        ]],
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending)],
        pages_since: Some(v::MESSAGE_PAGES),
        ..Listing::OWN
    };
}

impl Delete for Messages {
    const RULE: Rule = policy::MESSAGE_DELETE;
}

#[cfg(test)]
mod tests;
