//! Status is computed from intent and observation, nowhere else.

/// Owners whose ports are ours: DHCP, routers, floating IPs.
pub const FLOATING_IP: &str = "network:floatingip";
/// A leg of a router.
pub const ROUTER_INTERFACE: &str = "network:router_interface";
/// A router's port in the external network.
pub const ROUTER_GATEWAY: &str = "network:router_gateway";
/// The DHCP port of a network.
pub const DHCP: &str = "network:dhcp";

/// Status of a port: `N/A` for the holder of a floating IP, `ACTIVE` where it is up on a host, else `DOWN`.
#[must_use]
pub fn port(device_owner: &str, admin_state_up: bool, host: &str, up: bool) -> &'static str {
    match device_owner {
        FLOATING_IP => "N/A",
        _ if admin_state_up && up && !host.is_empty() => "ACTIVE",
        _ => "DOWN",
    }
}

/// Status of a floating IP: it works where it leads somewhere.
#[must_use]
pub const fn floating_ip(associated: bool) -> &'static str {
    if associated { "ACTIVE" } else { "DOWN" }
}

/// `binding:vif_type` of a port.
#[must_use]
pub fn vif_type(device_owner: &str, host: &str) -> &'static str {
    if host.is_empty() || device_owner == FLOATING_IP { "unbound" } else { "bridge" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_active_only_when_up_on_a_host_and_not_switched_off() {
        assert_eq!(port("compute:nova", true, "h1", true), "ACTIVE");
        assert_eq!(port("compute:nova", false, "h1", true), "DOWN");
        assert_eq!(port("compute:nova", true, "", true), "DOWN");
        assert_eq!(port("compute:nova", true, "h1", false), "DOWN");
        assert_eq!(port(FLOATING_IP, true, "", false), "N/A");
        assert_eq!(vif_type("compute:nova", ""), "unbound");
    }
}
