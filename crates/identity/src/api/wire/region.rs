//! Regions.

use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::{Links, set};
use crate::api::place::Place;
use crate::model::{self, Extra};
use crate::service::{NewRegion, RegionUpdate};

#[derive(Serialize)]
pub(in crate::api) struct Region<'a> {
    id: &'a str,
    parent_region_id: Option<&'a str>,
    description: &'a str,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Region<'a> {
    pub(in crate::api) fn of(row: &'a model::Region, place: &Place) -> Self {
        Self {
            id: &row.id,
            parent_region_id: row.parent_region_id.as_deref(),
            description: &row.description,
            links: Links { itself: place.link(&format!("regions/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct Create {
    pub(in crate::api) region: CreateRegion,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateRegion {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    parent_region_id: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<CreateRegion> for NewRegion {
    fn from(wire: CreateRegion) -> Self {
        let mut extra = wire.extra;
        extra.remove("links");
        let description = wire.description.unwrap_or_default();
        Self { id: wire.id, parent_region_id: wire.parent_region_id, description, extra }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct Update {
    pub(in crate::api) region: UpdateRegion,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateRegion {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    parent_region_id: Patch<String>,
    #[serde(default)]
    description: Patch<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateRegion> for RegionUpdate {
    fn from(wire: UpdateRegion) -> Self {
        let mut extra = wire.extra;
        extra.remove("links");
        let description = match wire.description {
            Patch::Absent => None,
            Patch::Null => Some(String::new()),
            Patch::Set(text) => Some(text),
        };
        Self { parent_region_id: set(wire.parent_region_id), description, extra }
    }
}
