//! The data directory: one file per image's data, under a name that is never used again.
//!
//! ```text
//! DIR/tmp/<name>    being written          ── fsync, inspect, rename ──▶   DIR/data/<name>   belongs to a row
//! ```
//!
//! A file in `data` that no row names is left over from a crash; [`Files::sweep`] removes it.

mod receive;
mod writer;

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_ids::ImageId;

pub(crate) use receive::{Limits, ReceiveError};
pub(crate) use writer::Digest;

/// The data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    data: PathBuf,
    tmp: PathBuf,
}

/// A file that goes away unless it is kept.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    name: String,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "a temporary file stays behind");
        }
    }
}

/// Younger files may still be somebody's work.
const SETTLED: Duration = Duration::from_secs(3600);

impl Files {
    /// The directory with its parts, made where they are missing.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let files = Self { data: dir.join("data"), tmp: dir.join("tmp") };
        for part in [&files.data, &files.tmp] {
            std::fs::create_dir_all(part)?;
            // the files may be read by guests' users, who know them under names of their own; nobody gets in here
            std::fs::set_permissions(part, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(files)
    }

    /// A new place for data of an image.
    pub(crate) fn temporary(&self, id: ImageId) -> Temporary {
        let name = format!("{id}.{}", uuid::Uuid::new_v4().simple());
        Temporary { path: self.tmp.join(&name), name }
    }

    /// Where a snapshot's maker puts its data; the same for the same image.
    pub(crate) fn snapshot(&self, id: ImageId) -> PathBuf {
        self.tmp.join(format!("snapshot-{id}"))
    }

    /// Where the data of a row are.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Makes a temporary file last, and answers its name.
    ///
    /// # Errors
    /// Where the file system refuses.
    pub(crate) async fn keep(&self, file: Temporary) -> io::Result<String> {
        let target = self.data.join(&file.name);
        let dir = self.data.clone();
        tokio::task::spawn_blocking(move || {
            std::fs::rename(&file.path, target)?;
            std::fs::File::open(dir)?.sync_all()?;
            Ok(file.name.clone())
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Takes over a file that a snapshot's maker wrote.
    pub(crate) fn adopt(&self, id: ImageId, path: PathBuf) -> Temporary {
        Temporary { path, name: self.temporary(id).name.clone() }
    }

    /// Removes data that no row names any more. A missing file is fine.
    pub(crate) async fn remove(&self, name: &str) {
        let path = self.data.join(name);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "data of a deleted image stay behind");
            }
            _ => {}
        }
    }

    /// Removes what crashes left behind: files that nobody wrote to for an hour and that no row names. The age is
    /// told by the file system's own clock, which other machines may share with us.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub(crate) fn sweep(&self, needed: &BTreeSet<String>) -> io::Result<u64> {
        let marker = self.tmp.join("sweep");
        std::fs::write(&marker, b"")?;
        let now = std::fs::metadata(&marker)?.modified()?;
        let mut removed = 0;
        for dir in [&self.data, &self.tmp] {
            for entry in std::fs::read_dir(dir)? {
                let entry = entry?;
                let needed = entry.file_name().to_str().is_some_and(|name| needed.contains(name));
                if !needed && settled(&entry, now) && std::fs::remove_file(entry.path()).is_ok() {
                    removed += 1;
                }
            }
        }
        std::fs::remove_file(marker)?;
        Ok(removed)
    }

    /// How many files there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        [&self.data, &self.tmp].into_iter().map(|dir| std::fs::read_dir(dir).unwrap().count()).sum()
    }
}

impl Temporary {
    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn settled(entry: &std::fs::DirEntry, now: std::time::SystemTime) -> bool {
    let modified = entry.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > SETTLED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (Files, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Files::open(dir.path()).unwrap(), dir)
    }

    #[tokio::test]
    async fn a_temporary_file_goes_away_unless_kept() {
        let (files, _dir) = files();
        let dropped = files.temporary(ImageId::random());
        std::fs::write(dropped.path(), b"x").unwrap();
        drop(dropped);
        assert_eq!(files.count(), 0);
        let kept = files.temporary(ImageId::random());
        std::fs::write(kept.path(), b"x").unwrap();
        let name = files.keep(kept).await.unwrap();
        assert_eq!(std::fs::read(files.path(&name)).unwrap(), b"x");
        files.remove(&name).await;
        files.remove(&name).await;
        assert_eq!(files.count(), 0);
    }

    #[test]
    fn sweeping_takes_only_what_is_old_and_not_needed() {
        let (files, _dir) = files();
        for name in ["needed", "orphan"] {
            std::fs::write(files.path(name), b"x").unwrap();
        }
        let needed = BTreeSet::from(["needed".to_owned()]);
        assert_eq!(files.sweep(&needed).unwrap(), 0, "too young");
        for name in ["needed", "orphan"] {
            let file = std::fs::File::options().write(true).open(files.path(name)).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            file.set_modified(modified - SETTLED * 2).unwrap();
        }
        assert_eq!(files.sweep(&needed).unwrap(), 1);
        assert!(files.path("needed").exists());
        assert!(!files.path("orphan").exists());
    }
}
