//! The backend whose disks are files of a directory.
//!
//! ```text
//!   image ──▶ bases/DIGEST ──┬─ Qcow2: a hard link of it ◀── volume-ID.qcow2 that has only what was written
//!                            └─ Raw:   volume-ID.raw, a copy that shares what it can (XFS, Btrfs), with the same holes
//!   passphrase ──▶ volume-ID.luks, a container
//! ```
//!
//! A disk comes under a name of a draft, is flushed, and gets its own name in one step (`files/names.rs` has them all). No
//! header of a disk is believed: a guest may have written it. QEMU's tools are told each layer, and run under limits.

mod foreign;
mod images;
mod make;
mod names;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use kogge_ids::VolumeId;
use kogge_node_api::{DiskCopy, DiskFormat, VolumePlace};
use kogge_qemu::ImageTool;

use self::names::{BASES, Kind, Side, find};
use crate::off::{failed, off};
use crate::{
    Adopted, Backend, Contents, DiskId, ExportFormat, Facts, Feature, Foreign, Nature, NewDisk, Origin,
    StorageError,
};
use crate::{draft, sparse};

/// How the disks of a backend are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Plain files, or QEMU's format, which needs no copy of an image for each volume. Encrypted ones are containers.
    pub format: DiskFormat,
}

/// A backend in a directory. Clones are the same one.
#[derive(Clone)]
pub struct FilesBackend(Arc<Inner>);

struct Inner {
    name: String,
    dir: PathBuf,
    format: DiskFormat,
    tool: ImageTool,
    /// Copies share what is the same.
    shares: bool,
}

impl FilesBackend {
    /// The backend `name` in `dir`, which is made where there is none.
    ///
    /// # Errors
    /// Where the directory cannot be used, or others can write to it.
    pub async fn open(name: &str, dir: &Path, layout: Layout) -> Result<Self, StorageError> {
        let step = format!("opening backend {name}");
        let place = dir.to_owned();
        let dir = off(&step, move || prepare(&place)).await?;
        let shares = shares(&dir).await;
        let (name, format, tool) = (name.to_owned(), layout.format, ImageTool::default());
        Ok(Self(Arc::new(Inner { name, dir, format, tool, shares })))
    }

    /// Whether copies of disks share what is the same.
    #[must_use]
    pub fn shares(&self) -> bool {
        self.0.shares
    }
}

/// Makes the directory ready: ours alone, and nothing half made in it.
fn prepare(dir: &Path) -> io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let dir = dir.canonicalize()?;
    let seen = std::fs::metadata(&dir)?;
    if seen.permissions().mode() & 0o022 != 0 || seen.uid() != nix::unistd::geteuid().as_raw() {
        let because =
            format!("others can write to {}; give it to Kogge's user alone (chmod go-w)", dir.display());
        return Err(io::Error::other(because));
    }
    let bases = dir.join(BASES);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&bases)?;
    draft::sweep(&bases)?;
    draft::sweep(&dir)?;
    images::collect(&dir)?;
    Ok(dir)
}

/// Whether the file system lets files share what is the same, found out by trying.
async fn shares(dir: &Path) -> bool {
    let (Ok(from), Ok(to)) = (draft::Draft::new(dir), draft::Draft::new(dir)) else { return false };
    if std::fs::write(from.path(), [1; 4096]).is_err() {
        return false;
    }
    let mut command = tokio::process::Command::new("cp");
    command.arg("--reflink=always").args([from.path(), to.path()]).kill_on_drop(true);
    command.output().await.is_ok_and(|out| out.status.success())
}

