//! Ports.

use serde_json::{Value, json};

use super::{members, standard};
use crate::attributes::Body;
use crate::model::status;
use crate::{FixedIp, Networking, PortView};

/// A list of `{subnet_id, ip_address}`.
pub(crate) fn fixed_ips(ips: &[FixedIp]) -> Vec<Value> {
    ips.iter().map(|ip| json!({"subnet_id": ip.subnet_id, "ip_address": ip.ip_address})).collect()
}

/// A port.
pub(crate) fn port(_: &Networking, view: &PortView) -> Body {
    let row = &view.row;
    let vif = status::vif_type(row.holder, &row.host);
    let details = if vif == "unbound" { json!({}) } else { json!({"port_filter": true}) };
    standard!(row, row.project_id.project().unwrap_or_default()).add(members(json!({
        "id": row.id,
        "name": row.name,
        "network_id": row.network_id,
        "mac_address": row.mac_address,
        "admin_state_up": row.admin_state_up,
        "status": row.status,
        "device_id": row.device_id,
        "device_owner": row.device_owner,
        "fixed_ips": fixed_ips(&view.fixed_ips),
        "security_groups": view.security_groups,
        "port_security_enabled": row.is_filtered(),
        "allowed_address_pairs": row.allowed_address_pairs.0,
        "extra_dhcp_opts": row.extra_dhcp_opts.0,
        "dns_name": row.dns_name,
        "dns_assignment": assignment(view),
        "binding:vnic_type": row.vnic_type,
        "binding:vif_type": vif,
        "binding:vif_details": details,
        "binding:host_id": row.host,
        "binding:profile": row.binding_profile.0,
    })))
}

/// The DNS names of a port's addresses.
fn assignment(view: &PortView) -> Vec<Value> {
    let one = |ip: &FixedIp| {
        let own = view.row.dns_name.as_str();
        let host = if own.is_empty() {
            format!("host-{}", ip.ip_address.to_string().replace(['.', ':'], "-"))
        } else {
            own.to_owned()
        };
        let fqdn = format!("{host}.{}.", view.dns_domain.trim_end_matches('.'));
        json!({"hostname": host, "ip_address": ip.ip_address, "fqdn": fqdn})
    };
    view.fixed_ips.iter().map(one).collect()
}
