//! What should be in each namespace, and the commands that lead there from what is.
//!
//! A plan is a value made from the desired state alone; [`diff`] compares it with an observation. Both are pure.

pub(crate) mod diff;
mod host;
mod network;
mod node;
mod router;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub(crate) use host::host;
pub(crate) use network::{mac as service_mac, network};
pub(crate) use node::node;
pub(crate) use router::router;

use crate::system::{Neighbour, Route};

/// Where metadata is served over IPv4.
pub(crate) const METADATA_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// Where metadata is served over IPv6, on every link.
pub(crate) const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe);

/// [`METADATA_V4`] as an address of a link.
fn metadata_v4() -> IpNet {
    Ipv4Net::from(METADATA_V4).into()
}

/// [`METADATA_V6`] as an address of a link.
fn metadata_v6() -> Option<IpNet> {
    Ipv6Net::new(METADATA_V6, 64).ok().map(IpNet::from)
}

/// What should be in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NsPlan {
    /// Files under `/proc/sys` that have to be there, and their content.
    pub(crate) sysctls: Vec<(String, String)>,
    /// The ruleset for `nft`, which replaces the one before.
    pub(crate) firewall: String,
    /// Links by name.
    pub(crate) links: BTreeMap<String, Link>,
    /// Addresses with prefix length.
    pub(crate) addresses: BTreeSet<(String, IpNet)>,
    /// Routes beside those that addresses bring.
    pub(crate) routes: BTreeSet<Route>,
    /// Neighbours that are known without asking.
    pub(crate) neighbours: BTreeSet<Neighbour>,
    /// Links whose transmit checksums the kernel has to fill in.
    pub(crate) no_offload: Vec<String>,
}

/// A link as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// How it comes into being.
    pub(crate) kind: Kind,
    /// MAC address; the kernel's choice where `None`.
    pub(crate) mac: Option<String>,
    /// In bytes; as it is, where `None`.
    pub(crate) mtu: Option<u32>,
    /// The bridge it is joined to.
    pub(crate) master: Option<String>,
}

/// How a link comes into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bridge, made here.
    Bridge,
    /// One end of a veth pair, made here, with the other end `peer` in the namespace `namespace`.
    Veth {
        /// Name of the other end.
        peer: String,
        /// Where the other end is.
        namespace: String,
    },
    /// Comes from elsewhere: the other end of a veth, a tap, the loopback. Set up where it exists.
    Foreign,
}

impl NsPlan {
    /// Adds a sysctl.
    fn sysctl(&mut self, path: &str, value: impl ToString) {
        self.sysctls.push((path.to_owned(), value.to_string()));
    }

    /// Adds a link that comes from elsewhere.
    fn foreign(&mut self, name: &str, mac: Option<String>, mtu: Option<u32>, master: Option<String>) {
        self.links.insert(name.to_owned(), Link { kind: Kind::Foreign, mac, mtu, master });
    }

    /// Sysctls of every namespace with addresses of its own: no surprises from neighbours, no lines in the host's log
    /// at a guest's wish, no waiting for duplicate address detection, announcements when a MAC is set.
    fn quiet_endpoint(&mut self) {
        for scope in ["all", "default"] {
            self.sysctl(&format!("net/ipv4/conf/{scope}/arp_ignore"), 1);
            self.sysctl(&format!("net/ipv4/conf/{scope}/arp_announce"), 2);
            self.sysctl(&format!("net/ipv4/conf/{scope}/arp_notify"), 1);
            self.sysctl(&format!("net/ipv4/conf/{scope}/send_redirects"), 0);
            self.sysctl(&format!("net/ipv4/conf/{scope}/accept_redirects"), 0);
            self.sysctl(&format!("net/ipv4/conf/{scope}/accept_source_route"), 0);
            self.sysctl(&format!("net/ipv4/conf/{scope}/log_martians"), 0);
            self.sysctl(&format!("net/ipv4/conf/{scope}/promote_secondaries"), 1);
            self.sysctl(&format!("net/ipv6/conf/{scope}/accept_ra"), 0);
            self.sysctl(&format!("net/ipv6/conf/{scope}/accept_dad"), 0);
            self.sysctl(&format!("net/ipv6/conf/{scope}/dad_transmits"), 0);
            self.sysctl(&format!("net/ipv6/conf/{scope}/accept_redirects"), 0);
        }
        self.foreign("lo", None, None, None);
    }

    /// The same for a link that was there before the defaults: the other end of a new veth pair.
    fn quiet_link(&mut self, name: &str) {
        self.sysctl(&format!("net/ipv4/conf/{name}/send_redirects"), 0);
        self.sysctl(&format!("net/ipv6/conf/{name}/accept_ra"), 0);
        self.sysctl(&format!("net/ipv6/conf/{name}/accept_dad"), 0);
        self.sysctl(&format!("net/ipv6/conf/{name}/dad_transmits"), 0);
    }
}
