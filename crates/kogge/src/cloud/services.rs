//! The services of a cloud, built from the bottom to the top.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kogge_clock::Clock;
use kogge_compute::{Compute, ComputeConfig, ComputeDeps, Seal};
use kogge_config::{Config, VolumeFormat};
use kogge_db::{Db, DbOptions, Durability, Migrations};
use kogge_identity::fernet::KeyRepository;
use kogge_identity::{Identity, IdentityConfig, IdentityDeps, Secret, SecurityConfig, SeedAccounts};
use kogge_ids::CloudId;
use kogge_image::{ImageConfig, ImageDeps, Images};
use kogge_network::{NetworkConfig, NetworkDeps, Networking, PublicNetwork};
use kogge_node_api::{DiskFormat, Nodes};
use kogge_placement::Placement;
use kogge_room::Room;
use kogge_storage::{BackendHandle, FilesBackend, Layout, RbdBackend, RbdSettings, SimStorage};
use kogge_task::{KeyedTask, Task};
use kogge_volume::{SealedKeyring, VolumeConfig, VolumeDeps, Volumes};

use super::belonging::{self, Belonging};
use super::checkpoint::CheckpointDatabase;
use super::commons;
use super::soundness;
use super::watch_room::WatchRoom;
use super::{catalog, policies};
use crate::accounts::{DOMAIN_MANAGER, Passwords};
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// Handles of all services. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// Identity.
    pub identity: Identity,
    /// Placement.
    pub placement: Placement,
    /// Images.
    pub image: Images,
    /// Networks.
    pub network: Networking,
    /// Volumes.
    pub volume: Volumes,
    /// Servers.
    pub compute: Compute,
    /// The machines.
    pub nodes: Nodes,
    /// The cloud's id.
    pub cloud: CloudId,
    /// The disk of the data directory.
    pub room: Room,
    ballast: Option<PathBuf>,
}

/// What services are built from.
pub(super) struct Plan<'a> {
    pub(super) config: &'a Config,
    pub(super) data: &'a DataDir,
    /// Where state is kept: the data directory, or memory.
    pub(super) state: &'a Path,
    pub(super) simulated: bool,
    /// Whether it is gone with its process.
    pub(super) passing: bool,
    /// Whether the operator says that database and directory belong together.
    pub(super) adopt: bool,
    pub(super) clock: Clock,
    pub(super) room: Option<Room>,
}

const MIGRATIONS: [Migrations; 7] = [
    belonging::MIGRATIONS,
    kogge_identity::MIGRATIONS,
    kogge_placement::MIGRATIONS,
    kogge_image::MIGRATIONS,
    kogge_network::MIGRATIONS,
    kogge_volume::MIGRATIONS,
    kogge_compute::MIGRATIONS,
];

/// The keys that seal what the database keeps of servers; in the data directory, beside those of tokens.
struct ServerKeys(KeyRepository, Clock);

impl ServerKeys {
    fn open(data: &Path, clock: Clock) -> Result<Self, Failure> {
        let keys = KeyRepository::open(data.join("server-keys"), usize::MAX);
        Ok(Self(keys.map_err(|error| Failure::caused("opening the keys of servers")(&error))?, clock))
    }
}

impl Seal for ServerKeys {
    fn seal(&self, clear: &str) -> String {
        self.0.ring().seal(clear.as_bytes(), self.1.now().as_micros() / 1_000_000)
    }

    fn open(&self, sealed: &str) -> Option<String> {
        let opened = self.0.ring().open(sealed).ok()?;
        String::from_utf8(opened.content).ok()
    }
}

