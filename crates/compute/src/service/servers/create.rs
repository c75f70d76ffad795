//! Making servers: everything is checked, then one transaction writes them with their ports.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::{Record as _, Tx};
use kogge_ids::{NetworkId, PortId, ProjectId, SecurityGroupId, ServerId, UserId};
use kogge_node_api::Hardware;

use super::boot::{numbered, password, reservation, seed};
use super::change::note;
use super::labels::{check_files, check_metadata, distinct};
use super::mapped::disks_of;
use super::planned::{PlannedVolume, root_properties};
use super::wanted::{Networks, NewServers, Wish, invalid_if_missing};
use crate::error::{Error, Result};
use crate::lower::image::{boots_on, is_active};
use crate::lower::network::WantedPort;
use crate::model::bounds;
use crate::model::flavor::Shape;
use crate::model::hardware;
use crate::model::hostname;
use crate::model::keypair::{Keypair, ServerKey};
use crate::model::quota::{self, Limits, Usage};
use crate::model::server::{BirthDisk, BootedImage, Intent, LocalDisks, Nic, Observed, Placed, Server, Spec};
use crate::model::server_group::ServerGroup;
use crate::resources::server_groups;
use crate::store::{quotas, servers as store};
use crate::{Compute, policy};

/// Refuses empty disks for which the flavor has no room.
fn check_local(local: &LocalDisks, shape: &Shape) -> Result<()> {
    let (ephemeral, swap) = local.on(shape);
    let larger = |what: &str| Err(Error::Invalid(format!("{what} larger than the instance type allows.")));
    if ephemeral.iter().sum::<u64>() > shape.ephemeral_gib {
        return larger("Ephemeral disks requested are");
    }
    if swap > shape.swap_mib { larger("Swap drive requested is") } else { Ok(()) }
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    /// The first of the servers; the others are like it.
    pub(crate) first: ServerId,
    /// The password of all of them.
    pub(crate) admin_password: String,
    /// The id of the request.
    pub(crate) reservation_id: String,
}

/// Everything that was looked up for a request.
struct Plan {
    project: ProjectId,
    shape: Shape,
    image: Option<BootedImage>,
    disk: BirthDisk,
    local: LocalDisks,
    hardware: Hardware,
    /// What the volume says that it boots from, where it has no image.
    properties: BTreeMap<String, String>,
    volumes: Vec<PlannedVolume>,
    key: Option<ServerKey>,
    zone: Option<String>,
    host: Option<String>,
    wishes: Vec<Wish>,
    groups: Vec<SecurityGroupId>,
    company: Option<ServerGroup>,
    tags: Vec<String>,
    admin_password: String,
    reservation_id: String,
}

impl Compute {
    /// Makes servers.
    pub(crate) async fn create_servers(&self, caller: &Caller, new: NewServers) -> Result<Made> {
        let plan = self.plan(caller, &new).await?;
        self.has_room()?;
        let most = self.config().max_servers_per_request;
        if new.min_count > most {
            let why = format!("min_count is {}; one request makes {most} servers at most.", new.min_count);
            return Err(Error::Invalid(why));
        }
        let at_once = new.max_count.min(most);
        let mut tx = self.db().begin().await?;
        quotas::take_turn(&mut tx, plan.project.as_str()).await?;
        let mut limits = quotas::limits(&mut tx, plan.project.as_str(), &self.config().quota).await?;
        check_metadata(new.metadata.len(), &limits)?;
        check_files(&new.files, &limits)?;
        let used = quotas::usage(&mut tx, plan.project.as_str()).await?;
        let most = i64::from(self.config().max_servers_per_project);
        limits.insert("instances".to_owned(), bounds::capped(limits.get("instances").copied(), most));
        let count = affordable(&limits, used, &plan.shape, new.min_count, at_once)?;
        if let Some(group) = &plan.company {
            let limit = bounds::capped(limits.get("server_group_members").copied(), bounds::GROUP_MEMBERS);
            let opened = self.open_group_in(&mut tx, caller, group, limit, count).await;
            opened.map_err(invalid_if_missing)?;
        }
        let mut made = Vec::new();
        for index in 0..count {
            made.push(self.write(&mut tx, caller, &new, &plan, index, count).await?);
        }
        if let Some(image) = &plan.image {
            self.hold_image(&mut tx, image.id, &made).await?;
        }
        quotas::moved(&mut tx, plan.project.as_str(), Usage::of_servers(&plan.shape, count)).await?;
        tx.commit().await?;
        self.wakes().place.wake();
        let first = made.first().copied();
        let first = first.ok_or_else(|| Error::Invalid("min_count must be 1 or more".to_owned()))?;
        Ok(Made { first, admin_password: plan.admin_password, reservation_id: plan.reservation_id })
    }

