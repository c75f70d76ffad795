//! The data directory: one file per image's data, under a name that is never used again.
//!
//! ```text
//! DIR/tmp/<name>    being written          ── fsync, inspect, rename ──▶   DIR/data/<name>   belongs to a row
//!                                                                            │ ▲
//! DIR/quarantine/<since>-<name>                  no row names it (any more)  ◀─┘ └─ a row names it after all
//! ```
//!
//! `<name>` is the image's id and a random word: nothing in it comes from a tenant. Only what was never accepted, or
//! belongs to an image whose deletion the database remembers, is deleted ([`sweep`]).

mod directory;
mod incoming;
mod presence;
mod quarantine;
mod receive;
mod receive_error;
mod sweep;
mod writer;

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use kogge_ids::ImageId;

pub(crate) use incoming::{Arrival, Incoming};
pub(crate) use presence::Presence;
pub use quarantine::{Quarantine, Quarantined};
pub(crate) use receive::{Limits, Slowest};
pub(crate) use receive_error::ReceiveError;
pub(crate) use sweep::{Known, Swept};
pub(crate) use writer::Digest;

/// The data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    data: PathBuf,
    tmp: PathBuf,
    quarantine: Quarantine,
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

/// Makes a new file that only we read and write; one that is there, or a link, is refused.
fn create(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

impl Files {
    /// The directory with its parts, made where they are missing. The files may be read by guests' users, who know
    /// them under names of their own; nobody gets in here.
    ///
    /// # Errors
    /// Where it cannot be made, is a link, or belongs to somebody else.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let files = Self { data: dir.join("data"), tmp: dir.join("tmp"), quarantine: Quarantine::of(dir) };
        std::fs::create_dir_all(dir)?;
        directory::own(&files.data)?;
        directory::own(&files.tmp)?;
        files.quarantine.make()?;
        Ok(files)
    }

    /// A new place for data of an image.
    pub(crate) fn temporary(&self, id: ImageId) -> Temporary {
        self.temporary_named(&id.to_string())
    }

    fn temporary_named(&self, first: &str) -> Temporary {
        let name = format!("{first}.{}", uuid::Uuid::new_v4().simple());
        Temporary { path: self.tmp.join(&name), name }
    }

    /// Where the data of a row are at home.
    fn path(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// True where the data of a row are there, or in quarantine, from where they come back.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists() || self.quarantine.holds(name)
    }

    /// Where the data of a row are. Data that a row names are not left in quarantine.
    pub(crate) async fn locate(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if tokio::fs::try_exists(&path).await.unwrap_or(true) {
            return path;
        }
        let (quarantine, name) = (self.quarantine.clone(), name.to_owned());
        let given = tokio::task::spawn_blocking(move || quarantine.give_back(|file| file == name)).await;
        if let Ok(Err(error)) = given {
            tracing::error!(path = %path.display(), %error, "data of an image do not come out of the quarantine");
        }
        path
    }

    /// What is in quarantine.
    pub(crate) fn quarantine(&self) -> &Quarantine {
        &self.quarantine
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
            directory::sync(&dir)?;
            Ok(file.name.clone())
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Removes data that no row names any more. A missing file is fine.
    pub(crate) async fn remove(&self, name: &str) {
        remove(&self.locate(name).await).await;
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

async fn remove(path: &Path) {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "data that nobody needs stay behind");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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

    #[tokio::test]
    async fn a_file_is_ours_alone_and_a_link_in_its_place_is_not_followed() {
        let (files, dir) = files();
        let file = files.temporary(ImageId::random());
        let made = create(file.path()).unwrap();
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(create(file.path()).is_err());
        let (elsewhere, link) = (dir.path().join("elsewhere"), files.temporary(ImageId::random()));
        std::os::unix::fs::symlink(&elsewhere, link.path()).unwrap();
        assert!(create(link.path()).is_err());
        assert!(!elsewhere.exists());
    }

    #[tokio::test]
    async fn data_in_quarantine_are_found_by_who_needs_them() {
        let (files, _dir) = files();
        let name = format!("{}.0f", ImageId::random());
        std::fs::write(files.path(&name), b"x").unwrap();
        files.quarantine.take(&name, kogge_clock::Timestamp::from_seconds(1)).unwrap();
        assert!(!files.path(&name).exists());
        assert_eq!(std::fs::read(files.locate(&name).await).unwrap(), b"x");
        assert_eq!(files.quarantine.list().unwrap(), []);
        assert_eq!(files.locate("missing.0").await, files.path("missing.0"));
    }
}
