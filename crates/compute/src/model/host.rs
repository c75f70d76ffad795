//! Hosts as compute knows them: service, hypervisor, aggregates and zones.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
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
    fn ids_of_a_host_are_stable_and_differ() {
        assert_eq!(Host::service_id("a"), Host::service_id("a"));
        assert_ne!(Host::service_id("a"), Host::hypervisor_id("a"));
        assert_ne!(Host::service_id("a"), Host::service_id("b"));
    }
}
