//! Roles, and what implies what.

use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::{Links, Options, set};
use crate::api::place::Place;
use crate::model::{self, Extra};
use crate::service::{NewRole, RoleUpdate};

#[derive(Serialize)]
pub(in crate::api) struct Role<'a> {
    id: &'a str,
    name: &'a str,
    domain_id: Option<&'a str>,
    description: Option<&'a str>,
    options: Options,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Role<'a> {
    pub(in crate::api) fn of(row: &'a model::Role, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            domain_id: row.domain_id.as_deref(),
            description: row.description.as_deref(),
            options: Options::of(row.immutable),
            links: Links { itself: place.link(&format!("roles/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Create {
    pub(in crate::api) role: CreateRole,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateRole {
    name: String,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    options: Options,
    #[serde(flatten)]
    extra: Extra,
}

impl From<CreateRole> for NewRole {
    fn from(wire: CreateRole) -> Self {
        let mut extra = wire.extra;
        ["id", "links"].iter().for_each(|key| drop(extra.remove(*key)));
        let immutable = wire.options.immutable.flatten();
        Self { name: wire.name, domain_id: wire.domain_id, description: wire.description, immutable, extra }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Update {
    pub(in crate::api) role: UpdateRole,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateRole {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    description: Patch<String>,
    #[serde(default)]
    options: Options,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateRole> for RoleUpdate {
    fn from(wire: UpdateRole) -> Self {
        let mut extra = wire.extra;
        extra.remove("links");
        let (description, immutable) = (set(wire.description), wire.options.immutable);
        Self { name: wire.name, domain_id: wire.domain_id, description, immutable, extra }
    }
}

/// A role in an implication.
#[derive(Serialize)]
pub(in crate::api) struct Named<'a> {
    id: &'a str,
    name: &'a str,
    links: Links,
}

impl<'a> Named<'a> {
    pub(in crate::api) fn of(row: &'a model::Role, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            links: Links { itself: place.link(&format!("roles/{}", row.id)) },
        }
    }
}

/// An implication: `implies` is one role or a list.
#[derive(Serialize)]
pub(in crate::api) struct Inference<'a, T> {
    pub(in crate::api) prior_role: Named<'a>,
    pub(in crate::api) implies: T,
}

/// An implication with the link to itself.
#[derive(Serialize)]
pub(in crate::api) struct InferenceBody<'a, T> {
    pub(in crate::api) role_inference: Inference<'a, T>,
    pub(in crate::api) links: Links,
}

/// All implications.
#[derive(Serialize)]
pub(in crate::api) struct Inferences<'a> {
    pub(in crate::api) role_inferences: Vec<Inference<'a, Vec<Named<'a>>>>,
}
