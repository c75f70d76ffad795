//! Routers, floating IPs, RBAC policies.

use serde_json::{Value, json};

use super::ports::fixed_ips;
use super::{members, standard};
use crate::attributes::Body;
use crate::model::status;
use crate::service::router_interfaces::Interface;
use crate::store::rows;
use crate::{FloatingIpView, Networking, RouterView};

/// A router.
pub(crate) fn router(net: &Networking, view: &RouterView) -> Body {
    let row = &view.row;
    let gateway = row.gateway_network_id.map(|network| {
        json!({
            "network_id": network,
            "enable_snat": row.enable_snat,
            "external_fixed_ips": fixed_ips(&view.gateway_ips),
        })
    });
    standard!(row).add(members(json!({
        "id": row.id,
        "name": row.name,
        "admin_state_up": row.admin_state_up,
        "status": "ACTIVE",
        "external_gateway_info": gateway,
        "routes": row.routes.0,
        "availability_zone_hints": row.az_hints.0,
        "availability_zones": [net.config().availability_zone],
    })))
}

/// A floating IP.
pub(crate) fn floating_ip(_: &Networking, view: &FloatingIpView) -> Body {
    let row = &view.row;
    let details = view.port.as_ref().map(|port| {
        json!({
            "name": port.name,
            "network_id": port.network_id,
            "mac_address": port.mac_address,
            "admin_state_up": port.admin_state_up,
            "status": port.status,
            "device_id": port.device_id,
            "device_owner": port.device_owner,
        })
    });
    standard!(row).add(members(json!({
        "id": row.id,
        "floating_ip_address": row.floating_ip_address,
        "floating_network_id": row.floating_network_id,
        "router_id": row.router_id,
        "port_id": row.port_id,
        "fixed_ip_address": row.fixed_ip_address,
        "status": status::floating_ip(row.port_id.is_some()),
        "dns_name": row.dns_name,
        "dns_domain": row.dns_domain,
        "port_details": details,
    })))
}

/// An RBAC policy.
pub(crate) fn rbac_policy(row: &rows::RbacPolicy) -> Body {
    members(json!({
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "object_type": row.object_type,
        "object_id": row.object_id,
        "action": row.action,
        "target_tenant": row.target_project,
    }))
}

/// A leg of a router.
pub(crate) fn interface(leg: &Interface) -> Value {
    json!({
        "id": leg.router_id,
        "tenant_id": leg.project_id,
        "project_id": leg.project_id,
        "port_id": leg.port_id,
        "network_id": leg.network_id,
        "subnet_id": leg.subnet_ids.first(),
        "subnet_ids": leg.subnet_ids,
    })
}
