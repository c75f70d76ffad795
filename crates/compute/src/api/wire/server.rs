//! A server as its JSON has it, by microversion and by what the caller may see.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_http::{BaseUrl, Microversion};
use serde::Serialize;
use serde_json::Value;

use super::address::{self, Addresses};
use crate::links::{self, Link};
use crate::microversion as v;
use crate::model::server::{Named, Server};
use crate::model::state::{View, VmState, view};
use crate::service::servers::details::{Details, host_id};
use crate::service::sight::Sight;

/// A server in lists.
#[derive(Debug, Serialize)]
pub(crate) struct Brief {
    id: String,
    name: String,
    links: [Link; 2],
}

/// Which parts a view shows besides those that every one does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Everything that `GET` shows; before 2.75, updates and rebuilds show less.
    pub(crate) all: bool,
    /// The key, which rebuilds show from 2.54 on.
    pub(crate) key: bool,
    /// The groups that it is in: not in lists.
    pub(crate) server_groups: bool,
    /// The user data among what admins see: not in the answer to a rebuild.
    pub(crate) user_data: bool,
}

impl Parts {
    /// `GET /servers/{id}`
    pub(crate) const SHOW: Self = Self { all: true, key: true, server_groups: true, user_data: true };
    /// `GET /servers/detail`
    pub(crate) const LIST: Self = Self { server_groups: false, ..Self::SHOW };

    /// `PUT /servers/{id}`
    pub(crate) fn update(version: Microversion) -> Self {
        let all = version.has(v::STRICT_QUERY);
        Self { all, key: all, ..Self::SHOW }
    }

    /// The rebuild action.
    pub(crate) fn rebuild(version: Microversion) -> Self {
        let all = version.has(v::STRICT_QUERY);
        Self { all, key: version.has(v::REBUILD_KEY), user_data: false, ..Self::SHOW }
    }
}

/// A server with everything. Fields of `Option` are left out where they are `None`; `Value` may be null.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    id: String,
    name: String,
    status: &'static str,
    tenant_id: String,
    user_id: String,
    metadata: BTreeMap<String, String>,
    #[serde(rename = "hostId")]
    host_id: String,
    image: Image,
    flavor: Flavor,
    created: String,
    updated: String,
    addresses: Addresses,
    #[serde(rename = "accessIPv4")]
    access_v4: String,
    #[serde(rename = "accessIPv6")]
    access_v6: String,
    links: [Link; 2],
    #[serde(rename = "OS-DCF:diskConfig")]
    disk_config: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    more: Option<More>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<Value>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    admin: Option<ForAdmins>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    admin_2_3: Option<MoreForAdmins>,
    #[serde(rename = "OS-EXT-SRV-ATTR:user_data", skip_serializing_if = "Option::is_none")]
    user_data: Option<Value>,
    #[serde(rename = "OS-EXT-SRV-ATTR:hostname", skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_image_certificates: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_reason: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned_availability_zone: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler_hints: Option<Value>,
}

/// What `GET` shows and, before 2.75, updates do not.
#[derive(Debug, Serialize)]
struct More {
    #[serde(rename = "OS-EXT-AZ:availability_zone")]
    zone: String,
    config_drive: &'static str,
    #[serde(rename = "OS-SRV-USG:launched_at")]
    launched_at: Option<String>,
    #[serde(rename = "OS-SRV-USG:terminated_at")]
    terminated_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    security_groups: Vec<Group>,
    #[serde(rename = "OS-EXT-STS:task_state")]
    task_state: Option<&'static str>,
    #[serde(rename = "OS-EXT-STS:vm_state")]
    vm_state: &'static str,
    #[serde(rename = "OS-EXT-STS:power_state")]
    power_state: i64,
    #[serde(rename = "os-extended-volumes:volumes_attached")]
    volumes: [String; 0],
}

#[derive(Debug, Serialize)]
struct ForAdmins {
    #[serde(rename = "OS-EXT-SRV-ATTR:host")]
    host: Option<String>,
    #[serde(rename = "OS-EXT-SRV-ATTR:instance_name")]
    instance_name: String,
    #[serde(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname")]
    node: Option<String>,
}

