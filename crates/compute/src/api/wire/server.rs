//! A server as its JSON has it, by microversion and by what the caller may see.

use kogge_auth::Caller;
use kogge_clock::Timestamp;
use kogge_http::{BaseUrl, Microversion};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::address;
use super::parts::{FaultView, FlavorView, GroupView, ImageView, VolumeRef};
use crate::links::{self, Link};
use crate::microversion as v;
use crate::model::server::{Named, ROOT_DEVICE, Server};
use crate::model::state::{View, VmState, view};
use crate::service::servers::details::{Details, host_id};
use crate::service::sight::Sight;

/// A server in lists.
#[derive(Debug, serde::Serialize)]
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

/// A server with everything that the viewer may see. It is written straight into the answer: lists are long.
pub(crate) struct Detail<'a> {
    details: &'a Details,
    viewer: Viewer<'a>,
    parts: Parts,
    sight: Sight,
}

/// The servers of a list. The policy is asked once for each run of servers with the same owner.
pub(crate) fn details<'a>(servers: &'a [Details], viewer: Viewer<'a>) -> Vec<Detail<'a>> {
    let mut known: Option<(&Server, Sight)> = None;
    let mut all = Vec::with_capacity(servers.len());
    for details in servers {
        let server = &details.server;
        let same = known.filter(|(last, _)| last.project == server.project && last.user == server.user);
        let sight = same.map_or_else(|| Sight::of(viewer.caller, server), |(_, sight)| sight);
        known = Some((server, sight));
        all.push(Detail { details, viewer, parts: Parts::LIST, sight });
    }
    all
}

/// One server.
pub(crate) fn detail<'a>(details: &'a Details, viewer: Viewer<'a>, parts: Parts) -> Detail<'a> {
    Detail { details, viewer, parts, sight: Sight::of(viewer.caller, &details.server) }
}

impl Serialize for Detail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let state = view(&self.details.server);
        self.basics(&mut map, state)?;
        if self.parts.all {
            self.states(&mut map, state)?;
            if self.sight.extended {
                self.for_admins(&mut map)?;
            }
        }
        self.by_version(&mut map)?;
        map.end()
    }
}

