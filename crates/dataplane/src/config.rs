//! What a data plane is told when it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use kogge_ids::ServerId;
use kogge_node_api::GuestMetadata;

/// Settings of a data plane.
#[derive(Clone)]
pub struct DataplaneConfig {
    /// Begins the names of all namespaces; unique among all clouds on this host. 1 to 32 of `a-z0-9-`.
    pub prefix: String,
    /// A directory of our own, for the last applied state.
    pub data_dir: PathBuf,
    /// The host's side of external networks.
    pub host: HostSide,
    /// Who knows what guests may learn about themselves.
    pub metadata: Arc<dyn MetadataSource>,
}

impl std::fmt::Debug for DataplaneConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataplaneConfig")
            .field("prefix", &self.prefix)
            .field("data_dir", &self.data_dir)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// The host's side of external networks. The host has the gateway address of every external subnet, reaches floating
/// IPs, and answers guests nothing but what is said here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSide {
    /// The named namespace that plays the host; `None` is the namespace of this process.
    pub namespace: Option<String>,
    /// Whether guests reach the world beyond the host, under the host's address. Switches on forwarding on the host.
    pub masquerade: bool,
    /// Whether the gateway address answers pings from guests.
    pub ping: bool,
    /// TCP ports of the host that guests may reach on the gateway address, e.g. the API's.
    pub tcp_ports: Vec<u16>,
}

impl Default for HostSide {
    /// Guests may ping the gateway and nothing else.
    fn default() -> Self {
        Self { namespace: None, masquerade: false, ping: true, tcp_ports: Vec::new() }
    }
}

/// What a guest's attempt to leave its password came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetPassword {
    /// It was kept.
    Kept,
    /// There was one already, which stays.
    Exists,
    /// Nobody keeps passwords here, or not now.
    Unavailable,
}

/// Answers the metadata service's questions. Called on the async runtime: must not block.
pub trait MetadataSource: Send + Sync {
    /// What the guest of server `id` may learn; `None` where the server is not known (yet).
    fn for_server(&self, id: ServerId) -> Option<GuestMetadata>;

    /// The encrypted password that the guest left for its owner.
    fn password(&self, _id: ServerId) -> Option<String> {
        None
    }

    /// Keeps the encrypted password that the guest hands over, at most 1,020 bytes, unless there is one already.
    fn set_password(&self, _id: ServerId, _password: &str) -> SetPassword {
        SetPassword::Unavailable
    }
}
