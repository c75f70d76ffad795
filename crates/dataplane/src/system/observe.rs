//! What is in a namespace, read from `ip -json`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use kogge_node_api::NodeError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::command::run;

/// The links, addresses, routes and neighbours of a namespace. Routes and neighbours are only those that we set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObservedNs {
    /// Links by name.
    pub(crate) links: BTreeMap<String, ObservedLink>,
    /// Addresses with prefix length.
    pub(crate) addresses: BTreeSet<(String, IpNet)>,
    /// Routes of protocol `static`.
    pub(crate) routes: BTreeSet<Route>,
    /// Permanent neighbours.
    pub(crate) neighbours: BTreeSet<Neighbour>,
}

/// A link as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObservedLink {
    /// Switched on.
    pub(crate) up: bool,
    /// Somebody is on the other end.
    pub(crate) carrier: bool,
    /// In bytes.
    pub(crate) mtu: u32,
    /// MAC address, lower case.
    pub(crate) mac: String,
    /// The bridge it is joined to.
    pub(crate) master: Option<String>,
    /// A bridge that learns nothing from frames for its reserved addresses. Read where everything is.
    pub(crate) reserved_unlearned: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// Where to.
    pub(crate) to: IpNet,
    /// Over whom; `None` for what is on the link.
    pub(crate) via: Option<IpAddr>,
    /// Over which interface.
    pub(crate) dev: String,
}

/// A neighbour that is known without asking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Neighbour {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Its MAC.
    pub(crate) mac: String,
    /// Behind which interface.
    pub(crate) dev: String,
}

#[derive(Deserialize)]
struct JsonLink {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    mtu: u32,
    #[serde(default)]
    address: String,
    master: Option<String>,
    #[serde(default)]
    addr_info: Vec<JsonAddress>,
}

#[derive(Deserialize)]
struct JsonAddress {
    local: Option<IpAddr>,
    #[serde(default)]
    prefixlen: u8,
}

#[derive(Deserialize)]
struct JsonBridge {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    linkinfo: JsonKind,
}

#[derive(Deserialize, Default)]
struct JsonKind {
    #[serde(default)]
    info_data: JsonOptions,
}

#[derive(Deserialize, Default)]
struct JsonOptions {
    #[serde(default)]
    no_linklocal_learn: u8,
}

#[derive(Deserialize)]
struct JsonRoute {
    #[serde(default)]
    dst: String,
    gateway: Option<IpAddr>,
    #[serde(default)]
    dev: String,
}

#[derive(Deserialize)]
struct JsonNeighbour {
    dst: Option<IpAddr>,
    #[serde(default)]
    dev: String,
    #[serde(default)]
    lladdr: String,
}

impl ObservedNs {
    /// Reads the calling thread's namespace: links and addresses, and routes and neighbours where `whole`.
    pub(crate) fn read(whole: bool) -> Result<Self, NodeError> {
        let mut found = Self::default();
        for link in json::<JsonLink>(&["addr", "show"])? {
            found.add_link(link);
        }
        if whole {
            for bridge in json::<JsonBridge>(&["-details", "link", "show", "type", "bridge"])? {
                if let Some(link) = found.links.get_mut(&bridge.ifname) {
                    link.reserved_unlearned = bridge.linkinfo.info_data.no_linklocal_learn == 1;
                }
            }
            for (family, all) in [("-4", "0.0.0.0/0"), ("-6", "::/0")] {
                for route in json::<JsonRoute>(&[family, "route", "show", "proto", "static"])? {
                    found.routes.extend(route.into_route(all));
                }
                for neighbour in json::<JsonNeighbour>(&[family, "neigh", "show", "nud", "permanent"])? {
                    found.neighbours.extend(neighbour.into_neighbour());
                }
            }
        }
        Ok(found)
    }

    fn add_link(&mut self, link: JsonLink) {
        if link.ifname.is_empty() {
            return; // iproute2 prints empty objects for what it filtered out
        }
        for (local, address) in link.addr_info.iter().filter_map(|a| Some((a.local?, a))) {
            if let Ok(net) = IpNet::new(local, address.prefixlen) {
                self.addresses.insert((link.ifname.clone(), net));
            }
        }
        let has = |flag: &str| link.flags.iter().any(|f| f == flag);
        let observed = ObservedLink {
            up: has("UP"),
            carrier: has("LOWER_UP"),
            mtu: link.mtu,
            mac: link.address.to_lowercase(),
            master: link.master.clone(),
            reserved_unlearned: false,
        };
        self.links.insert(link.ifname, observed);
    }
}

impl JsonRoute {
    fn into_route(self, all: &str) -> Option<Route> {
        let to = match self.dst.as_str() {
            "default" => all.parse().ok()?,
            dst => dst.parse().or_else(|_| dst.parse::<IpAddr>().map(IpNet::from)).ok()?,
        };
        Some(Route { to, via: self.gateway, dev: self.dev })
    }
}

impl JsonNeighbour {
    fn into_neighbour(self) -> Option<Neighbour> {
        let address = self.dst.filter(|a| !a.is_multicast() && !self.lladdr.is_empty())?;
        Some(Neighbour { address, mac: self.lladdr.to_lowercase(), dev: self.dev })
    }
}

fn json<T: DeserializeOwned>(args: &[&str]) -> Result<Vec<T>, NodeError> {
    let mut all = vec!["-json"];
    all.extend(args);
    let text = run("ip", &all, "")?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&text)
        .map_err(|error| NodeError::failed(&format!("reading ip {}", args.join(" ")), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_addresses_are_read_from_what_ip_prints() {
        let text = r#"[{},{"ifindex":2,"ifname":"qr-1","flags":["BROADCAST","UP","LOWER_UP"],"mtu":1450,
            "operstate":"UP","link_type":"ether","address":"FA:16:3E:00:00:01","link_netnsid":0,
            "addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24,"scope":"global"},
            {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]"#;
        let mut found = ObservedNs::default();
        for link in serde_json::from_str::<Vec<JsonLink>>(text).unwrap() {
            found.add_link(link);
        }
        let link = &found.links["qr-1"];
        assert!(link.up && link.carrier && link.master.is_none());
        assert_eq!((link.mtu, link.mac.as_str()), (1450, "fa:16:3e:00:00:01"));
        assert_eq!(found.addresses.len(), 2);
    }

    #[test]
    fn default_host_and_link_routes_are_told_apart() {
        let read =
            |text: &str| serde_json::from_str::<JsonRoute>(text).unwrap().into_route("0.0.0.0/0").unwrap();
        let default = read(r#"{"dst":"default","gateway":"192.0.2.1","dev":"qg-1"}"#);
        assert_eq!(default.to, "0.0.0.0/0".parse().unwrap());
        assert_eq!(read(r#"{"dst":"198.51.100.7","dev":"x"}"#).to, "198.51.100.7/32".parse().unwrap());
        assert_eq!(read(r#"{"dst":"10.1.0.0/16","dev":"x"}"#).via, None);
    }
}