#[derive(Debug, Serialize)]
struct MoreForAdmins {
    #[serde(rename = "OS-EXT-SRV-ATTR:kernel_id")]
    kernel_id: &'static str,
    #[serde(rename = "OS-EXT-SRV-ATTR:launch_index")]
    launch_index: u32,
    #[serde(rename = "OS-EXT-SRV-ATTR:ramdisk_id")]
    ramdisk_id: &'static str,
    #[serde(rename = "OS-EXT-SRV-ATTR:reservation_id")]
    reservation_id: String,
    #[serde(rename = "OS-EXT-SRV-ATTR:root_device_name")]
    root_device_name: &'static str,
}

#[derive(Debug, Serialize)]
struct Group {
    name: String,
}

#[derive(Debug, Serialize)]
struct Fault {
    code: i64,
    created: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

#[derive(Debug, Serialize)]
struct Image {
    id: String,
    links: [Link; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Flavor {
    Linked {
        id: String,
        links: [Link; 1],
    },
    Embedded {
        vcpus: u32,
        ram: u64,
        disk: u64,
        ephemeral: u64,
        swap: u64,
        original_name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        extra_specs: Option<BTreeMap<String, String>>,
    },
}

/// A server as lists have it.
pub(crate) fn brief(server: Named, base: &BaseUrl) -> Brief {
    let id = server.id.to_string();
    Brief { links: links::of(base, "servers", &id), id, name: server.name }
}

/// What a view is made for.
#[derive(Clone, Copy)]
pub(crate) struct Viewer<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) version: Microversion,
    pub(crate) base: &'a BaseUrl,
}

/// The servers of a list. The policy is asked once for each run of servers with the same owner.
pub(crate) fn details(servers: &[Details], viewer: Viewer<'_>) -> Vec<Detail> {
    let mut known: Option<(&Server, Sight)> = None;
    let mut all = Vec::with_capacity(servers.len());
    for one in servers {
        let server = &one.server;
        let same = known.filter(|(last, _)| last.project == server.project && last.user == server.user);
        let rights = same.map_or_else(|| Sight::of(viewer.caller, server), |(_, rights)| rights);
        known = Some((server, rights));
        all.push(detail_by(one, viewer, Parts::LIST, rights));
    }
    all
}

/// A server with everything that the viewer may see.
pub(crate) fn detail(details: &Details, viewer: Viewer<'_>, parts: Parts) -> Detail {
    detail_by(details, viewer, parts, Sight::of(viewer.caller, &details.server))
}

fn detail_by(details: &Details, viewer: Viewer<'_>, parts: Parts, rights: Sight) -> Detail {
    let Viewer { version, base, .. } = viewer;
    let server = &details.server;
    let state = view(server);
    let id = server.id.to_string();
    let admin = parts.all && rights.extended;
    let admin_2_3 = admin && version.has(v::EXTENDED_ATTRIBUTES);
    let null = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    let building = state.vm_state == VmState::Building;
    let ports = if building { &[][..] } else { &details.ports[..] };
    let status_seen = parts.all && version.has(v::HOST_STATUS);
    Detail {
        name: server.name.clone(),
        status: state.status,
        tenant_id: server.project.to_string(),
        user_id: server.user.to_string(),
        metadata: server.metadata.clone(),
        host_id: host_id(server.project.as_str(), server.placed.host.as_deref()),
        image: image(server, viewer),
        flavor: flavor(server, viewer, rights),
        created: server.created_at.seconds_z(),
        updated: server.updated_at.seconds_z(),
        addresses: address::of(ports, parts.all),
        access_v4: server.access_v4.map_or_else(String::new, |address| address.to_string()),
        access_v6: server.access_v6.map_or_else(String::new, |address| address.to_string()),
        links: links::of(base, "servers", &id),
        disk_config: if server.spec.auto_disk_config { "AUTO" } else { "MANUAL" },
        progress: progress(state.status),
        fault: fault(server, rights, state.status),
        more: parts.all.then(|| more(details, state)),
        key_name: parts.key.then(|| null(&server.spec.key.as_ref().map(|key| key.name.clone()))),
        admin: admin.then(|| ForAdmins {
            host: server.placed.host.clone(),
            instance_name: format!("instance-{}", &id[..8]),
            node: server.placed.host.clone(),
        }),
        admin_2_3: admin_2_3.then(|| MoreForAdmins {
            kernel_id: "",
            launch_index: server.spec.launch_index,
            ramdisk_id: "",
            reservation_id: server.spec.reservation_id.clone(),
            root_device_name: "/dev/vda",
        }),
        user_data: (admin_2_3 && parts.user_data).then(|| null(&server.spec.user_data)),
        hostname: (admin_2_3 || version.has(v::HOSTNAME)).then(|| server.hostname.clone()),
        locked: version.has(v::LOCKED).then_some(server.lock.is_some()),
        host_status: (status_seen && rights.host_status).then_some(details.host_status),
        description: version.has(v::DESCRIPTION).then(|| null(&server.description)),
        tags: version.has(v::TAGS).then(|| server.tags.clone()),
        trusted_image_certificates: version.has(v::TRUSTED_CERTS).then_some(Value::Null),
        server_groups: (parts.server_groups && version.has(v::SERVER_GROUPS))
            .then(|| details.group.iter().map(ToString::to_string).collect()),
        locked_reason: version
            .has(v::LOCKED_REASON)
            .then(|| null(&server.lock.as_ref().and_then(|lock| lock.reason.clone()))),
        pinned_availability_zone: (parts.all && version.has(v::PINNED_ZONE)).then(|| null(&server.spec.zone)),
        scheduler_hints: version
            .has(v::SCHEDULER_HINTS)
            .then(|| Value::Object(server.spec.hints.clone().unwrap_or_default())),
        id,
    }
}

fn progress(status: &str) -> Option<u8> {
    matches!(status, "ACTIVE" | "BUILD" | "REBUILD" | "RESIZE" | "VERIFY_RESIZE" | "MIGRATING").then_some(0)
}

fn more(details: &Details, state: View) -> More {
    let server = &details.server;
    let mut groups: Vec<String> =
        details.ports.iter().flat_map(|port| port.groups.iter().map(|(_, name)| name.clone())).collect();
    if !server.was_built() && groups.is_empty() {
        groups.push("default".to_owned());
    }
    let launched = server.observed.launched_at.map(kogge_clock::Timestamp::from_micros);
    More {
        zone: details.zone.clone(),
        config_drive: if server.spec.config_drive { "True" } else { "" },
        launched_at: launched.map(kogge_clock::Timestamp::micros),
        terminated_at: server.deleted_at.map(kogge_clock::Timestamp::micros),
        security_groups: groups.into_iter().map(|name| Group { name }).collect(),
        task_state: state.task_state,
        vm_state: state.vm_state.as_str(),
        power_state: state.power_state,
        volumes: [],
    }
}

fn fault(server: &Server, rights: Sight, status: &str) -> Option<Fault> {
    let fault = server.fault().filter(|_| matches!(status, "ERROR" | "DELETED"))?;
    Some(Fault {
        code: fault.code,
        created: kogge_clock::Timestamp::from_micros(fault.at).seconds_z(),
        message: fault.message.clone(),
        details: (rights.fault_details && !fault.details.is_empty()).then(|| fault.details.clone()),
    })
}

fn image(server: &Server, viewer: Viewer<'_>) -> Image {
    let id = server.image.id.to_string();
    Image {
        links: [links::bookmark(viewer.base, "images", &id)],
        id,
        properties: viewer.version.has(v::IMAGE_PROPERTIES).then(|| server.image.properties.clone()),
    }
}

fn flavor(server: &Server, viewer: Viewer<'_>, rights: Sight) -> Flavor {
    let shape = &server.shape;
    if viewer.version.before(v::EMBEDDED_FLAVOR) {
        let id = shape.id.to_string();
        return Flavor::Linked { links: [links::bookmark(viewer.base, "flavors", &id)], id };
    }
    Flavor::Embedded {
        vcpus: shape.vcpus,
        ram: shape.ram_mib,
        disk: shape.disk_gib,
        ephemeral: shape.ephemeral_gib,
        swap: shape.swap_mib,
        original_name: shape.name.clone(),
        extra_specs: rights.extra_specs.then(|| shape.extra_specs.clone()),
    }
}