    async fn plan(&self, caller: &Caller, new: &NewServers) -> Result<Plan> {
        let zone_target = new.zone.clone().unwrap_or_default();
        let target = Target::own(caller).attr("availability_zone", zone_target.as_str());
        caller.allow(&policy::SERVERS_CREATE, &target)?;
        let project = caller.project_id().cloned();
        let project = project.ok_or_else(|| {
            Error::Forbidden("A server belongs to a project: ask for a token with project scope.".to_owned())
        })?;
        if new.trusted_certs {
            caller.allow(&policy::SERVERS_CREATE_TRUSTED_CERTS, &target)?;
            let why = "Certificate image validation failed: this cloud verifies no image signatures; leave \
                       trusted_image_certificates out.";
            return Err(Error::Invalid(why.to_owned()));
        }
        let (zone, host) = self.destination(caller, new, &target).await?;
        let shape = self.flavor(caller, &new.flavor).await.map_err(invalid_if_missing)?;
        let image = match &new.image {
            Some(image) => Some(self.image_for(caller, image, "Can not find requested image").await?),
            None => None,
        };
        let disks = disks_of(new, image.as_ref())?;
        check_local(&disks.local, &shape)?;
        let volumes = self.plan_volumes(caller, &disks.volumes, new.max_count, &target).await?;
        let (image, disk, hardware, properties) = match &image {
            Some(image) if disks.of_image => {
                let (image, disk, hardware) = boots_on(image, &shape)?;
                (Some(image), disk, hardware, BTreeMap::new())
            }
            image => {
                image.as_ref().map_or(Ok(()), |image| is_active(image, &shape))?;
                let properties = root_properties(&volumes, image.as_ref());
                let made = hardware::make(&shape, &properties).map_err(Error::Invalid)?;
                let disk = BirthDisk { bus: made.bus, firmware: made.firmware, ..BirthDisk::default() };
                (None, disk, made.hardware, properties)
            }
        };
        if image.is_some() && shape.disk_gib == 0 && !caller.may(&policy::SERVERS_CREATE_ZERO_DISK, &target) {
            let why = "Only volume-backed servers are allowed for flavors with zero disk.";
            return Err(Error::Forbidden(why.to_owned()));
        }
        let key = match &new.key_name {
            Some(name) => Some(self.server_key(&caller.user.id, name).await?),
            None => None,
        };
        let company = match &new.group {
            Some(id) => Some(self.wanted_group(caller, id).await.map_err(invalid_if_missing)?),
            None => None,
        };
        if new.hostname.is_some() && new.max_count > 1 {
            let why = "Unable to allocate a single hostname to multiple instances";
            return Err(Error::Invalid(why.to_owned()));
        }
        let wishes = self.wishes(caller, new, &target).await?;
        for network in wishes.iter().filter_map(|wish| wish.network.as_ref()) {
            self.check_network(caller, network).await.map_err(invalid_if_missing)?;
        }
        let mut groups = Vec::with_capacity(new.groups.len());
        for name in &new.groups {
            groups.push(self.group(caller, name).await.map_err(invalid_if_missing)?.id);
        }
        Ok(Plan {
            project,
            shape,
            image,
            disk,
            local: disks.local,
            hardware,
            properties,
            volumes,
            key,
            zone,
            host,
            wishes,
            groups,
            company,
            tags: distinct(&new.tags)?,
            admin_password: new.admin_password.clone().unwrap_or_else(password),
            reservation_id: reservation(),
        })
    }

    /// The key pair of a user, as a server has it.
    pub(super) async fn server_key(&self, user: &UserId, name: &str) -> Result<ServerKey> {
        let found = Keypair::get(self.db(), &(user.clone(), name.to_owned())).await?;
        let key = found.ok_or_else(|| Error::Invalid("Invalid key_name provided.".to_owned()))?;
        Ok(ServerKey { name: key.name, kind: key.kind, public_key: key.public_key })
    }

