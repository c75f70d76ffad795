//! A log file that never grows beyond its bounds.
//!
//! `kogge.log` is the newest, `kogge.log.1` the one before, and so on. The file is its owner's alone and is never
//! opened through a link. Standard output and error follow it, so that what others write there (a library that aborts)
//! stands in the log too.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::lines::Destination;

/// Where a log file is, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its path.
    pub path: PathBuf,
    /// Most bytes of one file.
    pub max_bytes: u64,
    /// How many files before the newest are kept.
    pub keep: u32,
}

/// Opens a log file for appending: a regular file of this user, for this user only.
///
/// # Errors
/// Where it is a link, a device or somebody else's, or the directory cannot be written.
pub fn open_log(path: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file =
        OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags.bits()).open(path)?;
    let facts = file.metadata()?;
    if !facts.is_file() || facts.uid() != nix::unistd::geteuid().as_raw() || facts.nlink() > 1 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is no plain file of this user: move it away",
        ));
    }
    if facts.mode() & 0o177 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// The open file.
pub(crate) struct Rotating {
    place: LogFile,
    file: Option<File>,
    size: u64,
}

impl Rotating {
    pub(crate) fn open(place: LogFile) -> io::Result<Self> {
        let mut rotating = Self { place, file: None, size: 0 };
        rotating.take(open_log(&rotating.place.path)?);
        Ok(rotating)
    }

    fn take(&mut self, file: File) {
        self.size = file.metadata().map_or(0, |facts| facts.len());
        follow(&file);
        self.file = Some(file);
    }

    /// Moves each file to the next older name and begins a new one. Where that fails the present one is emptied: the
    /// bound holds.
    fn rotate(&mut self) -> io::Result<()> {
        let path = &self.place.path;
        let older = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
        if self.place.keep == 0 {
            if let Some(file) = &self.file {
                file.set_len(0)?;
            }
            self.size = 0;
            return Ok(());
        }
        for number in (1..self.place.keep).rev() {
            let _ = std::fs::rename(older(number), older(number + 1));
        }
        let moved = std::fs::rename(path, older(1)).and_then(|()| open_log(path));
        match moved {
            Ok(file) => self.take(file),
            Err(_) => {
                if let Some(file) = &self.file {
                    file.set_len(0)?;
                }
                self.size = 0;
            }
        }
        Ok(())
    }
}

impl Destination for Rotating {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + line.len() as u64 > self.place.max_bytes {
            self.rotate()?;
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(())
    }

    fn reopen(&mut self) {
        if let Ok(file) = open_log(&self.place.path) {
            self.take(file);
        }
    }
}

/// Lets standard output and error go to the file.
fn follow(file: &File) {
    if cfg!(test) {
        return;
    }
    let _ = nix::unistd::dup2_stdout(file.as_fd());
    let _ = nix::unistd::dup2_stderr(file.as_fd());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotating(dir: &Path, max_bytes: u64, keep: u32) -> Rotating {
        Rotating::open(LogFile { path: dir.join("k.log"), max_bytes, keep }).unwrap()
    }

    fn text(path: PathBuf) -> String {
        std::fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn size_and_number_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = rotating(dir.path(), 10, 2);
        for line in ["one-one\n", "two-two\n", "three-3\n", "four-44\n"] {
            log.write(line.as_bytes()).unwrap();
        }
        assert_eq!(text(dir.path().join("k.log")), "four-44\n");
        assert_eq!(text(dir.path().join("k.log.1")), "three-3\n");
        assert_eq!(text(dir.path().join("k.log.2")), "two-two\n");
        assert!(!dir.path().join("k.log.3").exists());
        let mode = std::fs::metadata(dir.path().join("k.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_log_that_keeps_nothing_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = rotating(dir.path(), 10, 0);
        log.write(b"one-one\n").unwrap();
        log.write(b"two-two\n").unwrap();
        assert_eq!(text(dir.path().join("k.log")), "two-two\n");
    }

    #[test]
    fn a_moved_file_is_let_go_of_when_told_to_reopen() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = rotating(dir.path(), 100, 2);
        log.write(b"one\n").unwrap();
        std::fs::rename(dir.path().join("k.log"), dir.path().join("moved")).unwrap();
        log.reopen();
        log.write(b"two\n").unwrap();
        assert_eq!(text(dir.path().join("moved")), "one\n");
        assert_eq!(text(dir.path().join("k.log")), "two\n");
    }

    #[test]
    fn links_are_not_followed_and_wide_rights_are_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("k.log"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(open_log(&link).is_err());
        std::fs::remove_file(&link).unwrap();
        std::fs::hard_link(&target, &link).unwrap();
        assert!(open_log(&link).is_err());
        std::fs::remove_file(&link).unwrap();
        std::fs::set_permissions(&target, Permissions::from_mode(0o644)).unwrap();
        open_log(&target).unwrap();
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
