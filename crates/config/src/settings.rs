//! All settings with their defaults. What each means stands in `describe.rs`, in one list that a test compares with
//! these structs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where it listens.
    pub server: ServerConfig,
    /// Where its state is.
    pub database: DatabaseConfig,
    /// How guests run.
    pub hypervisor: HypervisorConfig,
    /// Servers.
    pub compute: ComputeConfig,
    /// Networking.
    pub network: NetworkConfig,
    /// Images.
    pub image: ImageConfig,
    /// Block storage.
    pub volume: VolumeConfig,
    /// Users and tokens.
    pub identity: IdentityConfig,
    /// Who may do what.
    pub policy: PolicyConfig,
    /// Logs.
    pub log: LogConfig,
    /// The data directory.
    pub storage: StorageConfig,
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerConfig {
    /// Address and port of all OpenStack APIs.
    pub listen: String,
    /// Name of the region in the catalog.
    pub region: String,
    /// Most connections at once.
    pub connections: usize,
    /// Most connections at once of one client.
    pub connections_per_client: usize,
}

/// `[database]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseConfig {
    /// `postgres://…`; empty for a SQLite file in the data directory.
    pub url: String,
    /// Most connections to PostgreSQL.
    pub connections: u32,
}

/// How guests' instructions are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accel {
    /// KVM if a probe guest boots on it, else TCG.
    Auto,
    /// KVM or nothing.
    Kvm,
    /// Software emulation.
    Tcg,
}

/// `[hypervisor]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HypervisorConfig {
    /// KVM or TCG.
    pub accel: Accel,
    /// Name of this host; empty takes the machine's.
    pub host: String,
    /// Virtual CPUs per CPU.
    pub cpu_allocation_ratio: f64,
    /// Guest memory per memory.
    pub ram_allocation_ratio: f64,
    /// Memory in MiB that guests do not get.
    pub reserved_memory_mib: u64,
    /// Guest disk per disk.
    pub disk_allocation_ratio: f64,
    /// The first of the system users that guests run as.
    pub guest_uid_first: u32,
    /// How many there are; 0 lets guests run as Kogge's own user.
    pub guest_uid_count: u32,
    /// Whether guests may run as root where that is Kogge's own user.
    pub guests_as_root: bool,
    /// Days for which an instance that the database does not know is kept; 0 for ever.
    pub quarantine_days: u32,
}

/// `[compute]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComputeConfig {
    /// Seconds for which a deleted server can be brought back; 0 deletes at once.
    pub reclaim_instance_interval: u64,
    /// Seconds after which a resize that nobody confirms is confirmed; 0 for never.
    pub resize_confirm_window: u64,
    /// Seconds after which a shelved server leaves its host; -1 for not by itself.
    pub shelved_offload_time: i64,
    /// Seconds for which the address of a console is good.
    pub console_token_seconds: u64,
    /// Hosts whose pages may open consoles, besides the cloud's own.
    pub console_allowed_origins: Vec<String>,
}

/// `[network]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkConfig {
    /// Name of the external network made at the first start.
    pub external_name: String,
    /// Its range.
    pub external_cidr: String,
    /// Whether guests reach beyond this machine.
    pub masquerade: bool,
    /// MTU of tenant networks.
    pub mtu: u32,
}

/// `[image]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    /// Largest image in GiB.
    pub max_size_gib: u64,
    /// Whether an image whose content is not of its declared format is refused at the upload.
    pub enforce_format: bool,
    /// Private ranges that `web-download` may fetch from, e.g. `192.0.2.0/24`.
    pub web_download_private_networks: Vec<String>,
    /// Images that one project may have; 0 for any number.
    pub quota_count: u64,
    /// Image data that one project may store, in GiB; 0 for as much as fits.
    pub quota_total_gib: u64,
    /// Data that one project may have staged for imports, in GiB; 0 for as much as fits.
    pub quota_staging_gib: u64,
    /// Images of one project whose data may be coming in at once; 0 for any number.
    pub quota_uploads: u64,
    /// Days for which data of images that the database does not know are kept in quarantine; 0 for ever.
    pub quarantine_days: u32,
}

/// `[identity]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityConfig {
    /// Life of a token in seconds.
    pub token_seconds: u64,
    /// Days between rotations of the token keys.
    pub key_rotation_days: u32,
    /// Cost of password hashing, 4 to 31.
    pub bcrypt_cost: u32,
    /// Failed logins that lock a user; 0 for never.
    pub lockout_failures: u32,
    /// How long, in seconds.
    pub lockout_seconds: u64,
    /// Logins per minute that one user or address may try; 0 for any number.
    pub logins_per_minute: u32,
    /// Old passwords that cannot be taken again, the present one included; 0 for none.
    pub password_history: u32,
    /// Whether the secret of an EC2 key pair is shown whenever it is looked at, and not only when it is made.
    pub show_ec2_secrets: bool,
}