fn put_if<M: SerializeMap, T: Serialize + ?Sized>(
    map: &mut M,
    shown: bool,
    name: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    if shown { map.serialize_entry(name, value) } else { Ok(()) }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

impl Detail<'_> {
    /// What every view has.
    fn basics<M: SerializeMap>(&self, map: &mut M, state: View) -> Result<(), M::Error> {
        let server = &self.details.server;
        let id = server.id.to_string();
        let building = state.vm_state == VmState::Building;
        let ports = if building { &[][..] } else { &self.details.ports[..] };
        let progress =
            matches!(state.status, "ACTIVE" | "BUILD" | "REBUILD" | "RESIZE" | "VERIFY_RESIZE" | "MIGRATING");
        map.serialize_entry("id", &id)?;
        map.serialize_entry("name", &server.name)?;
        map.serialize_entry("status", state.status)?;
        map.serialize_entry("tenant_id", &server.project)?;
        map.serialize_entry("user_id", &server.user)?;
        map.serialize_entry("metadata", &server.metadata)?;
        let host = server.placed.host.as_deref();
        map.serialize_entry("hostId", &host_id(server.project.as_str(), host))?;
        match self.image() {
            Some(image) => map.serialize_entry("image", &image)?,
            None => map.serialize_entry("image", "")?,
        }
        map.serialize_entry("flavor", &self.flavor())?;
        map.serialize_entry("created", &server.created_at.seconds_z())?;
        map.serialize_entry("updated", &server.updated_at.seconds_z())?;
        map.serialize_entry("addresses", &address::of(ports, self.parts.all))?;
        map.serialize_entry("accessIPv4", &text(server.access_v4))?;
        map.serialize_entry("accessIPv6", &text(server.access_v6))?;
        map.serialize_entry("links", &links::of(self.viewer.base, "servers", &id))?;
        let auto = server.spec.auto_disk_config;
        map.serialize_entry("OS-DCF:diskConfig", if auto { "AUTO" } else { "MANUAL" })?;
        put_if(map, progress, "progress", &0)?;
        match self.fault(state.status) {
            Some(fault) => map.serialize_entry("fault", &fault),
            None => Ok(()),
        }
    }

    /// What `GET` shows and, before 2.75, updates do not.
    fn states<M: SerializeMap>(&self, map: &mut M, state: View) -> Result<(), M::Error> {
        let server = &self.details.server;
        let ports = self.details.ports.iter();
        let mut groups: Vec<GroupView<'_>> =
            ports.flat_map(|port| port.groups.iter().map(|(_, name)| GroupView { name })).collect();
        if !server.was_built() && groups.is_empty() {
            groups.push(GroupView { name: "default" });
        }
        let launched = server.observed.launched_at.map(Timestamp::from_micros);
        map.serialize_entry("OS-EXT-AZ:availability_zone", &self.details.zone)?;
        map.serialize_entry("config_drive", if server.spec.config_drive { "True" } else { "" })?;
        map.serialize_entry("OS-SRV-USG:launched_at", &launched.map(Timestamp::micros))?;
        map.serialize_entry("OS-SRV-USG:terminated_at", &server.deleted_at.map(Timestamp::micros))?;
        put_if(map, !groups.is_empty(), "security_groups", &groups)?;
        map.serialize_entry("OS-EXT-STS:task_state", &state.task_state)?;
        map.serialize_entry("OS-EXT-STS:vm_state", state.vm_state.as_str())?;
        map.serialize_entry("OS-EXT-STS:power_state", &state.power_state)?;
        let shows_delete = self.viewer.version.has(v::EXTENDED_ATTRIBUTES);
        let volumes = server.volumes.iter().map(|one| VolumeRef::of(one, shows_delete));
        map.serialize_entry("os-extended-volumes:volumes_attached", &volumes.collect::<Vec<_>>())?;
        let status_seen = self.viewer.version.has(v::HOST_STATUS) && self.sight.host_status;
        put_if(map, status_seen, "host_status", self.details.host_status)?;
        let pinned = self.viewer.version.has(v::PINNED_ZONE);
        put_if(map, pinned, "pinned_availability_zone", &server.spec.zone)
    }

    fn for_admins<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let server = &self.details.server;
        let (host, number) = (&server.placed.host, server.id.to_string());
        map.serialize_entry("OS-EXT-SRV-ATTR:host", host)?;
        map.serialize_entry("OS-EXT-SRV-ATTR:instance_name", &format!("instance-{}", &number[..8]))?;
        map.serialize_entry("OS-EXT-SRV-ATTR:hypervisor_hostname", host)?;
        if self.viewer.version.has(v::EXTENDED_ATTRIBUTES) {
            map.serialize_entry("OS-EXT-SRV-ATTR:kernel_id", "")?;
            map.serialize_entry("OS-EXT-SRV-ATTR:launch_index", &server.spec.launch_index)?;
            map.serialize_entry("OS-EXT-SRV-ATTR:ramdisk_id", "")?;
            map.serialize_entry("OS-EXT-SRV-ATTR:reservation_id", &server.spec.reservation_id)?;
            map.serialize_entry("OS-EXT-SRV-ATTR:root_device_name", ROOT_DEVICE)?;
            put_if(map, self.parts.user_data, "OS-EXT-SRV-ATTR:user_data", &server.spec.user_data)?;
        }
        Ok(())
    }

    /// What came with microversions.
    fn by_version<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (server, version) = (&self.details.server, self.viewer.version);
        let key = server.spec.key.as_ref().map(|key| &key.name);
        let extended = self.parts.all && self.sight.extended && version.has(v::EXTENDED_ATTRIBUTES);
        let hostname = extended || version.has(v::HOSTNAME);
        let groups = self.parts.server_groups && version.has(v::SERVER_GROUPS);
        let reason = server.lock.as_ref().and_then(|lock| lock.reason.as_ref());
        put_if(map, self.parts.key, "key_name", &key)?;
        put_if(map, hostname, "OS-EXT-SRV-ATTR:hostname", &server.hostname)?;
        put_if(map, version.has(v::LOCKED), "locked", &server.lock.is_some())?;
        put_if(map, version.has(v::DESCRIPTION), "description", &server.description)?;
        put_if(map, version.has(v::TAGS), "tags", &server.tags)?;
        put_if(map, version.has(v::TRUSTED_CERTS), "trusted_image_certificates", &())?;
        put_if(map, groups, "server_groups", self.details.group.as_slice())?;
        put_if(map, version.has(v::LOCKED_REASON), "locked_reason", &reason)?;
        if version.has(v::SCHEDULER_HINTS) {
            let none = serde_json::Map::new();
            map.serialize_entry("scheduler_hints", server.spec.hints.as_ref().unwrap_or(&none))?;
        }
        Ok(())
    }

    fn fault(&self, status: &str) -> Option<FaultView<'_>> {
        let fault = self.details.server.fault().filter(|_| matches!(status, "ERROR" | "DELETED"))?;
        let created = Timestamp::from_micros(fault.at).seconds_z();
        let shown = self.sight.fault_details && !fault.details.is_empty();
        let details = shown.then_some(fault.details.as_str());
        Some(FaultView { code: fault.code, created, message: &fault.message, details })
    }

    /// Nothing is an empty text there, as in Nova.
    fn image(&self) -> Option<ImageView<'_>> {
        let image = self.details.server.image.as_ref()?;
        let links = [links::bookmark(self.viewer.base, "images", &image.id.to_string())];
        let properties = self.viewer.version.has(v::IMAGE_PROPERTIES).then_some(&image.properties);
        Some(ImageView { id: image.id, links, properties })
    }

    fn flavor(&self) -> FlavorView<'_> {
        let shape = &self.details.server.shape;
        if self.viewer.version.before(v::EMBEDDED_FLAVOR) {
            let links = [links::bookmark(self.viewer.base, "flavors", shape.id.as_str())];
            return FlavorView::Link { id: &shape.id, links };
        }
        FlavorView::Embedded {
            vcpus: shape.vcpus,
            ram: shape.ram_mib,
            disk: shape.disk_gib,
            ephemeral: shape.ephemeral_gib,
            swap: shape.swap_mib,
            original_name: &shape.name,
            extra_specs: self.sight.extra_specs.then_some(&shape.extra_specs),
        }
    }
}
