//! Names of namespaces and interfaces: functions of ids, so that a restart finds what it made before.

use kogge_ids::{NetworkId, PortId, RouterId};

/// Interface names have at most 15 characters; this many of an id fit behind a prefix of three or four.
const ID_PART: usize = 11;

/// The namespaces of one cloud on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Namespaces {
    prefix: String,
}

impl Namespaces {
    /// Namespaces whose names begin with `prefix`.
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Where the bridges, taps and security groups live.
    pub(crate) fn node(&self) -> String {
        self.prefix.clone()
    }

    /// Where a network's DHCP and metadata are answered.
    pub(crate) fn network(&self, id: NetworkId) -> String {
        format!("{}-net-{id}", self.prefix)
    }

    /// Where a router forwards.
    pub(crate) fn router(&self, id: RouterId) -> String {
        format!("{}-rtr-{id}", self.prefix)
    }

    /// True for a namespace of this cloud.
    pub(crate) fn owns(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("-net-") || rest.starts_with("-rtr-"))
    }

    /// The host's end of the link into an external network, unique among all clouds on the host.
    pub(crate) fn host_link(&self, id: NetworkId) -> String {
        let hash = kogge_ids::derive(id.uuid(), &self.prefix).simple().to_string();
        format!("kgx{}", &hash[..10])
    }

    /// The nft table with the rules that protect the host.
    pub(crate) fn host_table(&self) -> String {
        format!("kogge_{}", self.prefix.replace('-', "_"))
    }
}

/// True for names that [`Namespaces::host_link`] makes, of any cloud.
pub(crate) fn is_host_link(name: &str) -> bool {
    name.strip_prefix("kgx")
        .is_some_and(|rest| rest.len() == 10 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn with_id(prefix: &str, id: PortId) -> String {
    format!("{prefix}{}", &id.to_string()[..ID_PART])
}

/// The bridge of a network.
pub(crate) fn bridge(segment: u32) -> String {
    format!("br{segment}")
}

/// The tap of an instance's port.
pub(crate) fn tap(port: PortId) -> String {
    with_id("tap", port)
}

/// A router's end of its leg into a network.
pub(crate) fn leg(port: PortId) -> String {
    with_id("qr-", port)
}

/// A router's end of its way out.
pub(crate) fn gateway(port: PortId) -> String {
    with_id("qg-", port)
}

/// The bridge's end of a router's leg or way out.
pub(crate) fn router_port(port: PortId) -> String {
    with_id("rp-", port)
}

/// The bridge's end of the link to a network's DHCP and metadata.
pub(crate) fn service_port(segment: u32) -> String {
    format!("dp{segment}")
}

/// The other end of [`service_port`].
pub(crate) fn service_link(segment: u32) -> String {
    format!("dh{segment}")
}

/// The bridge's end of an external network's link to the host.
pub(crate) fn uplink(segment: u32) -> String {
    format!("up{segment}")
}

/// True for names that [`tap`] makes.
pub(crate) fn is_tap(name: &str) -> bool {
    name.starts_with("tap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_name_fits_in_15_characters() {
        let port = PortId::random();
        let names = [
            bridge(16_777_215),
            tap(port),
            leg(port),
            gateway(port),
            router_port(port),
            service_port(16_777_215),
            service_link(16_777_215),
            uplink(16_777_215),
            Namespaces::new("kogge-abcdef").host_link(NetworkId::random()),
        ];
        for name in names {
            assert!(name.len() <= 15, "{name} is too long");
        }
    }

    #[test]
    fn a_cloud_owns_its_namespaces_and_not_those_of_another_with_a_longer_prefix() {
        let ours = Namespaces::new("kogge-a");
        assert!(ours.owns("kogge-a"));
        assert!(ours.owns(&ours.network(NetworkId::random())));
        assert!(ours.owns(&ours.router(RouterId::random())));
        assert!(!ours.owns("kogge-ab"));
        assert!(!ours.owns(&Namespaces::new("kogge-ab").router(RouterId::random())));
        assert!(!ours.owns("default"));
    }

    #[test]
    fn two_clouds_have_different_links_into_the_same_external_network() {
        let id = NetworkId::random();
        assert_ne!(Namespaces::new("kogge-a").host_link(id), Namespaces::new("kogge-b").host_link(id));
        assert!(is_host_link(&Namespaces::new("kogge-a").host_link(id)) && !is_host_link("eth0"));
    }
}
