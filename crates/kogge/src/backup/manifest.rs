//! What a backup is made of.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The shape of backups that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
const NAME: &str = "manifest.json";

/// A backup's table of contents. It is written last: a directory without one is no backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Shape of the backup.
    pub format: u32,
    /// Version of Kogge that made it.
    pub kogge: String,
    /// When, in UTC: `2026-11-30T00:45:12Z`.
    pub made_at: String,
    /// What kind of database it holds.
    pub database: Kind,
    /// The files below `files/`, and `database`.
    pub files: Vec<File>,
    /// Image data, which are below `images/` beside the backup.
    pub images: Vec<Image>,
}

/// The kind of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A SQLite file.
    Sqlite,
    /// A dump of `pg_dump` in its own format.
    Postgres,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path in the backup.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// SHA-512 of its content, hexadecimal.
    pub sha512: String,
}

/// The data of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The image.
    pub id: String,
    /// The file's name in the image store.
    pub file: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-512, as the image service knows it; the name of the file below `images/`.
    pub sha512: String,
}

impl Manifest {
    /// An empty one.
    pub(super) fn new(made_at: String, database: Kind) -> Self {
        let kogge = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, kogge, made_at, database, files: Vec::new(), images: Vec::new() }
    }

    /// Reads the one of a backup. Its paths stay inside of the backup.
    ///
    /// # Errors
    /// Where there is none, or it is of a newer or broken shape.
    pub fn read(backup: &Path) -> Result<Self, Failure> {
        let path = backup.join(NAME);
        let reading = |error: &dyn std::fmt::Display| {
            let place = path.display();
            Failure::Outside(format!("reading {place}: {error}. A backup is what `kogge backup` made, whole"))
        };
        let text = std::fs::read(&path).map_err(|error| reading(&error))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| reading(&error))?;
        if manifest.format > FORMAT {
            let (format, kogge) = (manifest.format, &manifest.kogge);
            return Err(reading(&format!(
                "it is of format {format}, made by kogge {kogge}: take that one or a newer"
            )));
        }
        match manifest.strays() {
            Some(stray) => Err(reading(&format!("`{stray}` is no name inside of a backup"))),
            None => Ok(manifest),
        }
    }

    /// Writes it; from then on the directory is a backup.
    pub(super) fn write(&self, backup: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        crate::data_dir::write_private(&backup.join(NAME), &text)
    }

    /// A path or name that leads elsewhere.
    fn strays(&self) -> Option<String> {
        let plain = |path: &Path| {
            path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
                && path.components().next().is_some()
        };
        let single = |name: &str| plain(Path::new(name)) && Path::new(name).components().count() == 1;
        let file = self.files.iter().map(|file| &file.path).find(|path| !plain(path));
        let image =
            self.images.iter().flat_map(|image| [&image.file, &image.sha512]).find(|name| !single(name));
        file.map(|path| path.display().to_string()).or_else(|| image.cloned())
    }
}

/// The newest backup in a directory that `kogge backup` writes to; the directory itself where it is a backup.
///
/// # Errors
/// Where there is none.
pub fn newest(place: &Path) -> Result<PathBuf, Failure> {
    if place.join(NAME).is_file() {
        return Ok(place.to_owned());
    }
    let entries = std::fs::read_dir(place)
        .map_err(|error| Failure::outside(&format!("looking for backups in {}", place.display()), error))?;
    // the names are times, so that the last by name is the newest
    let backups = entries.flatten().map(|entry| entry.path()).filter(|path| path.join(NAME).is_file());
    backups.max().ok_or_else(|| Failure::Outside(format!("there is no backup in {}", place.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::new("2026-11-30T00:45:12Z".to_owned(), Kind::Sqlite)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        manifest().write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), manifest());
    }

    #[test]
    fn names_that_lead_out_of_the_backup_are_refused() {
        for path in ["../etc/passwd", "/etc/passwd", "a/../../b", ""] {
            let dir = tempfile::tempdir().unwrap();
            let mut bad = manifest();
            bad.files.push(File { path: path.into(), size: 0, sha512: String::new() });
            bad.write(dir.path()).unwrap();
            assert!(Manifest::read(dir.path()).is_err(), "{path}");
        }
        for file in ["a/b", "..", ""] {
            let dir = tempfile::tempdir().unwrap();
            let mut bad = manifest();
            let image = Image { id: "i".to_owned(), file: file.to_owned(), size: 0, sha512: "d".to_owned() };
            bad.images.push(image);
            bad.write(dir.path()).unwrap();
            assert!(Manifest::read(dir.path()).is_err(), "{file}");
        }
    }

    #[test]
    fn a_newer_format_names_the_program_that_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        Manifest { format: FORMAT + 1, kogge: "9.9".to_owned(), ..manifest() }.write(dir.path()).unwrap();
        assert!(Manifest::read(dir.path()).unwrap_err().to_string().contains("kogge 9.9"));
    }

    #[test]
    fn the_newest_whole_backup_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert!(newest(dir.path()).is_err());
        for name in ["20261130T000000Z", "20261201T000000Z", "20270101T000000Z", "images"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        for whole in ["20261130T000000Z", "20261201T000000Z"] {
            manifest().write(&dir.path().join(whole)).unwrap();
        }
        assert!(newest(dir.path()).unwrap().ends_with("20261201T000000Z"));
    }
}
