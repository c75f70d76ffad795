//! What a port is: which thing of this cloud holds it. A port's `device_id` and `device_owner` are texts that its
//! project writes; they are shown and searched, and prove nothing.

use std::fmt;
use std::str::FromStr;

/// `device_owner` of the ports that keep the addresses of floating IPs.
pub const FLOATING_IP: &str = "network:floatingip";
/// A leg of a router.
pub const ROUTER_INTERFACE: &str = "network:router_interface";
/// A router's port in the external network.
pub const ROUTER_GATEWAY: &str = "network:router_gateway";
/// The DHCP port of a network.
pub const DHCP: &str = "network:dhcp";

/// The kind of thing that holds a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Nothing of ours: its project does with it what it likes.
    #[default]
    Nobody,
    /// A server, by compute's word.
    Server,
    /// A router, as one of its legs.
    RouterInterface,
    /// A router, as its way out.
    RouterGateway,
    /// A floating IP, whose address it keeps.
    FloatingIp,
    /// The DHCP service of its network.
    Dhcp,
}

impl Holder {
    /// True for what this service runs itself: no guest stands behind such a port, so nothing filters it.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        !matches!(self, Self::Nobody | Self::Server)
    }

    /// True for legs of routers, which have any address they are given.
    #[must_use]
    pub const fn is_router_leg(self) -> bool {
        matches!(self, Self::RouterInterface)
    }

    /// `device_owner` of the ports of our own things; empty for the others.
    #[must_use]
    pub const fn device_owner(self) -> &'static str {
        match self {
            Self::Nobody | Self::Server => "",
            Self::RouterInterface => ROUTER_INTERFACE,
            Self::RouterGateway => ROUTER_GATEWAY,
            Self::FloatingIp => FLOATING_IP,
            Self::Dhcp => DHCP,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Server => "server",
            Self::RouterInterface => "router_interface",
            Self::RouterGateway => "router_gateway",
            Self::FloatingIp => "floating_ip",
            Self::Dhcp => "dhcp",
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A word that names no holder.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is no holder of a port")]
pub struct UnknownHolder(String);

impl FromStr for Holder {
    type Err = UnknownHolder;

    fn from_str(text: &str) -> Result<Self, UnknownHolder> {
        let all = [
            Self::Nobody,
            Self::Server,
            Self::RouterInterface,
            Self::RouterGateway,
            Self::FloatingIp,
            Self::Dhcp,
        ];
        all.into_iter().find(|holder| holder.text() == text).ok_or_else(|| UnknownHolder(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_read_back_as_it_was_written() {
        for holder in [Holder::Nobody, Holder::Server, Holder::RouterInterface, Holder::RouterGateway] {
            assert_eq!(holder.to_string().parse::<Holder>().unwrap(), holder);
        }
        assert!("compute:nova".parse::<Holder>().is_err());
    }

    #[test]
    fn only_what_this_service_runs_itself_is_unfiltered() {
        let ours = [Holder::RouterInterface, Holder::RouterGateway, Holder::FloatingIp, Holder::Dhcp];
        assert!(ours.iter().all(|holder| holder.is_ours() && holder.device_owner().starts_with("network:")));
        assert!(!Holder::Nobody.is_ours() && !Holder::Server.is_ours());
    }
}
