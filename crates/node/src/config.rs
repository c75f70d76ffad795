//! Settings of a node.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use kogge_ids::CloudId;
use kogge_qemu::{EngineConfig, LogLimit};

use crate::users::UserRange;

/// Settings of a node.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The host's name, unique in the cloud.
    pub name: String,
    /// The address under which admins know the host.
    pub address: String,
    /// A directory of our own for instances and image bases.
    pub data_dir: PathBuf,
    /// Storage backends by their names.
    pub backends: BTreeMap<String, VolumeBackend>,
    /// Which QEMU, and which accelerator.
    pub engine: EngineConfig,
    /// How long guests are waited for.
    pub patience: Patience,
    /// How large logs may grow.
    pub logs: LogLimit,
    /// Whom guests run as, where the agent is root.
    pub users: UserRange,
    /// Whether guests may run as root where the agent is root and they cannot have users of their own.
    pub guests_as_root: bool,
    /// The cloud that this node is part of. A directory or an instance of another cloud is refused; `None` asks nothing.
    pub cloud: Option<CloudId>,
}

/// How this host gets at the volumes of a storage backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeBackend {
    /// They are files in this directory. Nobody but root need get in.
    Files(PathBuf),
    /// They are images of a Ceph cluster.
    Ceph {
        /// The cluster's `ceph.conf`. Guests' users read it: it holds no secret.
        conf: PathBuf,
        /// The user, without `client.`.
        user: String,
        /// The file with the user's key, which the agent alone reads.
        keyring: PathBuf,
    },
}

/// How long guests are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a guest to power down after it was asked; then it is stopped by force. Nova's `shutdown_timeout`.
    pub power_down: Duration,
    /// For a guest to go down for a soft reboot; then it is done hard. Nova's `wait_soft_reboot_seconds`.
    pub soft_reboot: Duration,
    /// For a guest to let a network interface or a volume go; then the interface is cut off from its network, and the
    /// guest keeps an empty device until it listens or starts anew; a volume stays until then. Nova's `device_detach_attempts` times `device_detach_timeout`.
    pub unplug: Duration,
    /// The power button is pressed again after so long: a guest that boots does not listen yet.
    pub press_again: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            power_down: Duration::from_secs(60),
            soft_reboot: Duration::from_secs(120),
            unplug: Duration::from_secs(160),
            press_again: Duration::from_secs(10),
        }
    }
}

impl NodeConfig {
    /// A node called `name` that keeps everything in `data_dir`.
    #[must_use]
    pub fn new(name: &str, data_dir: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            address: "127.0.0.1".to_owned(),
            data_dir,
            backends: BTreeMap::new(),
            engine: EngineConfig::default(),
            patience: Patience::default(),
            logs: LogLimit::default(),
            users: UserRange::default(),
            guests_as_root: false,
            cloud: None,
        }
    }
}
