//! Room that is taken beforehand, and given up in need.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::level;

/// A file that only takes room. On a full disk it is removed: then the database has that much to go on with, until
/// somebody made room; then it is taken again.
#[derive(Debug)]
pub struct Ballast {
    path: PathBuf,
    bytes: u64,
}

/// Less than so much free room is a full disk: one part in so many of the ballast.
const FULL: u64 = 8;

impl Ballast {
    /// A ballast of `bytes` at `path`; nothing is taken yet.
    #[must_use]
    pub const fn new(path: PathBuf, bytes: u64) -> Self {
        Self { path, bytes }
    }

    /// Gives the room up where the disk is full, takes it where there is plenty again.
    ///
    /// # Errors
    /// Where the file system refuses.
    pub fn settle(&self) -> io::Result<()> {
        let dir = self.path.parent().unwrap_or(&self.path);
        let Some(level) = level(dir) else { return Ok(()) };
        let taken = self.is_taken();
        if taken && level.free < self.bytes / FULL {
            tracing::error!(free = level.free, "the disk is full: its ballast is given up, make room soon");
            return std::fs::remove_file(&self.path);
        }
        // never more than a part of what is free: it must not be the one that fills the disk
        if !taken && level.free / 4 > self.bytes {
            return self.take();
        }
        Ok(())
    }

    /// Whether it is there, whole.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        std::fs::symlink_metadata(&self.path).is_ok_and(|facts| facts.is_file() && facts.len() == self.bytes)
    }

    fn take(&self) -> io::Result<()> {
        // a part of one, or a link that somebody put there
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        reserve(&file, self.bytes).inspect_err(|_| {
            let _ = std::fs::remove_file(&self.path);
        })
    }
}

fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    let length = i64::try_from(bytes).map_err(io::Error::other)?;
    nix::fcntl::fallocate(file, nix::fcntl::FallocateFlags::empty(), 0, length)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn it_takes_real_room_once_and_again_after_it_was_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ballast");
        let ballast = Ballast::new(path.clone(), 1 << 20);
        ballast.settle().unwrap();
        assert!(ballast.is_taken());
        assert!(std::fs::metadata(&path).unwrap().blocks() * 512 >= 1 << 20);
        std::fs::remove_file(&path).unwrap();
        ballast.settle().unwrap();
        assert!(ballast.is_taken());
    }

    #[test]
    fn a_disk_without_plenty_of_room_is_not_filled_by_it() {
        let dir = tempfile::tempdir().unwrap();
        let ballast = Ballast::new(dir.path().join("ballast"), u64::MAX / 8);
        ballast.settle().unwrap();
        assert!(!ballast.is_taken());
    }

    #[test]
    fn a_link_in_its_place_is_replaced_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (precious, path) = (dir.path().join("precious"), dir.path().join("ballast"));
        std::fs::write(&precious, "x").unwrap();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        let ballast = Ballast::new(path, 1 << 16);
        ballast.settle().unwrap();
        assert!(ballast.is_taken());
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "x");
    }
}
