//! Bodies of the network service.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    let Some(path) = path.strip_prefix("/v2.0") else { return Vec::new() };
    if path.ends_with("/tags") {
        return vec![json!({"tags": ["a", "b"]})];
    }
    match method {
        "POST" => create(path, fixture),
        _ => update(path, fixture),
    }
}

fn create(path: &str, fixture: &Fixture) -> Vec<Value> {
    let (project, network) = (&fixture.project, fixture.id("networks"));
    let subnet = |more: Value| merged(json!({"network_id": network, "ip_version": 4}), more);
    match path {
        "/networks" => vec![json!({"network": {"name": "x", "admin_state_up": true, "project_id": project,
            "description": "d"}})],
        "/subnets" => vec![
            json!({"subnet": subnet(json!({"cidr": "10.77.0.0/24", "project_id": project, "enable_dhcp": true,
                "dns_nameservers": ["9.9.9.9"], "host_routes": [{"destination": "10.1.0.0/16", "nexthop": "10.77.0.2"}],
                "allocation_pools": [{"start": "10.77.0.10", "end": "10.77.0.20"}]}))}),
            json!({"subnet": subnet(json!({"subnetpool_id": fixture.id("subnetpools"), "prefixlen": 28}))}),
        ],
        "/subnetpools" => vec![
            json!({"subnetpool": {"name": "x", "prefixes": ["10.128.0.0/16"], "default_prefixlen": 24,
                "project_id": project}}),
            json!({"subnetpool": {"name": "x", "prefixes": ["10.129.0.0/16"],
                "address_scope_id": fixture.id("address-scopes")}}),
        ],
        "/address-scopes" => {
            vec![json!({"address_scope": {"name": "x", "ip_version": 4, "project_id": project}})]
        }
        "/rbac-policies" => vec![json!({"rbac_policy": {"object_type": "network", "object_id": network,
            "action": "access_as_shared", "target_tenant": project}})],
        "/ports" => vec![
            json!({"port": {"network_id": network, "name": "p", "project_id": project, "description": "d",
                "security_groups": [fixture.id("security-groups")],
                "fixed_ips": [{"subnet_id": fixture.id("subnets")}],
                "allowed_address_pairs": [{"ip_address": "10.9.0.0/28"}],
                "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400"}]}}),
            json!({"port": {"network_id": network, "device_id": fixture.id("servers")}}),
        ],
        "/routers" => vec![json!({"router": {"name": "x", "project_id": project,
            "external_gateway_info": {"network_id": fixture.public}}})],
        "/floatingips" => vec![
            json!({"floatingip": {"floating_network_id": fixture.public, "project_id": project, "description": "d"}}),
            json!({"floatingip": {"floating_network_id": fixture.public, "port_id": fixture.id("routed-port")}}),
            json!({"floatingip": {"floating_network_id": fixture.public, "subnet_id": fixture.id("public-subnet")}}),
        ],
        "/security-groups" => {
            vec![json!({"security_group": {"name": "x", "description": "d", "project_id": project}})]
        }
        "/security-group-rules" => vec![
            json!({"security_group_rule": {"security_group_id": fixture.id("security-groups"),
                "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22,
                "port_range_max": 23, "remote_ip_prefix": "10.0.0.0/8", "project_id": project}}),
            json!({"security_group_rule": {"security_group_id": fixture.id("security-groups"),
                "direction": "ingress", "remote_group_id": fixture.id("default-group")}}),
        ],
        "/default-security-group-rules" => {
            vec![json!({"default_security_group_rule": {"direction": "ingress",
            "ethertype": "IPv4", "protocol": "udp", "port_range_min": 7, "port_range_max": 7}})]
        }
        _ => Vec::new(),
    }
}

fn update(path: &str, fixture: &Fixture) -> Vec<Value> {
    let subnet = fixture.id("routed-subnet");
    match path {
        "/networks/{id}" => vec![json!({"network": {"name": "y"}})],
        "/subnets/{id}" => vec![json!({"subnet": {"name": "y"}})],
        "/subnetpools/{id}" => vec![
            json!({"subnetpool": {"name": "y"}}),
            json!({"subnetpool": {"address_scope_id": fixture.id("address-scopes")}}),
        ],
        "/subnetpools/{id}/add_prefixes" | "/subnetpools/{id}/remove_prefixes" => {
            vec![json!({"prefixes": ["10.130.0.0/16"]})]
        }
        "/agents/{id}" => vec![json!({"agent": {"description": "y"}})],
        "/address-scopes/{id}" => vec![json!({"address_scope": {"name": "y"}})],
        "/rbac-policies/{id}" => vec![json!({"rbac_policy": {"target_tenant": fixture.project}})],
        "/ports/{id}" => vec![
            json!({"port": {"name": "y", "security_groups": [fixture.id("security-groups")]}}),
            json!({"port": {"fixed_ips": [{"subnet_id": fixture.id("subnets")}]}}),
            json!({"port": {"device_id": fixture.id("servers")}}),
        ],
        "/routers/{id}" => vec![
            json!({"router": {"name": "y"}}),
            json!({"router": {"external_gateway_info": {"network_id": fixture.public}}}),
        ],
        "/routers/{id}/add_router_interface" => {
            vec![json!({"subnet_id": fixture.id("subnets")}), json!({"port_id": fixture.id("ports")})]
        }
        "/routers/{id}/remove_router_interface" => {
            vec![json!({"subnet_id": subnet}), json!({"port_id": fixture.id("leg")})]
        }
        "/routers/{id}/add_extraroutes" | "/routers/{id}/remove_extraroutes" => {
            vec![json!({"router": {"routes": [{"destination": "10.50.0.0/24", "nexthop": "10.8.0.5"}]}})]
        }
        "/floatingips/{id}" => vec![
            json!({"floatingip": {"description": "y"}}),
            json!({"floatingip": {"port_id": fixture.id("routed-port")}}),
        ],
        "/security-groups/{id}" => vec![json!({"security_group": {"name": "y"}})],
        "/quotas/{project}" => vec![json!({"quota": {"network": -1}})],
        _ => Vec::new(),
    }
}

fn merged(mut one: Value, more: Value) -> Value {
    if let (Some(one), Some(more)) = (one.as_object_mut(), more.as_object()) {
        one.extend(more.clone());
    }
    one
}
