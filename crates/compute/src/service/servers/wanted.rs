//! What a request for servers asks for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;
use crate::model::server::{InjectedFile, LocalDisks};

/// Servers to be made.
#[derive(Clone, Default)]
pub(crate) struct NewServers {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) flavor: String,
    pub(crate) image: Option<String>,
    pub(crate) networks: Networks,
    pub(crate) groups: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) tags: Vec<String>,
    pub(crate) key_name: Option<String>,
    pub(crate) user_data: Option<String>,
    pub(crate) local: LocalDisks,
    pub(crate) volumes: Vec<WantedVolume>,
    pub(crate) files: Vec<InjectedFile>,
    pub(crate) config_drive: bool,
    pub(crate) admin_password: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) min_count: u32,
    pub(crate) max_count: u32,
    pub(crate) hints: Option<serde_json::Map<String, serde_json::Value>>,
    /// The server group among the hints.
    pub(crate) group: Option<String>,
    pub(crate) auto_disk_config: bool,
    pub(crate) access_v4: Option<Ipv4Addr>,
    pub(crate) access_v6: Option<Ipv6Addr>,
    pub(crate) trusted_certs: bool,
}

/// What the servers are joined to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Networks {
    /// Nothing was said: the project's only network, if there is one.
    #[default]
    Unsaid,
    /// To nothing.
    None,
    /// A network that is made where there is none.
    Auto,
    /// These, in this order.
    Listed(Vec<Wish>),
}

/// One interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) network: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) fixed_ip: Option<IpAddr>,
    pub(crate) tag: Option<String>,
}

/// A volume that a new server is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedVolume {
    pub(crate) origin: VolumeOrigin,
    /// GiB; nothing takes the size of what it is made from.
    pub(crate) size: Option<i64>,
    /// Its place in the boot sequence; the server boots from 0.
    pub(crate) boot: Option<i64>,
    /// It goes with the server.
    pub(crate) delete: bool,
    pub(crate) tag: Option<String>,
    /// Id or name of its type.
    pub(crate) kind: Option<String>,
}

/// Where a volume of a new server comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VolumeOrigin {
    /// It is made, with nothing on it.
    Blank,
    /// It is made from an image.
    Image(String),
    /// It is made from a snapshot.
    Snapshot(String),
    /// It is there.
    Volume(String),
}

/// What is not there is a mistake of the request when a server is made.
pub(super) fn invalid_if_missing(error: Error) -> Error {
    match error {
        Error::NotFound(message) => Error::Invalid(message),
        other => other,
    }
}
