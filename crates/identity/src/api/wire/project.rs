//! Projects and domains.

use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::{Links, Options};
use crate::api::place::{Place, Placed as _};
use crate::model::{self, Extra};
use crate::service::{NewProject, ProjectUpdate};

/// A project.
#[derive(Serialize)]
pub(in crate::api) struct Project<'a> {
    pub(in crate::api) id: &'a str,
    name: &'a str,
    domain_id: Option<&'a str>,
    description: &'a str,
    enabled: bool,
    parent_id: Option<&'a str>,
    is_domain: bool,
    tags: &'a [String],
    options: Options,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

/// A domain.
#[derive(Serialize)]
pub(in crate::api) struct Domain<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    enabled: bool,
    tags: &'a [String],
    options: Options,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Project<'a> {
    pub(in crate::api) fn of(row: &'a model::Project, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            domain_id: row.domain_id.as_deref(),
            description: &row.description,
            enabled: row.enabled,
            parent_id: row.parent_id.as_deref(),
            is_domain: row.is_domain,
            tags: &row.tags,
            options: Options::of(row.immutable),
            links: Links { itself: place.link(&format!("projects/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

impl<'a> Domain<'a> {
    pub(in crate::api) fn of(row: &'a model::Project, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            description: &row.description,
            enabled: row.enabled,
            tags: &row.tags,
            options: Options::of(row.immutable),
            links: Links { itself: place.link(&format!("domains/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CreateProject {
    pub(in crate::api) project: Create,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CreateDomain {
    pub(in crate::api) domain: Create,
}

#[derive(Deserialize)]
pub(in crate::api) struct Create {
    name: String,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    parent_id: Option<String>,
    #[serde(default)]
    is_domain: bool,
    #[serde(default)]
    description: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    pub(in crate::api) explicit_domain_id: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

const fn yes() -> bool {
    true
}

impl From<Create> for NewProject {
    fn from(wire: Create) -> Self {
        let mut extra = wire.extra;
        ["id", "links"].iter().for_each(|key| drop(extra.remove(*key)));
        Self {
            name: wire.name,
            domain_id: wire.domain_id,
            parent_id: wire.parent_id,
            is_domain: wire.is_domain,
            description: wire.description.unwrap_or_default(),
            enabled: wire.enabled,
            tags: wire.tags,
            immutable: wire.options.immutable.flatten(),
            extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct UpdateProject {
    pub(in crate::api) project: Update,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct UpdateDomain {
    pub(in crate::api) domain: Update,
}

#[derive(Deserialize)]
pub(in crate::api) struct Update {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    parent_id: Option<String>,
    #[serde(default)]
    is_domain: Option<bool>,
    #[serde(default)]
    description: Patch<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    options: Options,
    #[serde(flatten)]
    extra: Extra,
}

impl From<Update> for ProjectUpdate {
    fn from(wire: Update) -> Self {
        let mut extra = wire.extra;
        extra.remove("links");
        let description = match wire.description {
            Patch::Absent => None,
            Patch::Null => Some(String::new()),
            Patch::Set(text) => Some(text),
        };
        Self {
            name: wire.name,
            domain_id: wire.domain_id,
            parent_id: wire.parent_id,
            is_domain: wire.is_domain,
            description,
            enabled: wire.enabled,
            tags: wire.tags,
            immutable: wire.options.immutable,
            extra,
        }
    }
}
