//! Status is computed from intent and observation, nowhere else.

use super::holder::Holder;

/// Status of a port: `N/A` for the holder of a floating IP, `ACTIVE` where it is up on a host, else `DOWN`.
#[must_use]
pub fn port(holder: Holder, admin_state_up: bool, host: &str, up: bool) -> &'static str {
    match holder {
        Holder::FloatingIp => "N/A",
        _ if admin_state_up && up && !host.is_empty() => "ACTIVE",
        _ => "DOWN",
    }
}

/// Status of a floating IP: it works where it leads somewhere.
#[must_use]
pub const fn floating_ip(associated: bool) -> &'static str {
    if associated { "ACTIVE" } else { "DOWN" }
}

/// `binding:vif_type` of a port that is on no host.
pub const UNBOUND: &str = "unbound";

/// `binding:vif_type` of a port.
#[must_use]
pub fn vif_type(holder: Holder, host: &str) -> &'static str {
    if host.is_empty() || matches!(holder, Holder::FloatingIp) { UNBOUND } else { "bridge" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_active_only_when_up_on_a_host_and_not_switched_off() {
        assert_eq!(port(Holder::Server, true, "h1", true), "ACTIVE");
        assert_eq!(port(Holder::Server, false, "h1", true), "DOWN");
        assert_eq!(port(Holder::Server, true, "", true), "DOWN");
        assert_eq!(port(Holder::Server, true, "h1", false), "DOWN");
        assert_eq!(port(Holder::FloatingIp, true, "", false), "N/A");
        assert_eq!(vif_type(Holder::Server, ""), UNBOUND);
    }
}
