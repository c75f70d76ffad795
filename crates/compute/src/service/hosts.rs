//! Hosts for admins, and zones for everybody.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::Life;
use kogge_placement::{DISK_GB, MEMORY_MB, Resources, VCPU};

use crate::error::{Error, Result};
use crate::model::flavor::Shape;
use crate::model::host::{Aggregate, Host, OF_PROCESSES, Service, zone_of};
use crate::service::servers::find::parse_id;
use crate::store::{aggregates, big, hosts as store, servers, usage};
use crate::{Compute, policy};

/// A hypervisor with what is used of it.
#[derive(Debug, Clone)]
pub(crate) struct Hypervisor {
    /// The host.
    pub(crate) host: Host,
    /// Whether it answers.
    pub(crate) up: bool,
    /// What its servers hold, by resource class.
    pub(crate) used: Resources,
    /// Its servers: id and name.
    pub(crate) servers: Vec<(String, String)>,
}

impl Hypervisor {
    /// What its servers hold of a resource class.
    pub(crate) fn used(&self, class: &str) -> i64 {
        self.used.get(class).copied().unwrap_or(0)
    }

    /// Memory in MiB and disk in GiB that it has.
    pub(crate) fn room(&self) -> (i64, i64) {
        (big(self.host.facts.memory_mib), big(self.host.facts.disk_gib))
    }

    /// Virtual CPUs, memory in MiB and disk in GiB that its servers hold.
    pub(crate) fn figures(&self) -> (i64, i64, i64) {
        (self.used(VCPU), self.used(MEMORY_MB), self.used(DISK_GB))
    }
}

/// A zone with the names of its hosts and whether each answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zone {
    /// The hosts.
    pub(crate) hosts: Vec<Host>,
    /// Whether any answers and takes servers.
    pub(crate) available: bool,
}

/// What an admin decides about a service.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServiceChange {
    /// No new servers.
    pub(crate) disabled: Option<bool>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// It is dead.
    pub(crate) forced_down: Option<bool>,
}

impl Compute {
    /// All services: those of hosts, then what the processes of the cloud do.
    pub(crate) async fn services(&self, caller: &Caller, rule: &Rule) -> Result<Vec<Service>> {
        caller.allow(rule, &Target::none())?;
        let aggregates = aggregates::list(self.db()).await?;
        let of_host = |host| self.service_of(host, &aggregates);
        let mut services: Vec<Service> = store::list(self.db()).await?.into_iter().map(of_host).collect();
        services.extend(self.internal_services().await?);
        Ok(services)
    }

    fn service_of(&self, host: Host, aggregates: &[Aggregate]) -> Service {
        let zone = zone_of(host.name(), aggregates, &self.config().default_zone);
        let up = host.is_up(self.now(), self.config().host_patience());
        Service::of_host(host, zone, up)
    }

    /// What the processes of the cloud do. Each that lives conducts and places; one that is late is shown as down until
    /// another one takes its work.
    pub(crate) async fn internal_services(&self) -> Result<Vec<Service>> {
        let lives = self.db().lives(self.clock()).await?;
        let parts = |life: &Life| OF_PROCESSES.map(|binary| Service::of_process(life, binary));
        Ok(lives.iter().flat_map(parts).collect())
    }

    /// Changes the service of a host that `is_it` picks.
    pub(crate) async fn change_service(
        &self,
        caller: &Caller,
        is_it: impl Fn(&Host) -> bool + Send,
        what: &str,
        change: ServiceChange,
    ) -> Result<Service> {
        caller.allow(&policy::SERVICES_UPDATE, &Target::none())?;
        let mut tx = self.db().begin().await?;
        let found = store::list(&mut tx).await?.into_iter().find(|host| is_it(host));
        let mut host = found.ok_or_else(|| Error::NotFound(format!("{what} could not be found.")))?;
        let aggregates = aggregates::list(&mut tx).await?;
        if let Some(disabled) = change.disabled {
            host.disabled = disabled;
            host.disabled_reason = change.reason.filter(|_| disabled);
        }
        if let Some(down) = change.forced_down {
            host.forced_down = down;
        }
        store::update(&mut tx, &host).await?;
        tx.commit().await?;
        self.wakes().place.wake();
        Ok(self.service_of(host, &aggregates))
    }