    /// Zone and host that are asked for: `zone`, `zone:host`, or a host by name.
    async fn destination(
        &self,
        caller: &Caller,
        new: &NewServers,
        target: &Target<'_>,
    ) -> Result<(Option<String>, Option<String>)> {
        if new.host.is_some() {
            caller.allow(&policy::SERVERS_CREATE_DESTINATION, target)?;
        }
        // most servers may go anywhere: then nobody looks at all hosts
        let zones =
            if new.host.is_none() && new.zone.is_none() { BTreeMap::new() } else { self.all_zones().await? };
        let (zone, forced) = match new.zone.as_deref().map(|zone| zone.split_once(':').unwrap_or((zone, "")))
        {
            Some((zone, rest)) => (Some(zone).filter(|zone| !zone.is_empty()), rest.trim_matches(':')),
            None => (None, ""),
        };
        let host = if forced.is_empty() {
            new.host.clone()
        } else {
            caller.allow(&policy::SERVERS_CREATE_FORCED_HOST, target)?;
            if new.host.is_some() {
                let why = "One mechanism with host and/or hypervisor_hostname and another mechanism with \
                           zone:host:node are mutually exclusive.";
                return Err(Error::Invalid(why.to_owned()));
            }
            Some(forced.split(':').next().unwrap_or(forced).to_owned())
        };
        if let Some(host) = &host {
            let known = zones.values().any(|zone| zone.hosts.iter().any(|one| one.name() == host));
            known
                .then_some(())
                .ok_or_else(|| Error::Invalid(format!("Compute host {host} could not be found.")))?;
        }
        if let Some(zone) = zone
            && host.is_none()
            && !zones.get(zone).is_some_and(|zone| zone.available)
        {
            let why = "The requested availability zone is not available";
            return Err(Error::Invalid(why.to_owned()));
        }
        Ok((zone.map(str::to_owned), host))
    }

    /// The interfaces of each server, with networks found where none was named.
    async fn wishes(&self, caller: &Caller, new: &NewServers, target: &Target<'_>) -> Result<Vec<Wish>> {
        let one = |network: NetworkId| vec![Wish { network: Some(network.to_string()), ..Wish::default() }];
        let listed = match &new.networks {
            Networks::None => return Ok(Vec::new()),
            Networks::Auto => {
                caller.allow(&policy::SERVERS_CREATE_ATTACH_NETWORK, target)?;
                return Ok(one(self.auto_network(caller).await?));
            }
            Networks::Listed(wishes) if !wishes.is_empty() => {
                caller.allow(&policy::SERVERS_CREATE_ATTACH_NETWORK, target)?;
                wishes.clone()
            }
            Networks::Listed(_) | Networks::Unsaid => {
                let networks = self.boot_networks(caller).await?;
                return match networks.as_slice() {
                    [] => Ok(Vec::new()),
                    [network] => Ok(one(*network)),
                    _ => Err(Error::Conflict(
                        "More than one possible network found. Specify network ID(s) to select which one(s) to \
                         connect to."
                            .to_owned(),
                    )),
                };
            }
        };
        if new.max_count > 1 {
            if listed.iter().any(|wish| wish.fixed_ip.is_some()) {
                let why = "max_count cannot be greater than 1 if an fixed_ip is specified.";
                return Err(Error::Invalid(format!("Failed to launch instances: {why}")));
            }
            if listed.iter().any(|wish| wish.port.is_some()) {
                let why = "Unable to launch multiple instances with a single configured port ID. Please launch your \
                           instance one by one with different ports.";
                return Err(Error::Invalid(format!("Failed to launch instances: {why}")));
            }
        }
        Ok(listed)
    }