impl Services {
    /// Opens the database and builds every service on it.
    pub(super) async fn open(plan: &Plan<'_>) -> Result<Self, Failure> {
        let Plan { config, data, state, simulated, clock, room, .. } = plan;
        let clock = || clock.clone();
        let (db, cloud) = open_database(plan).await?;
        let identity = Identity::open(IdentityDeps {
            db: db.clone(),
            clock: clock(),
            policies: Arc::new(policies::compile(config)?),
            data_dir: data.path().to_owned(),
            config: identity_config(config, *simulated),
        })
        .await
        .map_err(|error| Failure::caused("opening identity")(&error))?;
        let placement = Placement::new(db.clone(), clock());
        let reserve = config.storage.reserve_mib << 20;
        let room = room.clone().unwrap_or_else(|| Room::of(state, reserve));
        let image = ImageConfig { room: room.clone(), ..image_config(config, state)? };
        let image = Images::new(ImageDeps { db: db.clone(), clock: clock(), config: image })
            .map_err(|error| Failure::caused("opening the image store")(&error))?;
        let nodes = Nodes::new();
        let network = Networking::new(NetworkDeps {
            db: db.clone(),
            clock: clock(),
            nodes: nodes.clone(),
            config: network_config(config)?,
        });
        let seal: Arc<dyn Seal> = Arc::new(ServerKeys::open(data.path(), clock())?);
        let volume = Volumes::new(VolumeDeps {
            db: db.clone(),
            clock: clock(),
            image: image.clone(),
            nodes: nodes.clone(),
            backends: backends(plan).await?,
            keyring: Arc::new(SealedKeyring::new(db.clone(), clock(), Arc::clone(&seal))),
            config: VolumeConfig { room: room.clone(), ..volume_config(config, state) },
        });
        let compute = Compute::new(ComputeDeps {
            db: db.clone(),
            clock: clock(),
            image: image.clone(),
            network: network.clone(),
            placement: placement.clone(),
            volume: volume.clone(),
            nodes: nodes.clone(),
            seal,
            config: compute_config(config),
        });
        // a simulated cloud is in memory, which others need more
        let ballast = (!simulated && config.storage.reserve_mib > 0).then(|| data.join("ballast"));
        Ok(Self { db, identity, placement, image, network, volume, compute, nodes, cloud, room, ballast })
    }

    /// Makes what a new cloud has: accounts, catalog, flavors, the external network. What is there stays.
    pub(super) async fn seed(&self, passwords: &Passwords) -> Result<(), Failure> {
        let secret = |user: &str| Some(Secret::new(passwords.of(user)));
        let accounts = SeedAccounts {
            admin: secret("admin"),
            demo: secret("demo"),
            alt_demo: secret("alt_demo"),
            demo_reader: secret("demo-reader"),
            alt_demo_reader: secret("alt-demo-reader"),
            domain_manager: secret(DOMAIN_MANAGER.user),
        };
        self.identity
            .seed(accounts, &catalog::catalog())
            .await
            .map_err(|error| Failure::caused("making the first accounts")(&error))?;
        let admin = self.identity.seeded_project("admin").map(String::from).unwrap_or_default();
        self.network
            .seed(&admin)
            .await
            .map_err(|error| Failure::caused("making the external network")(&error))?;
        self.volume.seed().await.map_err(|error| Failure::caused("making the volume types")(&error))?;
        self.compute.seed().await.map_err(|error| Failure::caused("making the standard flavors")(&error))?;
        self.db.checkpoint().await.map_err(|error| Failure::caused("writing the database")(&error))
    }

    /// The background tasks of each host and each server.
    pub(super) fn keyed_tasks(&self) -> Vec<Arc<dyn KeyedTask>> {
        let mut tasks = self.network.keyed_tasks();
        tasks.extend(self.volume.keyed_tasks());
        tasks.extend(self.compute.keyed_tasks());
        tasks
    }

    /// The background tasks about the whole cloud.
    pub(super) fn tasks(&self) -> Vec<Arc<dyn Task>> {
        let mut tasks = self.identity.tasks();
        tasks.extend(self.image.tasks());
        tasks.extend(self.volume.tasks());
        tasks.extend(self.compute.tasks());
        tasks.push(Arc::new(CheckpointDatabase(self.db.clone())));
        tasks.extend(
            self.ballast
                .clone()
                .map(|ballast| Arc::new(WatchRoom::new(self.room.clone(), ballast)) as Arc<dyn Task>),
        );
        tasks
    }
}

/// The backend of a cloud with real guests: a directory of this name in the data directory.
pub(super) const FILES: &str = "files";

