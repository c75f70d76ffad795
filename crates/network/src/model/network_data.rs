//! `network_data.json` for guests: links, networks and services as Nova's metadata has them.
//!
//! Facts: `nova/virt/netutils.py`, schema `network_data.json` of the Nova documentation.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::device_port::{DevicePort, PortAddress};

/// The document for the ports of one guest, in the order in which the guest sees them.
#[must_use]
pub fn network_data(ports: &[DevicePort]) -> Value {
    let mut links = Vec::new();
    let mut networks = Vec::new();
    let mut services: Vec<Value> = Vec::new();
    for port in ports {
        let link = format!("tap{}", port.id.to_string().chars().take(11).collect::<String>());
        links.push(json!({
            "id": link,
            "vif_id": port.id,
            "type": "bridge",
            "mtu": port.mtu,
            "ethernet_mac_address": port.mac,
        }));
        for address in &port.addresses {
            networks.push(network(networks.len(), &link, port, address));
            for dns in &address.dns {
                let service = json!({"type": "dns", "address": dns});
                if !services.contains(&service) {
                    services.push(service);
                }
            }
        }
    }
    json!({"links": links, "networks": networks, "services": services})
}

fn network(index: usize, link: &str, port: &DevicePort, address: &PortAddress) -> Value {
    let base = json!({"id": format!("network{index}"), "link": link, "network_id": port.network_id});
    let mut object = base.as_object().cloned().unwrap_or_default();
    let v4 = address.address.is_ipv4();
    let kind = match (v4, address.dhcp, address.ipv6_mode.as_deref()) {
        (true, true, _) => "ipv4_dhcp",
        (true, false, _) => "ipv4",
        (false, true, Some("slaac")) => "ipv6_slaac",
        (false, true, Some("dhcpv6-stateless")) => "ipv6_dhcpv6-stateless",
        (false, true, Some("dhcpv6-stateful")) => "ipv6_dhcpv6-stateful",
        (false, true, _) => "ipv6_dhcp",
        (false, false, _) => "ipv6",
    };
    object.insert("type".to_owned(), kind.into());
    if kind == "ipv4" || kind == "ipv6" {
        object.insert("ip_address".to_owned(), address.address.to_string().into());
        object.insert("netmask".to_owned(), address.cidr.netmask().to_string().into());
        let dns: Vec<Value> = address.dns.iter().map(|dns| json!({"type": "dns", "address": dns})).collect();
        object.insert("services".to_owned(), dns.into());
    }
    object.insert("routes".to_owned(), routes(address, kind).into());
    object.into()
}

fn routes(address: &PortAddress, kind: &str) -> Vec<Value> {
    if kind != "ipv4" && kind != "ipv6" {
        return Vec::new();
    }
    let one = |destination: &IpNet, hop: &std::net::IpAddr| {
        json!({
            "network": destination.network().to_string(),
            "netmask": destination.netmask().to_string(),
            "gateway": hop.to_string(),
        })
    };
    let mut routes = Vec::new();
    if let Some(gateway) = address.gateway {
        let (any, none) = if address.address.is_ipv4() { ("0.0.0.0", "0.0.0.0") } else { ("::", "::") };
        routes.push(json!({"network": any, "netmask": none, "gateway": gateway.to_string()}));
    }
    routes.extend(address.host_routes.iter().map(|route| one(&route.destination, &route.nexthop)));
    routes
}
