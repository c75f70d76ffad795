//! Rules without IO: addresses, status, security group rules, guest network data.

pub mod address;
pub(crate) mod agents;
pub mod commands;
pub mod device_port;
pub mod dhcp_option;
pub mod holder;
pub mod mac;
pub mod network_data;
pub mod rule;
pub mod status;