/// The directory of [`FILES`].
pub(super) fn volumes_of(data: &DataDir) -> PathBuf {
    data.join("volumes")
}

/// Where the data of volumes are, by name.
async fn backends(plan: &Plan<'_>) -> Result<Vec<(String, BackendHandle)>, Failure> {
    if plan.simulated {
        return Ok(vec![("memory".to_owned(), Arc::new(SimStorage::new()) as BackendHandle)]);
    }
    let format = match plan.config.volume.format {
        VolumeFormat::Qcow2 => DiskFormat::Qcow2,
        VolumeFormat::Raw => DiskFormat::Raw,
    };
    let files = FilesBackend::open(FILES, &volumes_of(plan.data), Layout { format }).await;
    let files = files.map_err(|error| Failure::caused("opening the storage of volumes")(&error))?;
    let mut all = vec![(FILES.to_owned(), Arc::new(files) as BackendHandle)];
    for given in &plan.config.volume.ceph {
        if all.iter().any(|(name, _)| *name == given.name) {
            return Err(Failure::Usage(format!("two backends of volumes are called {:?}", given.name)));
        }
        let settings = RbdSettings {
            name: given.name.clone(),
            pool: given.pool.clone(),
            conf: given.conf.clone(),
            user: given.user.clone(),
            keyring: given.keyring.clone(),
            scratch: plan.data.join(&format!("scratch-{}", given.name)),
        };
        let opened = RbdBackend::open(settings).await;
        let opened = opened.map_err(|error| Failure::caused("opening the storage of volumes")(&error))?;
        all.push((given.name.clone(), Arc::new(opened)));
    }
    let wanted = &plan.config.volume.default_backend;
    if let Some(at) = all.iter().position(|(name, _)| name == wanted) {
        all[..=at].rotate_right(1);
    } else if !wanted.is_empty() {
        return Err(Failure::Usage(format!("volume.default_backend names no backend: {wanted:?}")));
    }
    Ok(all)
}

fn volume_config(config: &Config, state: &Path) -> VolumeConfig {
    let given = &config.volume;
    let quota = [
        ("volumes", given.quota_volumes),
        ("snapshots", given.quota_snapshots),
        ("gigabytes", given.quota_gigabytes),
    ];
    VolumeConfig {
        quota: quota.map(|(name, most)| (name.to_owned(), most)).into(),
        backup_dir: state.join("backups"),
        ..VolumeConfig::default()
    }
}

/// Opens the database, once it is clear that it is this data directory's.
async fn open_database(plan: &Plan<'_>) -> Result<(Db, CloudId), Failure> {
    let options = database(plan.config, plan.state, plan.passing);
    let place = match &options {
        DbOptions::File { path, .. } => path.display().to_string(),
        // the URL may hold a password
        DbOptions::Postgres { .. } => "database.url".to_owned(),
    };
    // a cloud in memory begins anew each time, with its guests
    let belonging = (!plan.passing).then(|| Belonging::look(plan.data, place, plan.adopt)).transpose()?;
    if let (Some(belonging), DbOptions::File { path, .. }) = (&belonging, &options)
        && std::fs::metadata(path).map_or(true, |file| file.len() == 0)
    {
        belonging.refuse_blank()?;
    }
    let db = soundness::open(&options).await?;
    let blank = db.is_blank().await.map_err(|error| Failure::caused("opening the database")(&error))?;
    if let Some(belonging) = belonging.as_ref().filter(|_| blank) {
        belonging.refuse_blank()?;
    }
    let migrated = db.migrate(&MIGRATIONS, &plan.clock).await;
    migrated.map_err(|error| Failure::caused("preparing the database")(&error))?;
    crate::counts::mend(&db).await.map_err(|error| Failure::caused("counting what projects have")(&error))?;
    let cloud = match belonging {
        Some(belonging) => {
            let id = belonging.settle(&db, blank, &plan.clock).await?;
            commons::check(&db, plan.data, plan.adopt).await?;
            id
        }
        None => CloudId::random(),
    };
    Ok((db, cloud))
}