/// `[policy]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyConfig {
    /// A file of overrides in the syntax of oslo.policy; empty for none.
    pub file: String,
}

/// Shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// For machines.
    Json,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// Least important level shown, also per module: `info,kogge_compute=debug`.
    pub level: String,
    /// Shape of the lines.
    pub format: LogFormat,
    /// Largest size of the log file in MiB.
    pub max_mib: u32,
    /// How many older log files are kept.
    pub keep: u32,
}

/// How volumes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeFormat {
    /// QEMU's format: a volume of an image holds only what was written.
    Qcow2,
    /// Plain files.
    Raw,
}

/// A pool of a Ceph cluster for volumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CephBackend {
    /// The backend's name: what types of volumes name as `volume_backend_name`.
    pub name: String,
    /// The pool; it is initialised for RBD.
    pub pool: String,
    /// The cluster's `ceph.conf`; every host has it, and the users that guests run as can read it.
    #[serde(default = "CephBackend::conf")]
    pub conf: PathBuf,
    /// The user, without `client.`; it has `profile rbd` on monitors and the pool.
    pub user: String,
    /// The file with the user's key; every host has it, and only Kogge can read it.
    pub keyring: PathBuf,
}

impl CephBackend {
    fn conf() -> PathBuf {
        PathBuf::from("/etc/ceph/ceph.conf")
    }
}

/// `[volume]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeConfig {
    /// How volumes are kept.
    pub format: VolumeFormat,
    /// Pools of Ceph clusters, beside the files.
    pub ceph: Vec<CephBackend>,
    /// The backend of volumes whose type names none; empty for the files.
    pub default_backend: String,
    /// Volumes of a project, unless an administrator says otherwise; -1 for any number.
    pub quota_volumes: i64,
    /// Snapshots of a project, unless an administrator says otherwise; -1 for any number.
    pub quota_snapshots: i64,
    /// Room in GiB of a project's volumes and snapshots, unless an administrator says otherwise; -1 for any.
    pub quota_gigabytes: i64,
}

impl Default for VolumeConfig {
    fn default() -> Self {
        Self {
            format: VolumeFormat::Qcow2,
            ceph: Vec::new(),
            default_backend: String::new(),
            quota_volumes: 10,
            quota_snapshots: 10,
            quota_gigabytes: 1000,
        }
    }
}

/// `[storage]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageConfig {
    /// Room in MiB that images and guests leave free in the data directory's file system.
    pub reserve_mib: u64,
    /// Where all processes of the cloud have their keys, first accounts and images; empty for the data directory of the
    /// only one.
    pub shared: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8770".to_owned(),
            region: "RegionOne".to_owned(),
            connections: 4096,
            connections_per_client: 256,
        }
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: String::new(), connections: 16 }
    }
}

impl Default for HypervisorConfig {
    fn default() -> Self {
        Self {
            accel: Accel::Auto,
            host: String::new(),
            cpu_allocation_ratio: 16.0,
            ram_allocation_ratio: 1.0,
            reserved_memory_mib: 512,
            disk_allocation_ratio: 1.0,
            guest_uid_first: 1_900_000_000,
            guest_uid_count: 1 << 24,
            guests_as_root: false,
            quarantine_days: 30,
        }
    }
}

impl Default for ComputeConfig {
    fn default() -> Self {
        Self {
            reclaim_instance_interval: 0,
            resize_confirm_window: 0,
            shelved_offload_time: 0,
            console_token_seconds: 600,
            console_allowed_origins: Vec::new(),
        }
    }
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            external_name: "public".to_owned(),
            external_cidr: "172.24.4.0/24".to_owned(),
            masquerade: false,
            mtu: 1450,
        }
    }
}

impl Default for ImageConfig {
    fn default() -> Self {
        Self {
            max_size_gib: 128,
            enforce_format: false,
            web_download_private_networks: Vec::new(),
            quota_count: 1000,
            quota_total_gib: 1000,
            quota_staging_gib: 1000,
            quota_uploads: 100,
            quarantine_days: 30,
        }
    }
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            token_seconds: 3600,
            key_rotation_days: 7,
            bcrypt_cost: 12,
            lockout_failures: 10,
            lockout_seconds: 300,
            logins_per_minute: 0,
            password_history: 2,
            show_ec2_secrets: false,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text, max_mib: 32, keep: 4 }
    }
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self { reserve_mib: 1024, shared: String::new() }
    }
}
