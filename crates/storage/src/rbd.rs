//! The backend whose disks are images of a pool of Ceph.
//!
//! ```text
//!   image ──▶ base-DIGEST@whole ◀── volume-ID, a clone ◀── snapshot-ID, a clone of it as it was at a moment
//!   passphrase ──▶ volume-ID.luks, a container
//! ```
//!
//! A disk comes under a name of a draft and gets its own name in one step (`rbd/names.rs` has them all). Copies are clones that
//! share what is the same; what others stand on goes out of sight when it is removed, and away with the last of them. Ceph's
//! own tools do the work; containers and other formats pass through files in a directory of ours.

mod bases;
mod diff;
mod foreign;
mod images;
mod make;
mod names;
mod tool;

use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kogge_ids::VolumeId;
use kogge_node_api::{DiskCopy, DiskFormat, VolumePlace};
use kogge_qemu::ImageTool;
use serde::Deserialize;

use self::names::{Kind, Side, disk_of, find};
use self::tool::{Fault, Pool};
use crate::off::{failed, off};
use crate::{
    Adopted, Backend, Contents, DiskId, ExportFormat, Facts, Feature, Foreign, Nature, NewDisk, Origin,
    StorageError, draft,
};

/// Where a pool is, and who we are there.
#[derive(Debug, Clone)]
pub struct RbdSettings {
    /// The backend's name.
    pub name: String,
    /// The pool; it is initialised for RBD.
    pub pool: String,
    /// The cluster's `ceph.conf`.
    pub conf: PathBuf,
    /// The user, without `client.`.
    pub user: String,
    /// The file with the user's key.
    pub keyring: PathBuf,
    /// A directory of ours for what passes through files; made where there is none.
    pub scratch: PathBuf,
}

/// A backend in a pool. Clones are the same one.
#[derive(Clone)]
pub struct RbdBackend(Arc<Inner>);

struct Inner {
    name: String,
    pool: Pool,
    scratch: PathBuf,
    tool: ImageTool,
    /// Whether the cluster said that it keeps copies on several machines.
    replicated: AtomicBool,
}

/// Features of an image that allow one writer at a time.
const OF_ONE_WRITER: [&str; 4] = ["fast-diff", "object-map", "journaling", "exclusive-lock"];

impl RbdBackend {
    /// The backend in a pool. The cluster need not answer yet.
    ///
    /// # Errors
    /// Where the directory cannot be used, or the settings make no sense.
    pub async fn open(settings: RbdSettings) -> Result<Self, StorageError> {
        let RbdSettings { name, pool, conf, user, keyring, scratch } = settings;
        let step = format!("opening backend {name}");
        for word in [&pool, &user] {
            if !names::is_word(word) {
                return Err(StorageError::failed(&step, format!("{word:?} is no name of a pool or user")));
            }
        }
        let dir = scratch.clone();
        off(&step, move || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
            draft::sweep(&dir)
        })
        .await?;
        let pool = Pool { name: pool, conf, user, keyring };
        Ok(Self(Arc::new(Inner {
            name,
            pool,
            scratch,
            tool: ImageTool::default(),
            replicated: AtomicBool::new(false),
        })))
    }
}

#[derive(Deserialize)]
struct Usage {
    pools: Vec<PoolUsage>,
}

#[derive(Deserialize)]
struct PoolUsage {
    name: String,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    stored: u64,
    max_avail: u64,
}

#[derive(Deserialize)]
struct Size {
    size: u32,
}

#[derive(Deserialize)]
struct RuleName {
    crush_rule: String,
}

#[derive(Deserialize)]
struct CrushRule {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    op: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Inner {
    /// Whether data outlive the loss of any one machine: several copies, no two on one machine.
    async fn is_replicated(&self) -> Result<bool, Fault> {
        let pool = &self.pool.name;
        let Size { size } = self.pool.ask("ceph", &["osd", "pool", "get", pool, "size"]).await?;
        let RuleName { crush_rule } =
            self.pool.ask("ceph", &["osd", "pool", "get", pool, "crush_rule"]).await?;
        let rule: CrushRule = self.pool.ask("ceph", &["osd", "crush", "rule", "dump", &crush_rule]).await?;
        let mut choices = rule.steps.iter().filter(|step| step.op.starts_with("choose"));
        Ok(size > 1 && choices.any(|step| step.kind.as_ref().is_some_and(|kind| kind != "osd")))
    }
}

#[async_trait]
impl Backend for RbdBackend {
    fn nature(&self) -> Nature {
        let mut features = vec![Feature::CheapCopies];
        if self.0.replicated.load(Ordering::Relaxed) {
            features.push(Feature::Replicated);
        }
        Nature { features, protocol: "ceph", product: "Ceph" }
    }

