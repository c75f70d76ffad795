//! Whole bodies: every field that a user would send, for the routes with the richest parsers.

use kogge_http::RouteInfo;
use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

/// A whole body for the route; `None` where the plain one of the isolation matrix will do.
pub(crate) fn of(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    if route.action.is_some() {
        return None;
    }
    identity(route, fixture)
        .or_else(|| image(route))
        .or_else(|| compute(route, fixture))
        .or_else(|| network(route, fixture))
        .or_else(|| placement(route, fixture))
}

fn identity(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/v3/auth/tokens") => json!({"auth": {
            "identity": {"methods": ["password", "token"], "token": {"id": "gAAAAABx"},
                "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": "wrong"}}},
            "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}),
        ("POST", "/v3/users") => {
            json!({"user": {"name": "noise", "domain_id": "default", "password": "secret",
            "enabled": true, "email": "a@example.org", "description": "d", "default_project_id": fixture.project,
            "options": {"ignore_password_expiry": true}}})
        }
        ("POST", "/v3/projects") => {
            json!({"project": {"name": "noise", "domain_id": "default", "enabled": true,
            "is_domain": false, "parent_id": "default", "tags": ["a", "b"], "options": {"immutable": false}}})
        }
        ("POST", "/v3/users/{user_id}/application_credentials") => json!({"application_credential": {
            "name": "noise", "secret": "s", "expires_at": "2030-01-01T00:00:00Z", "unrestricted": false,
            "roles": [{"name": "member"}],
            "access_rules": [{"path": "/v2.1/servers", "method": "GET", "service": "compute"}]}}),
        ("POST", "/v3/services") => {
            json!({"service": {"type": "noise", "name": "n", "enabled": true, "description": "d"}})
        }
        ("POST", "/v3/endpoints") => json!({"endpoint": {"interface": "public", "region_id": "RegionOne",
            "url": "http://127.0.0.1/%(project_id)s", "service_id": "x", "enabled": true}}),
        ("POST", "/v3/credentials") => json!({"credential": {"type": "ec2", "user_id": fixture.id("users"),
            "project_id": fixture.project, "blob": "{\"access\": \"a\", \"secret\": \"s\"}"}}),
        _ => return None,
    })
}

fn image(route: &RouteInfo) -> Option<Value> {
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/v2/images") => json!({"name": "noise", "disk_format": "qcow2", "container_format": "bare",
            "visibility": "private", "min_disk": 1, "min_ram": 64, "protected": false, "tags": ["t"],
            "os_distro": "debian", "id": "0f000000-0000-4000-8000-000000000001"}),
        ("PATCH", "/v2/images/{id}") => json!([
            {"op": "add", "path": "/colour", "value": "blue"},
            {"op": "replace", "path": "/name", "value": "y"},
            {"op": "remove", "path": "/colour"},
            {"op": "replace", "path": "/tags", "value": ["a", "b"]}]),
        ("POST", "/v2/images/{id}/import") => {
            json!({"method": {"name": "web-download", "uri": "http://127.0.0.1:9/x"}, "stores": ["file"]})
        }
        _ => return None,
    })
}

fn compute(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/v2.1/servers") => json!({"server": {"name": "noise", "imageRef": fixture.id("images"),
            "flavorRef": fixture.id("flavors"), "key_name": "demo-key", "user_data": "IyEvYmluL3No", "config_drive": true,
            "networks": [{"uuid": fixture.id("networks"), "fixed_ip": "10.9.0.9", "tag": "nic"}],
            "security_groups": [{"name": "default"}], "metadata": {"a": "b"}, "tags": ["x"], "description": "d",
            "availability_zone": "nova", "min_count": 1, "max_count": 2, "hostname": "noise",
            "block_device_mapping_v2": [{"boot_index": 0, "source_type": "image", "destination_type": "local",
                "uuid": fixture.id("images"), "delete_on_termination": true}]},
            "os:scheduler_hints": {"group": "00000000-0000-4000-8000-000000000000"}}),
        ("PUT", "/v2.1/servers/{id}") => json!({"server": {"name": "y", "description": "d", "hostname": "h",
            "accessIPv4": "192.0.2.1", "accessIPv6": "2001:db8::1"}}),
        ("POST", "/v2.1/flavors") => {
            json!({"flavor": {"name": "SCS-2V-4", "ram": 4096, "vcpus": 2, "disk": 0, "id": "auto",
            "swap": 0, "rxtx_factor": 1.0, "OS-FLV-EXT-DATA:ephemeral": 0, "os-flavor-access:is_public": true,
            "description": "d"}})
        }
        ("POST", "/v2.1/flavors/{id}/os-extra_specs") => {
            json!({"extra_specs": {"scs:cpu-type": "shared-core", "hw:cpu_policy": "dedicated"}})
        }
        ("POST", "/v2.1/os-keypairs") => json!({"keypair": {"name": "noise", "type": "ssh",
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPz4m1q0T0V4m3lqf0z2W8J2m3n8qYk2r9cY0Q3v5k1R x"}}),
        ("PUT", path) if path.starts_with("/v2.1/os-quota-sets/") => {
            json!({"quota_set": {"instances": 10, "cores": 20, "ram": -1, "force": true}})
        }
        ("POST", "/v2.1/servers/{id}/os-interface") => json!({"interfaceAttachment": {
            "net_id": fixture.id("networks"), "fixed_ips": [{"ip_address": "10.9.0.77"}], "tag": "t"}}),
        _ => return None,
    })
}

