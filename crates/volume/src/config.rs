//! What an operator can set of block storage.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kogge_room::Room;

/// Settings of block storage. Every one has a default.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeConfig {
    /// The name of this service's host in `host@backend#pool`.
    pub host: String,
    /// The availability zone of all volumes.
    pub zone: String,
    /// Quota defaults by Cinder's resource names; -1 is no limit.
    pub quota: BTreeMap<String, i64>,
    /// Most items of a page.
    pub max_limit: u32,
    /// Most volumes of a project, whatever its quotas say.
    pub max_volumes_per_project: i64,
    /// Folder of the data of backups; made when the first one is. All processes of a cloud share it.
    pub backup_dir: PathBuf,
    /// The room where the data directory is: copies are refused while there is too little.
    pub room: Room,
    /// How long one step at a backend may take, in seconds: copies of large disks take long.
    pub step_seconds: u64,
}

impl Default for VolumeConfig {
    fn default() -> Self {
        Self {
            host: "kogge".to_owned(),
            zone: "nova".to_owned(),
            quota: BTreeMap::new(),
            max_limit: 1000,
            max_volumes_per_project: 100_000,
            backup_dir: PathBuf::from("backups"),
            room: Room::default(),
            step_seconds: 4 * 3600,
        }
    }
}