    async fn facts(&self) -> Result<Facts, StorageError> {
        const STEP: &str = "looking at the backend";
        let inner = &self.0;
        let usage: Usage = inner.pool.ask("ceph", &["df"]).await.map_err(|fault| fault.at(STEP))?;
        let found = usage.pools.into_iter().find(|pool| pool.name == inner.pool.name);
        let stats = found.ok_or_else(|| StorageError::failed(STEP, "the cluster has no such pool"))?.stats;
        let replicated = inner.is_replicated().await.map_err(|fault| fault.at(STEP))?;
        inner.replicated.store(replicated, Ordering::Relaxed);
        Ok(Facts { total_bytes: stats.stored.saturating_add(stats.max_avail), free_bytes: stats.max_avail })
    }

    async fn create(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        if find(&self.0.all().await?, new.id).is_some() {
            return Ok(());
        }
        self.0.make(&new, origin, Side::First).await
    }

    async fn replace(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        let found = find(&self.0.all().await?, new.id);
        let Some(found) = found else { return self.0.make(&new, origin, Side::First).await };
        self.0.make(&new, origin, found.side.other()).await?;
        self.0.discard(&found.image).await?;
        self.0.purge().await
    }

    async fn share(&self, id: VolumeId) -> Result<(), StorageError> {
        let image = self.0.found(DiskId::Volume(id)).await?.image;
        let has = self.0.known(&image).await?.features;
        // together: one takes another along
        let too_much: Vec<&str> =
            OF_ONE_WRITER.into_iter().filter(|one| has.iter().any(|has| has == one)).collect();
        if too_much.is_empty() {
            return Ok(());
        }
        let path = self.0.pool.image(&image);
        let order = [&["feature", "disable", &path], &too_much[..]].concat();
        let done = self.0.pool.rbd(&order).await;
        done.map_err(|fault| fault.at("making the volume fit for several guests"))
    }

    async fn extend(&self, id: DiskId, bytes: u64) -> Result<(), StorageError> {
        let found = self.0.found(id).await?;
        self.0.enlarge(&found.image, found.kind, bytes).await
    }

    async fn delete(&self, id: DiskId) -> Result<(), StorageError> {
        // what is left over first: it must not come to light
        self.0.clear(id, Side::First).await?;
        self.0.clear(id, Side::Second).await?;
        self.0.collect().await?;
        self.0.purge().await
    }

    async fn place(&self, id: VolumeId) -> Result<VolumePlace, StorageError> {
        let image = self.0.found(DiskId::Volume(id)).await?.image;
        Ok(VolumePlace::Rbd { backend: self.0.name.clone(), pool: self.0.pool.name.clone(), image })
    }

    async fn read(&self, id: DiskId) -> Result<Contents, StorageError> {
        let image = self.0.found(id).await?.image;
        let bytes = self.0.known(&image).await?.size;
        diff::read(&self.0.pool, &image, bytes).map_err(|fault| fault.at("reading the volume"))
    }

    async fn export(&self, id: DiskId, format: ExportFormat) -> Result<DiskCopy, StorageError> {
        const STEP: &str = "copying the volume";
        let found = self.0.found(id).await?;
        let bytes = self.0.known(&found.image).await?.size;
        let mut draft = self.0.plain(&found.image, bytes).await?;
        if found.kind == Kind::Raw && format != ExportFormat::Raw {
            let (packed, source) =
                (self.0.draft().await?, kogge_qemu::layers(draft.path(), DiskFormat::Raw, None));
            let converted = self.0.tool.convert(&source, packed.path(), format.name()).await;
            converted.map_err(|error| failed(STEP, error))?;
            draft = packed;
        }
        off(STEP, move || draft.into_copy()).await
    }

    async fn foreign(&self) -> Result<Vec<Foreign>, StorageError> {
        self.0.foreigners().await
    }

    async fn adopt(&self, name: &str, id: DiskId) -> Result<Adopted, StorageError> {
        self.0.adopt(name, id).await
    }

    async fn release(&self, id: DiskId) -> Result<(), StorageError> {
        self.0.release(id).await
    }

    async fn disks(&self) -> Result<Vec<DiskId>, StorageError> {
        let disks: BTreeSet<DiskId> = self.0.all().await?.iter().filter_map(|name| disk_of(name)).collect();
        Ok(disks.into_iter().collect())
    }
}
