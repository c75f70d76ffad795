//! Where a node keeps its files.
//!
//! ```text
//! DATA/agent.lock                   held while an agent runs
//! DATA/cloud-id                     the cloud that this node is part of
//! DATA/epoch                        the newest epoch in which this node was commanded
//! DATA/networking                   the newest change of networking that was taken in
//! DATA/bases/DIGEST.qcow2           image bases, shared by all disks made from them
//! DATA/instances/SERVER/record.json desired state and what was done; written before acting
//!                      /quarantine.json  there while the instance is in quarantine: since when and why
//!                      /root.qcow2, ephemeral.qcow2, swap.raw, config.iso, uefi-vars.fd
//!                      /base.qcow2  the image base once more, for the guest's user to read
//!                      /memory      of the suspended guest; counts while the record names it
//!                      /console.log, qemu.log
//!                      /run/qmp-N.sock, serial-N.sock
//! DATA/trash/                       on its way out
//! ```
//!
//! Where guests have users of their own, nobody but root gets into DATA. QEMU starts in its guest's directory, finds
//! everything by relative names, may write to the guest's disks and console, and makes files in `run` only: what root
//! opens here, no guest can have replaced by a link.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kogge_ids::ServerId;
use kogge_node_api::NodeError;

/// The data directory of a node.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the directories; only our user may look into them, for they hold secrets of guests.
    pub(crate) fn open(root: &Path) -> Result<Self, NodeError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(root);
        made.and_then(|()| root.canonicalize())
            .and_then(|root| {
                let layout = Self { root };
                for part in [layout.instances(), layout.bases(), layout.trash()] {
                    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&part)?;
                    // also where something else made it wider
                    std::fs::set_permissions(part, std::fs::Permissions::from_mode(0o700))?;
                }
                Ok(layout)
            })
            .map_err(|error| {
                NodeError::failed(&format!("making the data directory {}", root.display()), error)
            })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("agent.lock")
    }

    pub(crate) fn cloud_id(&self) -> PathBuf {
        self.root.join("cloud-id")
    }

    pub(crate) fn epoch(&self) -> PathBuf {
        self.root.join("epoch")
    }

    pub(crate) fn networking(&self) -> PathBuf {
        self.root.join("networking")
    }

    pub(crate) fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    pub(crate) fn bases(&self) -> PathBuf {
        self.root.join("bases")
    }

    pub(crate) fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    pub(crate) fn instance(&self, id: ServerId) -> PathBuf {
        self.instances().join(id.to_string())
    }

    /// Makes an instance's directory.
    pub(crate) fn make_instance(&self, id: ServerId) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(self.instance(id))
    }

    /// Removes an instance's directory: at once from sight, then from the disk.
    pub(crate) fn discard(&self, dir: &Path) -> std::io::Result<()> {
        let Some(name) = dir.file_name() else { return Ok(()) };
        let grave = self.trash().join(name);
        remove_all(&grave)?;
        match std::fs::rename(dir, &grave) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => remove_all(&grave),
        }
    }

    /// Removes what an earlier life left on its way out.
    pub(crate) fn empty_trash(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(self.trash())? {
            remove_all(&entry?.path())?;
        }
        Ok(())
    }
}

/// Removes a file or link; one that is not there is fine.
pub(crate) fn remove_file(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_all(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces `path` by `bytes`, so that after a loss of power either the old or the new content is there.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    // what an interrupted try left goes; a link is not followed
    remove_file(&fresh)?;
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let parent = path.parent().unwrap_or(path);
    std::fs::File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_secrets_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::open(&dir.path().join("a/b")).unwrap();
        let id = ServerId::random();
        layout.make_instance(id).unwrap();
        let file = layout.instance(id).join("record.json");
        replace_file(&file, b"x").unwrap();
        replace_file(&file, b"yy").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"yy");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(layout.root()), mode(&layout.instance(id)), mode(&file)), (0o700, 0o700, 0o600));
    }

    #[test]
    fn discarding_twice_does_no_harm_and_the_trash_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::open(dir.path()).unwrap();
        let id = ServerId::random();
        layout.make_instance(id).unwrap();
        std::fs::write(layout.instance(id).join("root.qcow2"), "x").unwrap();
        layout.discard(&layout.instance(id)).unwrap();
        layout.discard(&layout.instance(id)).unwrap();
        assert!(!layout.instance(id).exists());
        std::fs::create_dir(layout.trash().join("left")).unwrap();
        layout.empty_trash().unwrap();
        assert_eq!(std::fs::read_dir(layout.trash()).unwrap().count(), 0);
    }
}