fn database(config: &Config, state: &Path, passing: bool) -> DbOptions {
    if passing {
        return DbOptions::File { path: state.join("kogge.sqlite"), durability: Durability::None };
    }
    if config.database.url.is_empty() {
        return DbOptions::File { path: state.join("kogge.sqlite"), durability: Durability::Full };
    }
    DbOptions::Postgres { url: config.database.url.clone(), connections: config.database.connections }
}

/// A simulated cloud is gone with its process: cheap hashes protect nothing less.
const SIMULATED_BCRYPT_COST: u32 = 4;

fn identity_config(config: &Config, simulated: bool) -> IdentityConfig {
    let given = &config.identity;
    let security = SecurityConfig {
        bcrypt_cost: if simulated { SIMULATED_BCRYPT_COST } else { given.bcrypt_cost },
        lockout_attempts: given.lockout_failures,
        lockout_seconds: given.lockout_seconds,
        unique_last_passwords: given.password_history as usize,
        logins_per_minute: given.logins_per_minute,
        show_ec2_secrets: given.show_ec2_secrets,
        ..SecurityConfig::default()
    };
    IdentityConfig {
        token_seconds: given.token_seconds,
        key_rotation_seconds: u64::from(given.key_rotation_days) * 86_400,
        region: config.server.region.clone(),
        security,
        ..IdentityConfig::default()
    }
}

fn image_config(config: &Config, state: &Path) -> Result<ImageConfig, Failure> {
    let range = |text: &String| {
        text.parse().map_err(|_| {
            Failure::Usage(format!(
                "image.web_download_private_networks: `{text}` is no range such as 192.0.2.0/24"
            ))
        })
    };
    let allow =
        config.image.web_download_private_networks.iter().map(range).collect::<Result<_, Failure>>()?;
    let given = &config.image;
    let some = |limit: u64| (limit > 0).then_some(limit);
    let bytes = |gib: u64| some(gib).map(|gib| gib.saturating_mul(1 << 30));
    let mut image = ImageConfig {
        data_dir: state.join("images"),
        max_size: config.image.max_size_gib << 30,
        project_images: some(given.quota_count),
        project_bytes: bytes(given.quota_total_gib),
        project_staged: bytes(given.quota_staging_gib),
        project_uploads: some(given.quota_uploads),
        require_format_match: config.image.enforce_format,
        quarantine_keep: keep(config.image.quarantine_days),
        ..ImageConfig::default()
    };
    image.web_download.allow_networks = allow;
    Ok(image)
}

/// Days as a time to keep something; none for ever.
fn keep(days: u32) -> Option<Duration> {
    (days > 0).then(|| Duration::from_secs(u64::from(days) * 86_400))
}

fn network_config(config: &Config) -> Result<NetworkConfig, Failure> {
    let given = &config.network;
    let cidr = given.external_cidr.parse().map_err(|_| {
        Failure::Usage(format!(
            "network.external_cidr `{}` is no range such as 172.24.4.0/24",
            given.external_cidr
        ))
    })?;
    let public = PublicNetwork { name: given.external_name.clone(), cidr, ..PublicNetwork::default() };
    Ok(NetworkConfig { mtu: i64::from(given.mtu), public, ..NetworkConfig::default() })
}

fn compute_config(config: &Config) -> ComputeConfig {
    ComputeConfig {
        cpu_allocation_ratio: config.hypervisor.cpu_allocation_ratio,
        ram_allocation_ratio: config.hypervisor.ram_allocation_ratio,
        disk_allocation_ratio: config.hypervisor.disk_allocation_ratio,
        reserved_memory_mib: config.hypervisor.reserved_memory_mib,
        quarantine_days: config.hypervisor.quarantine_days,
        console_token_seconds: config.compute.console_token_seconds,
        console_allowed_origins: config.compute.console_allowed_origins.clone(),
        reclaim_seconds: config.compute.reclaim_instance_interval,
        confirm_resize_seconds: config.compute.resize_confirm_window,
        offload_seconds: u64::try_from(config.compute.shelved_offload_time).ok(),
        ..ComputeConfig::default()
    }
}
