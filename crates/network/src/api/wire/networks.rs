//! Networks, subnets, subnet pools, address scopes.

use serde_json::json;

use super::{members, standard};
use crate::attributes::Body;
use crate::store::rows;
use crate::{NetworkView, Networking, SubnetView};

/// A network.
pub(crate) fn network(net: &Networking, view: &NetworkView) -> Body {
    let row = &view.row;
    let zones: Vec<&str> =
        if view.subnets.is_empty() { vec![] } else { vec![&net.config().availability_zone] };
    let mut body = standard!(row).add(members(json!({
        "id": row.id,
        "name": row.name,
        "admin_state_up": row.admin_state_up,
        "status": "ACTIVE",
        "subnets": view.subnets,
        "shared": view.shared,
        "router:external": row.external,
        "mtu": row.mtu,
        "dns_domain": row.dns_domain,
        "port_security_enabled": row.port_security_enabled,
        "ipv4_address_scope": null,
        "ipv6_address_scope": null,
        "availability_zone_hints": row.az_hints.0,
        "availability_zones": zones,
        "provider:network_type": row.network_type,
        "provider:physical_network": row.physical_network,
        "provider:segmentation_id": row.segmentation_id,
    })));
    if row.external {
        body.insert("is_default".to_owned(), row.is_default.into());
    }
    body
}

/// A subnet.
pub(crate) fn subnet(_: &Networking, view: &SubnetView) -> Body {
    let row = &view.row;
    standard!(row).add(members(json!({
        "id": row.id,
        "name": row.name,
        "network_id": row.network_id,
        "ip_version": row.ip_version,
        "cidr": row.cidr.to_string(),
        "gateway_ip": row.gateway_ip,
        "allocation_pools": row.allocation_pools.0,
        "dns_nameservers": row.dns_nameservers.0,
        "host_routes": row.host_routes.0,
        "enable_dhcp": row.enable_dhcp,
        "ipv6_ra_mode": row.ipv6_ra_mode,
        "ipv6_address_mode": row.ipv6_address_mode,
        "subnetpool_id": row.subnetpool_id,
        "service_types": row.service_types.0,
        "dns_publish_fixed_ip": row.dns_publish_fixed_ip,
    })))
}

/// A subnet pool.
pub(crate) fn subnet_pool(_: &Networking, row: &rows::SubnetPool) -> Body {
    standard!(row).add(members(json!({
        "id": row.id,
        "name": row.name,
        "prefixes": row.prefixes.0,
        "ip_version": row.ip_version,
        "default_quota": row.default_quota,
        "default_prefixlen": row.default_prefixlen,
        "min_prefixlen": row.min_prefixlen,
        "max_prefixlen": row.max_prefixlen,
        "is_default": row.is_default,
        "shared": row.shared,
        "address_scope_id": row.address_scope_id,
    })))
}

/// An address scope.
pub(crate) fn address_scope(row: &rows::AddressScope) -> Body {
    members(json!({
        "id": row.id,
        "name": row.name,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "ip_version": row.ip_version,
        "shared": row.shared,
    }))
}
