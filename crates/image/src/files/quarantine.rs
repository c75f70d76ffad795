//! Where data go that the database does not know.
//!
//! A database can be wrong: an old copy, another cloud's, an empty one. So what it does not name is moved here and
//! not deleted; data that a database names again (the right one came back) are moved out by themselves.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_ids::ImageId;
use serde::Serialize;

use super::directory;

/// The quarantine of a data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Quarantine {
    dir: PathBuf,
    data: PathBuf,
}

/// Data that no image needs, as far as the database knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The file's name in the quarantine.
    pub name: String,
    /// The image whose data they were.
    pub image: ImageId,
    /// Bytes on the disk.
    pub size: u64,
    /// When they were moved here.
    #[serde(serialize_with = "as_text")]
    pub since: Timestamp,
    /// The file's name in the data directory.
    #[serde(skip)]
    pub(crate) file: String,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    at.seconds_z().serialize(serializer)
}

impl Quarantine {
    /// The quarantine below a data directory of images; a process need not run.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("quarantine"), data: data_dir.join("data") }
    }

    pub(super) fn make(&self) -> io::Result<()> {
        directory::own(&self.dir)
    }

    /// All that is in it, oldest first.
    ///
    /// # Errors
    /// Where the directory cannot be read; one that is not there is empty.
    pub fn list(&self) -> io::Result<Vec<Quarantined>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let (Some((since, image, file)), Ok(metadata)) = (parse(&name), entry.metadata()) else {
                continue;
            };
            let file = file.to_owned();
            found.push(Quarantined { name, image, size: metadata.len(), since, file });
        }
        found.sort_by(|a, b| (a.since, &a.name).cmp(&(b.since, &b.name)));
        Ok(found)
    }

    /// True where it holds this file of the data directory.
    pub(super) fn holds(&self, file: &str) -> bool {
        self.list().is_ok_and(|all| all.iter().any(|one| one.file == file))
    }

    /// Removes one of them for good. False: there is none of this name.
    ///
    /// # Errors
    /// Where the file system refuses.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        if parse(name).is_none() {
            return Ok(false);
        }
        match std::fs::remove_file(self.dir.join(name)) {
            Ok(()) => directory::sync(&self.dir).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a file out of the data directory.
    pub(super) fn take(&self, file: &str, now: Timestamp) -> io::Result<()> {
        let name = format!("{}-{file}", now.as_seconds());
        std::fs::rename(self.data.join(file), self.dir.join(name))?;
        directory::sync(&self.dir)
    }

    /// Gives the files back that are needed after all; answers how many.
    pub(super) fn give_back(&self, needed: impl Fn(&str) -> bool) -> io::Result<u64> {
        let mut given = 0;
        for one in self.list()?.into_iter().filter(|one| needed(&one.file)) {
            let home = self.data.join(&one.file);
            if home.exists() {
                continue;
            }
            match std::fs::rename(self.dir.join(&one.name), home) {
                Ok(()) => given += 1,
                // another process gave it back
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            tracing::warn!(image.file = one.file, "data of an image came back out of the quarantine");
        }
        if given > 0 {
            directory::sync(&self.data)?;
        }
        Ok(given)
    }

    /// Removes, of what is here for longer than `keep`, a few.
    pub(super) fn expire(&self, keep: Duration, most: usize, now: Timestamp) -> io::Result<u64> {
        let mut removed = 0;
        let over = self.list()?.into_iter().filter(|one| one.since.plus(keep) < now);
        for one in over.take(most) {
            removed += u64::from(self.remove(&one.name)?);
            tracing::warn!(file = one.name, "data in quarantine were removed, nobody missed them");
        }
        Ok(removed)
    }
}

/// Since when, whose, and the file's name in the data directory.
fn parse(name: &str) -> Option<(Timestamp, ImageId, &str)> {
    let (seconds, file) = name.split_once('-')?;
    let seconds: i64 = seconds.parse().ok()?;
    Some((Timestamp::from_seconds(seconds), image_of(file)?, file))
}

/// The image that a file in the data directory belongs to, or belonged to; nothing for a file that is not of ours.
pub(super) fn image_of(file: &str) -> Option<ImageId> {
    let (image, rest) = file.split_once('.')?;
    let ours = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit());
    image.parse().ok().filter(|_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_or_nothing() {
        let id = ImageId::random();
        let file = format!("{id}.0123");
        let name = format!("1800000000-{file}");
        assert_eq!(parse(&name), Some((Timestamp::from_seconds(1_800_000_000), id, file.as_str())));
        assert_eq!(image_of(&file), Some(id));
        for name in ["", "x", "x-y", "12-", "12-../x", "12-a/b", "../12-a", "-", "12"] {
            assert_eq!(parse(name), None, "{name}");
        }
        for name in
            [&format!("12-{id}"), &format!("12-{id}."), &format!("12-{id}./../x"), &format!("x-{file}")]
        {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
