//! Agents: the names that Neutron has for what a host does for networks.

/// Types of agents, and what their ids are derived from.
pub(crate) const TYPES: &[(&str, &str)] =
    &[(L3, "l3"), ("DHCP agent", "dhcp"), ("Linux bridge agent", "bridge"), ("Metadata agent", "metadata")];

/// The one that routers are given to.
pub(crate) const L3: &str = "L3 agent";
