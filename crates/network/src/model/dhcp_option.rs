//! DHCP options of a port.

use serde::{Deserialize, Serialize};

/// An extra DHCP option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpOption {
    /// Its name.
    pub opt_name: String,
    /// Its value; null in an update removes it.
    pub opt_value: Option<String>,
    /// 4 or 6.
    #[serde(default = "four")]
    pub ip_version: i64,
}

const fn four() -> i64 {
    4
}