    async fn write(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: &NewServers,
        plan: &Plan,
        index: u32,
        count: u32,
    ) -> Result<ServerId> {
        let (id, now) = (ServerId::random(), self.now());
        let name = numbered(&new.name, index, count);
        let hostname = new.hostname.clone().unwrap_or_else(|| hostname::from_name(&name, &id.to_string()));
        let nics = self.write_ports(tx, caller, plan, id, &hostname).await?;
        let mut server = Server {
            id,
            project: plan.project.clone(),
            user: caller.user.id.clone(),
            name,
            hostname,
            description: new.description.clone(),
            shape: plan.shape.clone(),
            image: plan.image.clone(),
            spec: Spec {
                key: plan.key.clone(),
                user_data: new.user_data.clone(),
                local: plan.local.clone(),
                files: new.files.clone(),
                // it is the only way for files into a guest
                config_drive: new.config_drive || !new.files.is_empty(),
                sealed_password: Some(self.seal().seal(&plan.admin_password)),
                zone: plan.zone.clone(),
                host: plan.host.clone(),
                hints: new.hints.clone(),
                reservation_id: plan.reservation_id.clone(),
                launch_index: index,
                auto_disk_config: new.auto_disk_config,
                root_gib: if plan.image.is_some() { plan.shape.disk_gib } else { 0 },
                random_seed: seed(),
                disk: Some(plan.disk.clone()),
                hardware: plan.hardware.clone(),
                volume_properties: plan.properties.clone(),
            },
            metadata: new.metadata.clone(),
            tags: plan.tags.clone(),
            nics,
            volumes: Vec::new(),
            lock: None,
            access_v4: new.access_v4,
            access_v6: new.access_v6,
            intent: Intent::running(now),
            placed: Placed::default(),
            observed: Observed::default(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: 1,
        };
        self.write_volumes(tx, caller, &mut server, &plan.volumes).await?;
        store::insert(tx, &server).await?;
        if let Some(group) = &plan.company {
            server_groups::join(tx, group.id, id).await?;
        }
        note(tx, caller, &server, "create", false, now).await?;
        Ok(id)
    }

    async fn write_ports(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        plan: &Plan,
        server: ServerId,
        hostname: &str,
    ) -> Result<Vec<Nic>> {
        let zone = plan.zone.clone().unwrap_or_else(|| self.config().default_zone.clone());
        let mut nics = Vec::with_capacity(plan.wishes.len());
        for wish in &plan.wishes {
            let wanted =
                WantedPort { server, zone: &zone, groups: &plan.groups, hostname, project: &plan.project };
            let (port, own) = match &wish.port {
                Some(port) => {
                    let missing = || Error::Invalid(format!("Port id {port} could not be found."));
                    let port: PortId = port.parse().map_err(|_| missing())?;
                    self.claim_port(tx, caller, port, &wanted).await.map_err(invalid_if_missing)?;
                    (port, false)
                }
                None => {
                    let network = wish.network.as_deref().unwrap_or_default();
                    let missing = || Error::Invalid(format!("Network {network} could not be found."));
                    let network: NetworkId = network.parse().map_err(|_| missing())?;
                    let made = self.make_port(tx, caller, network, wish.fixed_ip, &wanted).await;
                    (made.map_err(invalid_if_missing)?, true)
                }
            };
            nics.push(Nic { port, own, tag: wish.tag.clone() });
        }
        Ok(nics)
    }
}

/// How many of `least` to `most` servers fit into the quota.
fn affordable(limits: &Limits, used: Usage, shape: &Shape, least: u32, most: u32) -> Result<u32> {
    if let Some(over) = quota::check(limits, used, Usage::of_servers(shape, least)) {
        return Err(Error::OverQuota(over));
    }
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if quota::check(limits, used, Usage::of_servers(shape, middle)).is_none() {
            low = middle
        } else {
            high = middle - 1
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_servers_are_made_as_the_quota_has_room_for() {
        let shape = crate::model::step::tests::fresh().shape;
        let limits: Limits = [("instances".to_owned(), 10), ("cores".to_owned(), 7)].into();
        let used = Usage { instances: 4, cores: 4, ..Usage::default() };
        assert_eq!(affordable(&limits, used, &shape, 1, 100).unwrap(), 3);
        assert_eq!(affordable(&limits, used, &shape, 1, 2).unwrap(), 2);
        assert!(matches!(affordable(&limits, used, &shape, 4, 100), Err(Error::OverQuota(_))));
        assert_eq!(affordable(&Limits::new(), used, &shape, 1, 1000).unwrap(), 1000);
    }
}
