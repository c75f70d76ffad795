//! Opens volumes for QEMU: one for a guest that runs, or all of a guest that starts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;

use kogge_node_api::{DesiredDisk, NodeError};
use kogge_qemu::{Disk, OpenDisk, PassedFile, PassedKey, Passphrase, fd_set};

use crate::config::VolumeBackend;
use crate::volume_file;

/// A volume of an instance, with what opens it.
pub(crate) struct Wanted {
    pub disk: DesiredDisk,
    pub passphrase: Option<String>,
}

/// Opens a volume, without holding up others.
pub(crate) async fn open(
    backends: &BTreeMap<String, VolumeBackend>,
    wanted: Wanted,
) -> Result<OpenDisk, NodeError> {
    let backends = backends.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let Some(volume) = wanted.disk.volume() else {
            return Err(NodeError::Refused {
                because: format!("the disk {} is no volume", wanted.disk.slot),
            });
        };
        volume_file::open(&backends, &wanted.disk, volume, wanted.passphrase)
    });
    opened.await.unwrap_or_else(|error| Err(NodeError::failed("opening a volume", error)))
}

/// The volumes of a guest that starts, open.
#[derive(Default)]
pub(crate) struct Opened {
    /// The disks as QEMU is told.
    pub disks: Vec<Disk>,
    /// Their files, which it inherits.
    pub files: Vec<PassedFile>,
    /// Their secrets, which it inherits.
    pub keys: Vec<PassedKey>,
    /// What keeps all of these open until it has them.
    pub fds: Vec<OwnedFd>,
}

impl Opened {
    /// Opens all volumes of an instance.
    pub(crate) async fn all(
        backends: &BTreeMap<String, VolumeBackend>,
        wanted: Vec<Wanted>,
    ) -> Result<Self, NodeError> {
        let mut all = Self::default();
        for one in wanted {
            all.add(open(backends, one).await?)?;
        }
        Ok(all)
    }

    fn add(&mut self, open: OpenDisk) -> Result<(), NodeError> {
        let OpenDisk { mut disk, file, backing, secrets } = open;
        if let Some(file) = file {
            disk.file = self.pass(&disk.node, file);
        }
        disk.backing = backing.map(|(file, format)| (self.pass(&disk.node, file), format));
        for (secret, passphrase) in secrets {
            let key = in_memory(&passphrase).map_err(|error| NodeError::failed("opening a volume", error))?;
            self.keys.push(PassedKey { node: disk.node.clone(), secret, fd: key.as_raw_fd() });
            self.fds.push(key);
        }
        self.disks.push(disk);
        Ok(())
    }

    fn pass(&mut self, node: &str, fd: OwnedFd) -> PathBuf {
        let set = i64::try_from(self.files.len()).unwrap_or_default() + 1;
        self.files.push(PassedFile { fd: fd.as_raw_fd(), set, node: node.to_owned() });
        self.fds.push(fd);
        fd_set(set)
    }
}

/// A passphrase as a file without a name, in memory, which only who inherits it can read.
fn in_memory(passphrase: &Passphrase) -> std::io::Result<OwnedFd> {
    let fd = nix::sys::memfd::memfd_create(c"", nix::sys::memfd::MFdFlags::MFD_CLOEXEC)?;
    let mut file = File::from(fd);
    file.write_all(passphrase.0.as_bytes())?;
    Ok(file.into())
}
