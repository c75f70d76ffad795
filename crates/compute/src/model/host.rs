//! Hosts as compute knows them: service, hypervisor, aggregates and zones.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record::Json;
use kogge_db::{Life, record};
use kogge_ids::HostId;
use kogge_node_api::HostFacts;

record! {
    /// A compute host: one service and one hypervisor.
    pub Host in "compute_hosts" {
        /// Its name.
        name: String,
        /// Id of the hypervisor, and of the resource provider.
        id: HostId,
        /// Id of the service.
        service as "service_id": HostId,
        /// The number by which microversions below 2.53 know both.
        number: i64,
        /// What the host reported.
        facts: Json<HostFacts>,
        /// An admin wants no new servers on it.
        disabled: bool,
        /// Why.
        disabled_reason: Option<String>,
        /// An outside watcher says it is dead.
        forced_down: bool,
        /// When it was heard of last.
        seen_at: Timestamp,
        /// When it joined.
        created_at: Timestamp,
    }
}

impl Host {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it answers: heard of within `patience`, and nobody says it is dead.
    #[must_use]
    pub fn is_up(&self, now: Timestamp, patience: std::time::Duration) -> bool {
        !self.forced_down && now.since(self.seen_at) <= patience
    }

    /// The id of the hypervisor called `name`: the same on every start.
    #[must_use]
    pub fn hypervisor_id(name: &str) -> HostId {
        HostId::derived(uuid::Uuid::NAMESPACE_DNS, &format!("hypervisor:{name}"))
    }

    /// The id of the service on the host called `name`.
    #[must_use]
    pub fn service_id(name: &str) -> HostId {
        HostId::derived(uuid::Uuid::NAMESPACE_DNS, &format!("nova-compute:{name}"))
    }
}

/// A service of the cloud, as administrators see it: one of a host, or a part of a process that runs the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: HostId,
    /// The number by which microversions below 2.53 know it.
    pub number: i64,
    /// Nova's name of the program.
    pub binary: &'static str,
    /// The host, or the process.
    pub host: String,
    /// Its zone.
    pub zone: String,
    /// Whether it answers.
    pub up: bool,
    /// An admin wants no new servers on it.
    pub disabled: bool,
    /// Why.
    pub disabled_reason: Option<String>,
    /// An outside watcher says it is dead.
    pub forced_down: bool,
    /// When it was heard of last.
    pub seen_at: Timestamp,
}

/// What each host runs.
pub const COMPUTE: &str = "nova-compute";
/// What each process of the cloud does: it conducts, and it places.
pub const OF_PROCESSES: [&str; 2] = ["nova-conductor", "nova-scheduler"];
/// The zone of what runs no servers.
pub const INTERNAL_ZONE: &str = "internal";

impl Service {
    /// That of a host.
    #[must_use]
    pub fn of_host(host: Host, zone: String, up: bool) -> Self {
        Self {
            id: host.service,
            number: host.number,
            binary: COMPUTE,
            host: host.name,
            zone,
            up,
            disabled: host.disabled,
            disabled_reason: host.disabled_reason,
            forced_down: host.forced_down,
            seen_at: host.seen_at,
        }
    }

    /// A part of a process. Its id, and the number that it is known by, are made of its name.
    #[must_use]
    pub fn of_process(life: &Life, binary: &'static str) -> Self {
        let id = HostId::derived(uuid::Uuid::NAMESPACE_DNS, &format!("{binary}:{}", life.name));
        Self {
            id,
            // above any host's, and below what a client of old can read
            number: i64::from(id.uuid().as_fields().0 >> 2 | 1 << 30),
            binary,
            host: life.name.clone(),
            zone: INTERNAL_ZONE.to_owned(),
            up: life.alive,
            disabled: false,
            disabled_reason: None,
            forced_down: false,
            seen_at: life.heard_of,
        }
    }
}

record! {
    /// A group of hosts; with the key `availability_zone` it is a zone.
    pub Aggregate in "aggregates" {
        /// Its number.
        number: i64,
        /// Its id.
        uuid: HostId,
        /// Its name, unique.
        name: String,
        /// Host names.
        hosts: Json<Vec<String>>,
        /// Properties, with the zone among them.
        metadata: Json<BTreeMap<String, String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was changed last.
        updated_at: Option<Timestamp>,
    }
}

/// The key of an aggregate's metadata that makes it a zone.
pub const ZONE_KEY: &str = "availability_zone";

/// The zone of `host`: that of its aggregate, or `default`.
#[must_use]
pub fn zone_of(host: &str, aggregates: &[Aggregate], default: &str) -> String {
    aggregates
        .iter()
        .filter(|aggregate| aggregate.hosts.iter().any(|member| member == host))
        .find_map(|aggregate| aggregate.metadata.get(ZONE_KEY))
        .map_or_else(|| default.to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_aggregate_is_in_the_default_zone() {
        let aggregate = Aggregate {
            number: 1,
            uuid: Host::service_id("x"),
            name: "rack".into(),
            hosts: Json(vec!["a".into()]),
            metadata: Json([(ZONE_KEY.to_owned(), "west".to_owned())].into()),
            created_at: Timestamp::from_seconds(0),
            updated_at: None,
        };
        assert_eq!(zone_of("a", std::slice::from_ref(&aggregate), "nova"), "west");
        assert_eq!(zone_of("b", &[aggregate], "nova"), "nova");
    }

    #[test]
    fn parts_of_a_process_have_ids_of_their_own_that_stay() {
        let life = Life { name: "p".into(), heard_of: Timestamp::from_seconds(1), alive: true };
        let [conductor, scheduler] = OF_PROCESSES.map(|binary| Service::of_process(&life, binary));
        assert_eq!(conductor, Service::of_process(&life, OF_PROCESSES[0]));
        assert!(conductor.id != scheduler.id && conductor.number != scheduler.number);
        let known = (1 << 30)..(1 << 31);
        assert!(known.contains(&conductor.number) && known.contains(&scheduler.number));
        let other = Life { name: "q".into(), ..life };
        assert_ne!(conductor.id, Service::of_process(&other, OF_PROCESSES[0]).id);
    }

    #[test]
    fn ids_of_a_host_are_stable_and_differ() {
        assert_eq!(Host::service_id("a"), Host::service_id("a"));
        assert_ne!(Host::service_id("a"), Host::hypervisor_id("a"));
        assert_ne!(Host::service_id("a"), Host::service_id("b"));
    }
}
