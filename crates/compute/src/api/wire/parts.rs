//! Parts of the view of a server, borrowed from it.

use std::collections::BTreeMap;

use kogge_ids::{FlavorId, ImageId};
use serde::Serialize;

use crate::links::Link;

/// The image that it was made from.
#[derive(Serialize)]
pub(crate) struct ImageView<'a> {
    pub(crate) id: ImageId,
    pub(crate) links: [Link; 1],
    /// Since 2.98.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) properties: Option<&'a BTreeMap<String, String>>,
}

/// What it is made of.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum FlavorView<'a> {
    /// Before 2.47: where the flavor is.
    Link { id: &'a FlavorId, links: [Link; 1] },
    /// Since 2.47: what it was when the server was made.
    Embedded {
        vcpus: u32,
        ram: u64,
        disk: u64,
        ephemeral: u64,
        swap: u64,
        original_name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        extra_specs: Option<&'a BTreeMap<String, String>>,
    },
}

/// A security group.
#[derive(Serialize)]
pub(crate) struct GroupView<'a> {
    pub(crate) name: &'a str,
}

/// What went wrong.
#[derive(Serialize)]
pub(crate) struct FaultView<'a> {
    pub(crate) code: i64,
    pub(crate) created: String,
    pub(crate) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<&'a str>,
}

/// A volume as servers show it.
#[derive(Debug, serde::Serialize)]
pub(super) struct VolumeRef {
    id: kogge_ids::VolumeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_on_termination: Option<bool>,
}

impl VolumeRef {
    pub(super) fn of(volume: &crate::model::server::ServerVolume, shows_delete: bool) -> Self {
        Self { id: volume.volume, delete_on_termination: shows_delete.then_some(volume.delete) }
    }
}
