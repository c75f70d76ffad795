//! The trait every backend implements.

use std::sync::Arc;

use async_trait::async_trait;
use kogge_ids::{VolumeId, VolumeSnapshotId};
use kogge_node_api::{Data, DiskCopy, ImageHead, VolumePlace};

use crate::{Contents, StorageError};

/// What a disk of a backend belongs to; its name there is derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskId {
    /// A volume.
    Volume(VolumeId),
    /// A snapshot of a volume. Nobody writes to it.
    Snapshot(VolumeSnapshotId),
}

impl std::fmt::Display for DiskId {
    /// `volume-…` or `snapshot-…`, as Cinder names them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Volume(id) => write!(f, "volume-{id}"),
            Self::Snapshot(id) => write!(f, "snapshot-{id}"),
        }
    }
}

/// The passphrase of a LUKS container. Never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// This one.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// For whoever opens the container.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// A disk to be made.
#[derive(Debug, Clone)]
pub struct NewDisk {
    /// What it is to be.
    pub id: DiskId,
    /// Its size for guests in bytes. What it is made from may be smaller, never larger.
    pub bytes: u64,
    /// Its passphrase, where it is to be encrypted. What is copied from an encrypted disk keeps that one's passphrase: then
    /// this is the same.
    pub passphrase: Option<Passphrase>,
}

/// What is on a new disk.
pub enum Origin {
    /// Nothing.
    Blank,
    /// An image. Data that the backend keeps already by their digest are not read.
    Image(ImageHead, Data),
    /// Another disk of the same backend that nobody writes to at this time.
    Copy(DiskId),
    /// A volume that a guest uses, as its node copied it: [`kogge_node_api::Node::export_disk`].
    Live(DiskCopy),
    /// What was read from a disk before: [`Backend::read`].
    Contents(Contents),
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blank => f.write_str("Blank"),
            Self::Image(head, _) => f.debug_tuple("Image").field(head).finish(),
            Self::Copy(id) => f.debug_tuple("Copy").field(id).finish(),
            Self::Live(_) => f.write_str("Live"),
            Self::Contents(_) => f.write_str("Contents"),
        }
    }
}

/// What an exported copy is; a `disk_format` of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Plain bytes.
    Raw,
    /// QEMU's format.
    Qcow2,
    /// VMware's.
    Vmdk,
    /// VirtualBox's.
    Vdi,
    /// Microsoft's newer one.
    Vhdx,
    /// Microsoft's older one, `vhd` or `vpc`.
    Vhd,
}

impl ExportFormat {
    /// The format's name for QEMU.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vmdk => "vmdk",
            Self::Vdi => "vdi",
            Self::Vhdx => "vhdx",
            Self::Vhd => "vpc",
        }
    }
}

/// What a backend can beyond the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// A disk outlives the loss of any one machine.
    Replicated,
    /// Copies share what is the same until it is written: they cost neither time nor room.
    CheapCopies,
}

/// What a backend has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Room in all, in bytes.
    pub total_bytes: u64,
    /// Room that is free, in bytes.
    pub free_bytes: u64,
}

/// What a backend is, which does not change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nature {
    /// What it can.
    pub features: Vec<Feature>,
    /// Name of its protocol in Cinder's words: `file`, `ceph`.
    pub protocol: &'static str,
    /// Name of its software for people.
    pub product: &'static str,
}

/// Names of disks that were let go begin so; the name that they had follows.
pub const RELEASED: &str = "released-";

/// A disk of a backend that no volume or snapshot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its name there.
    pub name: String,
    /// Its size for guests in bytes.
    pub bytes: u64,
    /// Why it cannot be taken over, if so.
    pub obstacle: Option<String>,
}

/// A disk that was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    /// Its size for guests in bytes, as it is now.
    pub bytes: u64,
}

/// A place where data of volumes are. Calls are idempotent and may be repeated at any time, also late; those about the same
/// disk come one after the other.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What it is.
    fn nature(&self) -> Nature;

    /// Whether its data are in the data directory, beside the database: then that one's room is its room.
    fn is_local(&self) -> bool {
        false
    }

    /// What it has; also the sign that it answers.
    async fn facts(&self) -> Result<Facts, StorageError>;

    /// Makes a disk. One that is whole already stays as it is; what an earlier try left half made is replaced. A failure
    /// leaves nothing.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room; [`StorageError::Refused`] where what it is made from is larger, leans on
    /// other files, or is not what it says; [`StorageError::NotFound`] where it is not there.
    async fn create(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError>;

    /// Puts other contents in the place of a volume's, all of them or none.
    ///
    /// # Errors
    /// As [`Backend::create`].
    async fn replace(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError>;

    /// Makes a volume that nobody uses fit to be used by several guests at once, where it is not.
    ///
    /// # Errors
    /// [`StorageError::Full`], [`StorageError::NotFound`].
    async fn share(&self, id: VolumeId) -> Result<(), StorageError> {
        self.place(id).await.map(drop)
    }

    /// Makes a disk that nobody uses at least so large. One that is used grows by its node.
    ///
    /// # Errors
    /// [`StorageError::Full`], [`StorageError::NotFound`].
    async fn extend(&self, id: DiskId, bytes: u64) -> Result<(), StorageError>;

    /// Removes a disk; no error where it is not there.
    ///
    /// # Errors
    /// [`StorageError::Failed`]; it is to be asked again then.
    async fn delete(&self, id: DiskId) -> Result<(), StorageError>;

    /// Where nodes find a volume.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    async fn place(&self, id: VolumeId) -> Result<VolumePlace, StorageError>;

    /// What is stored of a disk that nobody writes to, without its holes. Of an encrypted one that is the container, as
    /// it is stored.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    async fn read(&self, id: DiskId) -> Result<Contents, StorageError>;

    /// A self-contained copy in another format for an image, of a disk that nobody writes to. Of an encrypted one it is the
    /// container (raw) as it is stored.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Full`].
    async fn export(&self, id: DiskId, format: ExportFormat) -> Result<DiskCopy, StorageError>;

    /// Disks here that are none of ours, at most some thousands.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    async fn foreign(&self) -> Result<Vec<Foreign>, StorageError>;

    /// Takes over the foreign disk of this name.
    ///
    /// # Errors
    /// [`StorageError::NotFound`]; [`StorageError::Refused`] where it is one of ours, leads out of the backend, leans on other
    /// files, or is in no format that volumes have.
    async fn adopt(&self, name: &str, id: DiskId) -> Result<Adopted, StorageError>;

    /// Lets a disk go as it is: it is foreign afterwards, under a name that says what it was.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    async fn release(&self, id: DiskId) -> Result<(), StorageError>;

    /// Every disk of ours, for the doctor and for tests.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    async fn disks(&self) -> Result<Vec<DiskId>, StorageError>;
}

/// A shared backend.
pub type BackendHandle = Arc<dyn Backend>;
