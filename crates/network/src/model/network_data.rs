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
    // what plain DHCP gives to a guest is told by DHCP alone; routers that advertise addresses tell no name servers
    if !matches!(kind, "ipv4_dhcp" | "ipv6_dhcp") {
        object.insert("ip_address".to_owned(), address.address.to_string().into());
        object.insert("netmask".to_owned(), address.cidr.netmask().to_string().into());
        object.insert("routes".to_owned(), routes(address).into());
        let dns: Vec<Value> = address.dns.iter().map(|dns| json!({"type": "dns", "address": dns})).collect();
        object.insert("services".to_owned(), dns.into());
    }
    object.into()
}

fn routes(address: &PortAddress) -> Vec<Value> {
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

#[cfg(test)]
mod tests {
    use kogge_ids::{NetworkId, PortId, ServerId, SubnetId};

    use super::*;

    fn address(address: &str, cidr: &str, gateway: &str, dhcp: bool, mode: Option<&str>) -> PortAddress {
        PortAddress {
            subnet_id: SubnetId::random(),
            address: address.parse().unwrap(),
            cidr: cidr.parse().unwrap(),
            gateway: Some(gateway.parse().unwrap()),
            dns: vec![if address.contains(':') { "2001:db8::53" } else { "9.9.9.9" }.parse().unwrap()],
            host_routes: Vec::new(),
            dhcp,
            ipv6_mode: mode.map(str::to_owned),
            floating_ip: None,
        }
    }

    #[test]
    fn only_plain_dhcp_leaves_addresses_routes_and_name_servers_out() {
        let six = |mode| address("2001:db8::5", "2001:db8::/64", "2001:db8::1", true, mode);
        let port = DevicePort {
            id: PortId::random(),
            server: ServerId::random(),
            network_id: NetworkId::random(),
            network_name: "n".to_owned(),
            mac: "fa:16:3e:00:00:01".to_owned(),
            mtu: 1450,
            status: "ACTIVE".to_owned(),
            admin_state_up: true,
            vnic_type: "normal".to_owned(),
            host: String::new(),
            made_by_device: true,
            addresses: vec![
                address("10.0.0.5", "10.0.0.0/24", "10.0.0.1", true, None),
                address("10.1.0.5", "10.1.0.0/24", "10.1.0.1", false, None),
                six(Some("slaac")),
                six(Some("dhcpv6-stateful")),
                six(None),
            ],
            security_groups: Vec::new(),
        };
        let data = network_data(&[port]);
        let kinds: Vec<&str> =
            data["networks"].as_array().unwrap().iter().map(|net| net["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["ipv4_dhcp", "ipv4", "ipv6_slaac", "ipv6_dhcpv6-stateful", "ipv6_dhcp"]);
        for plain in [&data["networks"][0], &data["networks"][4]] {
            assert_eq!(
                plain.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["id", "link", "network_id", "type"]
            );
        }
        let slaac = &data["networks"][2];
        assert_eq!(
            (&slaac["ip_address"], &slaac["netmask"]),
            (&json!("2001:db8::5"), &json!("ffff:ffff:ffff:ffff::"))
        );
        assert_eq!(slaac["routes"], json!([{"network": "::", "netmask": "::", "gateway": "2001:db8::1"}]));
        assert_eq!(slaac["services"], json!([{"type": "dns", "address": "2001:db8::53"}]));
        assert_eq!(data["networks"][3]["ip_address"], "2001:db8::5");
        assert_eq!(data["services"].as_array().unwrap().len(), 2, "each once");
    }
}