fn network(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/v2.0/networks") => {
            json!({"network": {"name": "x", "admin_state_up": true, "mtu": 1400, "shared": false,
            "port_security_enabled": true, "router:external": false, "description": "d",
            "provider:network_type": "vxlan", "provider:segmentation_id": 7, "dns_domain": "example.org."}})
        }
        ("POST", "/v2.0/subnets") => json!({"subnet": {"network_id": fixture.id("networks"), "ip_version": 4,
            "cidr": "10.77.0.0/24", "gateway_ip": "10.77.0.1", "enable_dhcp": true, "dns_nameservers": ["9.9.9.9"],
            "allocation_pools": [{"start": "10.77.0.10", "end": "10.77.0.20"}],
            "host_routes": [{"destination": "10.1.0.0/16", "nexthop": "10.77.0.2"}]}}),
        ("POST", "/v2.0/ports") => json!({"port": {"network_id": fixture.id("networks"), "name": "p",
            "mac_address": "fa:16:3e:00:00:07", "fixed_ips": [{"subnet_id": fixture.id("subnets"), "ip_address": "10.9.0.50"}],
            "allowed_address_pairs": [{"ip_address": "10.9.0.0/28", "mac_address": "fa:16:3e:00:00:08"}],
            "security_groups": [fixture.id("security-groups")], "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400"}],
            "binding:vnic_type": "normal", "device_owner": "x", "dns_name": "p"}}),
        ("POST", "/v2.0/routers") => {
            json!({"router": {"name": "x", "admin_state_up": true, "external_gateway_info": {
            "network_id": fixture.public, "enable_snat": true, "external_fixed_ips": [{"ip_address": "172.24.4.99"}]}}})
        }
        ("PUT", "/v2.0/routers/{id}") => {
            json!({"router": {"routes": [{"destination": "10.50.0.0/24", "nexthop": "10.9.0.5"}]}})
        }
        ("POST", "/v2.0/floatingips") => json!({"floatingip": {"floating_network_id": fixture.public,
            "floating_ip_address": "172.24.4.88", "port_id": fixture.id("ports"), "fixed_ip_address": "10.9.0.3"}}),
        ("POST", "/v2.0/security-group-rules") => json!({"security_group_rule": {
            "security_group_id": fixture.id("security-groups"), "direction": "ingress", "ethertype": "IPv4",
            "protocol": "tcp", "port_range_min": 22, "port_range_max": 23, "remote_ip_prefix": "10.0.0.0/8"}}),
        ("POST", "/v2.0/subnetpools") => json!({"subnetpool": {"name": "x", "prefixes": ["10.128.0.0/16"],
            "default_prefixlen": 24, "min_prefixlen": 20, "max_prefixlen": 28, "is_default": false, "shared": false}}),
        ("POST", "/v2.0/rbac-policies") => json!({"rbac_policy": {"object_type": "network",
            "object_id": fixture.id("networks"), "action": "access_as_shared", "target_tenant": "*"}}),
        _ => return None,
    })
}

fn placement(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    let server = fixture.id("servers");
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/resource_providers") => {
            json!({"name": "noise", "uuid": "0f000000-0000-4000-8000-000000000002"})
        }
        ("POST", "/allocations") => json!({server: {"allocations": {"0f000000-0000-4000-8000-000000000002":
            {"resources": {"VCPU": 1, "MEMORY_MB": 64}}}, "project_id": fixture.project, "user_id": "u",
            "consumer_generation": null, "consumer_type": "INSTANCE"}}),
        ("PUT", path) if path.ends_with("/inventories") => json!({"resource_provider_generation": 0,
            "inventories": {"VCPU": {"total": 8, "reserved": 1, "min_unit": 1, "max_unit": 8, "step_size": 1,
                "allocation_ratio": 1.0}}}),
        _ => return None,
    })
}
