//! Groups.

use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::Links;
use crate::api::place::{Place, Placed as _};
use crate::model::{self, Extra};
use crate::service::{GroupUpdate, NewGroup};

#[derive(Serialize)]
pub(in crate::api) struct Group<'a> {
    id: &'a str,
    name: &'a str,
    domain_id: &'a str,
    description: &'a str,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Group<'a> {
    pub(in crate::api) fn of(row: &'a model::Group, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            domain_id: &row.domain_id,
            description: &row.description,
            links: Links { itself: place.link(&format!("groups/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Create {
    pub(in crate::api) group: CreateGroup,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateGroup {
    name: String,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<CreateGroup> for NewGroup {
    fn from(wire: CreateGroup) -> Self {
        let mut extra = wire.extra;
        ["id", "links"].iter().for_each(|key| drop(extra.remove(*key)));
        let description = wire.description.unwrap_or_default();
        Self { name: wire.name, domain_id: wire.domain_id, description, extra }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Update {
    pub(in crate::api) group: UpdateGroup,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateGroup {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    description: Patch<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateGroup> for GroupUpdate {
    fn from(wire: UpdateGroup) -> Self {
        let mut extra = wire.extra;
        extra.remove("links");
        let description = match wire.description {
            Patch::Absent => None,
            Patch::Null => Some(String::new()),
            Patch::Set(text) => Some(text),
        };
        Self { name: wire.name, domain_id: wire.domain_id, description, extra }
    }
}
