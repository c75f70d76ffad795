//! A backend of files in a folder of its own, and disks to put into backends.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kogge_ids::{VolumeId, VolumeSnapshotId};
use kogge_node_api::{Data, DiskFormat, ImageHead};
use kogge_storage::{
    Backend, Contents, DiskId, Extent, FilesBackend, Layout, NewDisk, Origin, Passphrase, StorageError,
};
use sha2::{Digest as _, Sha512};

pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const GIB: u64 = 1 << 30;
pub(crate) const SECRET: &str = "0123456789abcdef-passphrase";

pub(crate) struct Lab {
    pub dir: tempfile::TempDir,
    pub files: FilesBackend,
    pub format: DiskFormat,
}

impl Lab {
    /// One of each layout; none where there are no tools.
    pub(crate) async fn both() -> Vec<Self> {
        if Command::new("qemu-img").arg("--version").output().is_err() {
            println!("skipped: qemu-img is not installed");
            return Vec::new();
        }
        let mut labs = Vec::new();
        for format in [DiskFormat::Raw, DiskFormat::Qcow2] {
            let dir = tempfile::tempdir().unwrap();
            let files = open(&dir.path().join("volumes"), format).await.unwrap();
            labs.push(Self { dir, files, format });
        }
        labs
    }

    /// The backend as another process finds it.
    pub(crate) async fn reopen(&mut self) {
        self.files = open(&self.volumes(), self.format).await.unwrap();
    }

    pub(crate) fn volumes(&self) -> PathBuf {
        self.dir.path().join("volumes")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.volumes()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "bases");
        names.sort();
        names
    }

    pub(crate) fn drafts(&self) -> usize {
        self.names().iter().filter(|name| name.starts_with('.')).count()
    }
}

pub(crate) async fn open(dir: &Path, format: DiskFormat) -> Result<FilesBackend, StorageError> {
    FilesBackend::open("files", dir, Layout { format }).await
}

pub(crate) fn volume() -> DiskId {
    DiskId::Volume(VolumeId::random())
}

pub(crate) fn snapshot() -> DiskId {
    DiskId::Snapshot(VolumeSnapshotId::random())
}

pub(crate) fn new(id: DiskId, bytes: u64) -> NewDisk {
    NewDisk { id, bytes, passphrase: None }
}

pub(crate) fn locked(id: DiskId, bytes: u64) -> NewDisk {
    NewDisk { passphrase: Some(Passphrase::new(SECRET.to_owned())), ..new(id, bytes) }
}

/// Contents with a word at 4 KiB.
pub(crate) fn with_word(bytes: u64, word: &str) -> Origin {
    let extent = Extent { offset: 4096, data: Bytes::copy_from_slice(word.as_bytes()) };
    Origin::Contents(Contents { bytes, extents: stream::iter([Ok(extent)]).boxed() })
}

/// What is at 4 KiB of a disk, and how long that is in all.
pub(crate) async fn word(backend: &dyn Backend, id: DiskId) -> (String, u64) {
    let contents = backend.read(id).await.unwrap();
    let bytes = contents.bytes;
    let extents: Vec<Extent> = contents.extents.try_collect().await.unwrap();
    let mut text = Vec::new();
    for Extent { offset, data } in extents {
        let skip = usize::try_from(4096_u64.saturating_sub(offset)).unwrap();
        if offset <= 4096 && data.len() > skip {
            text = data[skip..].iter().copied().take_while(|byte| *byte != 0).collect();
        }
    }
    (String::from_utf8(text).unwrap(), bytes)
}

/// An image with these bytes.
pub(crate) fn image(bytes: &[u8], format: DiskFormat) -> Origin {
    let head = ImageHead { digest: hex::encode(Sha512::digest(bytes)), bytes: bytes.len() as u64, format };
    let data = Bytes::copy_from_slice(bytes);
    Origin::Image(head, Data::Stream(stream::iter([Ok(data)]).boxed()))
}

/// A raw image of 1 MiB with a word at 4 KiB.
pub(crate) fn raw_image(word: &str) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 20];
    bytes[4096..4096 + word.len()].copy_from_slice(word.as_bytes());
    bytes
}

/// Runs `qemu-img`, and answers what it printed.
pub(crate) fn qemu_img(arguments: &[&str], paths: &[&Path], more: &[&str]) -> String {
    let out = Command::new("qemu-img").args(arguments).args(paths).args(more).output().unwrap();
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
