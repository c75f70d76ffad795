//! Files on their way into the backend: under names that nobody takes for disks, until they are whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kogge_ids::VolumeId;
use kogge_node_api::{Data, DiskCopy};

/// Names of what is half made begin so.
pub(crate) const DRAFT: &str = ".draft-";

/// A file that goes away unless it is kept. Locked while it is made, so that nobody takes it for one left over.
pub(crate) struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    /// An empty one in `dir`.
    pub(crate) fn new(dir: &Path) -> io::Result<Self> {
        // any number that nobody else has
        let path = dir.join(format!("{DRAFT}{}", VolumeId::random().uuid().simple()));
        let mut options = File::options();
        options.read(true).write(true).create_new(true).mode(0o600);
        let draft = Self { file: options.open(&path)?, path };
        draft.file.try_lock().map_err(io::Error::other)?;
        Ok(draft)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Gives it a name to stay under, so that after a loss of power it is there as a whole or not at all.
    pub(crate) fn keep(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, target)?;
        target.parent().map_or(Ok(()), sync)
    }

    /// As [`Draft::keep`], but what is there under that name already stays: a file that is replaced cannot be linked to at
    /// that moment.
    pub(crate) fn keep_first(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        match std::fs::hard_link(&self.path, target) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => target.parent().map_or(Ok(()), sync),
        }
    }

    /// The open file, without a name.
    pub(crate) fn nameless(self) -> io::Result<File> {
        File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(&self.path)
    }

    /// As [`Draft::nameless`], for whoever takes a copy of a disk.
    pub(crate) fn into_copy(self) -> io::Result<DiskCopy> {
        let file = self.nameless()?;
        Ok(DiskCopy { bytes: file.metadata()?.len(), data: Data::File(file) })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // kept, it is not there under this name any more
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes changes of a folder last.
pub(crate) fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Removes drafts that nobody makes any more.
pub(crate) fn sweep(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(DRAFT) {
            continue;
        }
        let options = File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(entry.path());
        if options.is_ok_and(|file| file.try_lock().is_ok()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_vanish_unless_they_are_kept_or_still_made() {
        let dir = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        drop(Draft::new(dir.path()).unwrap());
        assert_eq!(names(), 0);
        Draft::new(dir.path()).unwrap().keep(&dir.path().join("kept")).unwrap();
        let made = Draft::new(dir.path()).unwrap();
        std::fs::write(dir.path().join(format!("{DRAFT}left")), "half").unwrap();
        sweep(dir.path()).unwrap();
        assert!(made.path().exists() && dir.path().join("kept").exists());
        assert_eq!(names(), 2);
    }
}