    /// All hypervisors, with usage and servers.
    pub(crate) async fn hypervisors(&self, caller: &Caller, rule: &Rule) -> Result<Vec<Hypervisor>> {
        caller.allow(rule, &Target::none())?;
        let supplies = self.placement().supplies().await.map_err(Error::internal)?;
        let mut used: BTreeMap<String, Resources> =
            supplies.into_iter().map(|supply| (supply.provider.name, supply.used)).collect();
        let mut hypervisors = Vec::new();
        for host in store::list(self.db()).await? {
            let servers = servers::names_on(self.db(), host.name()).await?;
            let used = used.remove(host.name()).unwrap_or_default();
            let up = host.is_up(self.now(), self.config().host_patience());
            hypervisors.push(Hypervisor { host, up, used, servers });
        }
        Ok(hypervisors)
    }

    /// Virtual CPUs, MiB of memory and GiB of disk of the servers of a host, each with its project.
    pub(crate) async fn shapes_on(&self, host: &str) -> Result<Vec<(String, (i64, i64, i64))>> {
        let figures = |shape: &Shape| {
            let disk = big(shape.disk_gib.saturating_add(shape.ephemeral_gib));
            (i64::from(shape.vcpus), big(shape.ram_mib), disk)
        };
        let found = usage::shapes_on(self.db(), host).await?;
        Ok(found.iter().map(|(project, shape)| (project.clone(), figures(shape))).collect())
    }

    /// Takes in that something happened to a server: Nova's number for what came of it.
    pub(crate) async fn server_event(&self, id: &str, network: bool, lacks_tag: bool) -> Result<u16> {
        let mut tx = self.db().begin().await?;
        let id = parse_id(id)?;
        servers::lock(&mut tx, id).await?;
        let found = servers::get(&mut tx, id).await?.filter(|server| server.deleted_at.is_none());
        let Some(mut server) = found else { return Ok(404) };
        if lacks_tag {
            return Ok(400);
        }
        if server.placed.host.is_none() {
            return Ok(422);
        }
        if network && !server.intent.gone {
            let (settled, now) = (server.is_settled(), self.now());
            server.intent.touch(now, settled);
            if !servers::save(&mut tx, &mut server, now).await? {
                return Err(Error::Busy);
            }
            tx.commit().await?;
            self.server_changed(&server);
        }
        Ok(200)
    }

    /// Asks for what everybody may see and nobody owns.
    pub(crate) fn may_look(&self, caller: &Caller, rule: &Rule) -> Result<()> {
        Ok(caller.allow_on_own(rule)?)
    }

    /// Asks for what only administrators have to do with.
    pub(crate) fn may_manage(&self, caller: &Caller, rule: &Rule) -> Result<()> {
        Ok(caller.allow(rule, &Target::none())?)
    }

    /// Asks for the moves of servers of a project, or of all where none is named.
    pub(crate) fn may_see_migrations(&self, caller: &Caller, project: Option<&str>) -> Result<()> {
        caller.allow_on_own(&policy::MIGRATIONS_INDEX)?;
        if project.is_none() || project != caller.project_id().map(|own| own.as_str()) {
            caller.allow(&policy::MIGRATIONS_INDEX_ALL, &Target::none())?;
        }
        Ok(())
    }

    /// All zones by name.
    pub(crate) async fn zones(&self, caller: &Caller, rule: &Rule) -> Result<BTreeMap<String, Zone>> {
        caller.allow(rule, &Target::none())?;
        self.all_zones().await
    }

    pub(crate) async fn all_zones(&self) -> Result<BTreeMap<String, Zone>> {
        let aggregates: Vec<Aggregate> = aggregates::list(self.db()).await?;
        let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
        for host in store::list(self.db()).await? {
            let name = zone_of(host.name(), &aggregates, &self.config().default_zone);
            let zone = zones.entry(name).or_default();
            zone.available |= !host.disabled && host.is_up(self.now(), self.config().host_patience());
            zone.hosts.push(host);
        }
        Ok(zones)
    }
}