#[async_trait]
impl Backend for FilesBackend {
    fn nature(&self) -> Nature {
        let features = self.0.shares.then_some(Feature::CheapCopies).into_iter().collect();
        Nature { features, protocol: "file", product: "files" }
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn facts(&self) -> Result<Facts, StorageError> {
        let dir = self.0.dir.clone();
        off("looking at the backend", move || {
            let seen = nix::sys::statvfs::statvfs(&dir)?;
            let bytes = |blocks: u64| blocks.saturating_mul(seen.fragment_size());
            Ok(Facts { total_bytes: bytes(seen.blocks()), free_bytes: bytes(seen.blocks_available()) })
        })
        .await
    }

    async fn create(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        let (dir, id) = (self.0.dir.clone(), new.id);
        if off("finding the volume", move || find(&dir, id)).await?.is_some() {
            return Ok(());
        }
        self.0.make(&new, origin, Side::First).await
    }

    async fn replace(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        let (dir, id) = (self.0.dir.clone(), new.id);
        let found = off("finding the volume", move || find(&dir, id)).await?;
        let Some(found) = found else { return self.0.make(&new, origin, Side::First).await };
        self.0.make(&new, origin, found.side.other()).await?;
        self.0.clear(id, found.side).await
    }

    async fn share(&self, id: VolumeId) -> Result<(), StorageError> {
        self.0.flatten(DiskId::Volume(id)).await
    }

    async fn extend(&self, id: DiskId, bytes: u64) -> Result<(), StorageError> {
        let found = self.0.found(id).await?;
        self.0.enlarge(&found, bytes).await
    }

    async fn delete(&self, id: DiskId) -> Result<(), StorageError> {
        // what is left over first: it must not come to light
        self.0.clear(id, Side::First).await?;
        self.0.clear(id, Side::Second).await?;
        let dir = self.0.dir.clone();
        off("removing the volume", move || images::collect(&dir)).await
    }

    async fn place(&self, id: VolumeId) -> Result<VolumePlace, StorageError> {
        let found = self.0.found(DiskId::Volume(id)).await?;
        let name = found.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(VolumePlace::File { backend: self.0.name.clone(), name, format: found.kind.format() })
    }

    async fn read(&self, id: DiskId) -> Result<Contents, StorageError> {
        const STEP: &str = "reading the volume";
        let found = self.0.found(id).await?;
        if found.kind != Kind::Qcow2 {
            return off(STEP, move || sparse::contents(File::open(found.path)?)).await;
        }
        self.0.size(&found).await?;
        let plain = self.0.draft().await?;
        let converted = self.0.tool.convert(&found.layers(), plain.path(), "raw").await;
        converted.map_err(|error| failed(STEP, error))?;
        off(STEP, move || sparse::contents(plain.nameless()?)).await
    }

    async fn export(&self, id: DiskId, format: ExportFormat) -> Result<DiskCopy, StorageError> {
        const STEP: &str = "copying the volume";
        let found = self.0.found(id).await?;
        self.0.size(&found).await?;
        let draft = self.0.draft().await?;
        if found.kind == Kind::Luks || (found.kind == Kind::Raw && format == ExportFormat::Raw) {
            return off(STEP, move || {
                sparse::copy(&File::open(found.path)?, draft.file())?;
                draft.into_copy()
            })
            .await;
        }
        let converted = self.0.tool.convert(&found.layers(), draft.path(), format.name()).await;
        converted.map_err(|error| failed(STEP, error))?;
        off(STEP, move || draft.into_copy()).await
    }

    async fn foreign(&self) -> Result<Vec<Foreign>, StorageError> {
        let dir = self.0.dir.clone();
        off("looking at the backend", move || foreign::list(&dir)).await
    }

    async fn adopt(&self, name: &str, id: DiskId) -> Result<Adopted, StorageError> {
        self.0.adopt(name, id).await
    }

    async fn release(&self, id: DiskId) -> Result<(), StorageError> {
        self.0.release(id).await
    }

    async fn disks(&self) -> Result<Vec<DiskId>, StorageError> {
        let dir = self.0.dir.clone();
        off("looking at the backend", move || {
            let mut all = BTreeSet::new();
            for entry in std::fs::read_dir(dir)? {
                let name = entry?.file_name();
                all.extend(
                    names::disk_of(&name.to_string_lossy()).filter(|(_, whole)| *whole).map(|(id, _)| id),
                );
            }
            Ok(all.into_iter().collect())
        })
        .await
    }
}
