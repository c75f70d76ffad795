//! Services and endpoints.

use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::{Links, set};
use crate::api::place::Place;
use crate::model::{self, Extra, Interface};
use crate::service::{EndpointUpdate, NewEndpoint, NewService, ServiceUpdate};
use crate::snapshot::absolute;

#[derive(Serialize)]
pub(in crate::api) struct Service<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    enabled: bool,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Service<'a> {
    pub(in crate::api) fn of(row: &'a model::Service, place: &Place) -> Self {
        Self {
            id: &row.id,
            kind: &row.kind,
            enabled: row.enabled,
            links: Links { itself: place.link(&format!("services/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CreateServiceBody {
    pub(in crate::api) service: CreateService,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateService {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(flatten)]
    extra: Extra,
}

const fn yes() -> bool {
    true
}

fn kept(mut extra: Extra) -> Extra {
    ["id", "links"].iter().for_each(|key| drop(extra.remove(*key)));
    extra
}

impl From<CreateService> for NewService {
    fn from(wire: CreateService) -> Self {
        Self { kind: wire.kind, enabled: wire.enabled, extra: kept(wire.extra) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct UpdateServiceBody {
    pub(in crate::api) service: UpdateService,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateService {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateService> for ServiceUpdate {
    fn from(wire: UpdateService) -> Self {
        Self { kind: wire.kind, enabled: wire.enabled, extra: kept(wire.extra) }
    }
}

#[derive(Serialize)]
pub(in crate::api) struct Endpoint<'a> {
    id: &'a str,
    interface: Interface,
    region_id: Option<&'a str>,
    region: Option<&'a str>,
    service_id: &'a str,
    url: String,
    enabled: bool,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Endpoint<'a> {
    pub(in crate::api) fn of(row: &'a model::Endpoint, place: &Place) -> Self {
        Self {
            id: &row.id,
            interface: row.interface,
            region_id: row.region_id.as_deref(),
            region: row.region_id.as_deref(),
            service_id: &row.service_id,
            url: absolute(&row.url, place.base.root()),
            enabled: row.enabled,
            links: Links { itself: place.link(&format!("endpoints/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CreateEndpointBody {
    pub(in crate::api) endpoint: CreateEndpoint,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateEndpoint {
    service_id: String,
    interface: Interface,
    #[serde(default)]
    region_id: Option<String>,
    #[serde(default)]
    region: Option<String>,
    url: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(flatten)]
    extra: Extra,
}

impl From<CreateEndpoint> for NewEndpoint {
    fn from(wire: CreateEndpoint) -> Self {
        Self {
            service_id: wire.service_id,
            interface: wire.interface,
            makes_region: wire.region_id.is_none(),
            region_id: wire.region_id.or(wire.region),
            url: wire.url,
            enabled: wire.enabled,
            extra: kept(wire.extra),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct UpdateEndpointBody {
    pub(in crate::api) endpoint: UpdateEndpoint,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateEndpoint {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    service_id: Option<String>,
    #[serde(default)]
    interface: Option<Interface>,
    #[serde(default)]
    region_id: Patch<String>,
    #[serde(default)]
    region: Patch<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateEndpoint> for EndpointUpdate {
    fn from(wire: UpdateEndpoint) -> Self {
        let makes_region = wire.region_id.is_absent();
        let region = if makes_region { wire.region } else { wire.region_id };
        Self {
            service_id: wire.service_id,
            interface: wire.interface,
            region_id: set(region),
            url: wire.url,
            enabled: wire.enabled,
            extra: kept(wire.extra),
            makes_region,
        }
    }
}
