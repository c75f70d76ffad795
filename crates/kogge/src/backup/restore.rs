//! Bringing a backup back.
//!
//! First everything is checked and copied beside what is there; then a mark is set, what is there moves to `replaced/`,
//! and the new takes its place. Nothing is deleted. Whoever is killed in between finds the mark: `kogge up` refuses until
//! the restore was run again.

use std::path::{Path, PathBuf};

use kogge_clock::Timestamp;
use kogge_config::Config;
use serde::Serialize;

use super::manifest::{File, Image, Kind, Manifest};
use super::{copy, database, images};
use crate::data_dir::{self, DataDir};
use crate::exit::Failure;

const MARK: &str = "restore-under-way";
const NEW: &str = "restore-new";
/// What `replaced/` may get beside the kept files: the database and what SQLite has beside it.
const SQLITE: [&str; 3] = ["kogge.sqlite", "kogge.sqlite-wal", "kogge.sqlite-shm"];

/// A backup that was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Which.
    pub backup: PathBuf,
    /// When it had been made, in UTC.
    pub made_at: String,
    /// Images whose data were copied; the others were there.
    pub images: usize,
    /// Where what had been there is now; `None` where nothing had been.
    pub replaced: Option<PathBuf>,
}

/// Brings `backup` back into `data`, where no cloud may run. Guests and their disks stay as they are.
///
/// # Errors
/// Where a cloud runs there, the backup is not whole, it is another cloud's, or something cannot be written. Before the
/// mark is set, nothing has changed.
pub async fn restore(
    data: &DataDir,
    config: &Config,
    backup: &Path,
    now: Timestamp,
) -> Result<Restored, Failure> {
    data.create()?;
    let _claim = data.claim()?;
    let manifest = Manifest::read(backup)?;
    fits(&manifest, config, data, backup)?;
    let work = Work { data: data.clone(), backup: backup.to_owned(), manifest: manifest.clone() };
    let images = blocking(move || work.prepare()).await?;
    let work = Work { data: data.clone(), backup: backup.to_owned(), manifest: manifest.clone() };
    let aside = data.join("replaced").join(now.seconds_z().replace(['-', ':'], ""));
    let replaced = blocking(move || work.exchange(&aside)).await?;
    if manifest.database == Kind::Postgres {
        database::load(config, &data.join(NEW).join("database")).await?;
    }
    finish(data).map_err(|error| Failure::outside("ending the restore", error))?;
    Ok(Restored { backup: backup.to_owned(), made_at: manifest.made_at, images, replaced })
}

/// What to say where a restore was killed half-way; `None` where none was.
#[must_use]
pub fn interrupted(data: &DataDir) -> Option<String> {
    let backup = std::fs::read_to_string(data.join(MARK)).ok()?;
    let (place, backup) = (data.path().display(), backup.trim());
    Some(format!(
        "a restore of {backup} into {place} did not come to its end: run `kogge restore {backup} --data {place}` again. \
         What had been there is in {place}/replaced"
    ))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| Failure::Bug(format!("the restore ended early: {error}")))?
}

/// A backup goes only where it belongs.
fn fits(manifest: &Manifest, config: &Config, data: &DataDir, backup: &Path) -> Result<(), Failure> {
    if manifest.database != database::kind(config) {
        return Err(Failure::Usage(match manifest.database {
            Kind::Sqlite => {
                "the backup holds a SQLite database, and database.url names a PostgreSQL".to_owned()
            }
            Kind::Postgres => {
                "the backup holds a PostgreSQL database: say where it goes by database.url, in the \
                environment as KOGGE_DATABASE__URL or in a file named with --config"
                    .to_owned()
            }
        }));
    }
    let id = |place: &Path| std::fs::read_to_string(place.join(data_dir::CLOUD_ID)).ok();
    let (theirs, ours) = (id(&backup.join("files")), id(data.path()));
    match (theirs, ours) {
        (Some(theirs), Some(ours)) if theirs.trim() != ours.trim() => {
            let place = data.path().display();
            Err(Failure::Outside(format!(
                "the backup is of cloud {}, and {place} holds cloud {}: its guests would be strangers. Restore into an \
                 empty directory with --data DIR",
                theirs.trim(),
                ours.trim()
            )))
        }
        _ => Ok(()),
    }
}

struct Work {
    data: DataDir,
    backup: PathBuf,
    manifest: Manifest,
}

impl Work {
    /// Copies everything beside what is there, and checks it on the way. Answers how many images were copied.
    fn prepare(&self) -> Result<usize, Failure> {
        let new = self.data.join(NEW);
        let _ = std::fs::remove_dir_all(&new);
        for file in &self.manifest.files {
            self.prepare_file(file, &new)?;
        }
        let store = images::store(&self.data);
        let making = |error| Failure::outside(&format!("making {}", store.display()), error);
        copy::folder(&store).map_err(making)?;
        let mut copied = 0;
        for image in &self.manifest.images {
            copied += usize::from(self.prepare_image(image, &store)?);
        }
        copy::settle(&store).and_then(|()| copy::settle(&new)).map_err(making)?;
        Ok(copied)
    }

    fn prepare_file(&self, file: &File, new: &Path) -> Result<(), Failure> {
        let (from, to) = (self.backup.join(&file.path), new.join(&file.path));
        let failed = |error: std::io::Error| Failure::outside(&format!("copying {}", from.display()), error);
        copy::folder(to.parent().unwrap_or(new)).map_err(failed)?;
        let copied = copy::file(&from, &to).map_err(failed)?;
        if copied.sha512 != file.sha512 {
            return Err(broken(&from));
        }
        Ok(())
    }

    /// Brings the data of an image where they are not there whole.
    fn prepare_image(&self, image: &Image, store: &Path) -> Result<bool, Failure> {
        let target = store.join(&image.file);
        if copy::digest(&target).is_ok_and(|there| there.sha512 == image.sha512) {
            return Ok(false);
        }
        let pool = self.backup.parent().unwrap_or(&self.backup).join("images");
        let (from, draft) = (pool.join(&image.sha512), store.join(format!("{}.restore", image.file)));
        let _ = std::fs::remove_file(&draft);
        let failed = |error| Failure::outside(&format!("copying the data of image {}", image.id), error);
        let copied = copy::file(&from, &draft).map_err(failed)?;
        if copied.sha512 != image.sha512 {
            let _ = std::fs::remove_file(&draft);
            return Err(broken(&from));
        }
        std::fs::rename(&draft, &target).map_err(failed)?;
        Ok(true)
    }

    /// Lets the new take the place of what is there. Answers where that is now.
    fn exchange(&self, aside: &Path) -> Result<Option<PathBuf>, Failure> {
        let failed = |error| Failure::outside("exchanging the files", error);
        let mark = self.backup.display().to_string();
        data_dir::write_private(&self.data.join(MARK), &mark).map_err(failed)?;
        copy::settle(self.data.path()).map_err(failed)?;
        let mut moved = false;
        // the restore itself bears the name of the directory's process
        let kept = data_dir::KEPT.iter().filter(|name| **name != data_dir::PROCESS);
        for name in SQLITE.iter().chain(kept) {
            let there = self.data.join(name);
            if there.symlink_metadata().is_ok() {
                copy::folder(aside).map_err(failed)?;
                std::fs::rename(&there, aside.join(name)).map_err(failed)?;
                moved = true;
            }
        }
        let new = self.data.join(NEW);
        if self.manifest.database == Kind::Sqlite {
            std::fs::rename(new.join("database"), self.data.sqlite()).map_err(failed)?;
        }
        for name in data_dir::KEPT {
            let from = new.join("files").join(name);
            if from.exists() {
                std::fs::rename(&from, self.data.join(name)).map_err(failed)?;
            }
        }
        copy::settle(self.data.path()).map_err(failed)?;
        Ok(moved.then(|| aside.to_owned()))
    }
}

fn finish(data: &DataDir) -> std::io::Result<()> {
    let _ = std::fs::remove_dir_all(data.join(NEW));
    std::fs::remove_file(data.join(MARK))?;
    copy::settle(data.path())
}

fn broken(file: &Path) -> Failure {
    Failure::Outside(format!(
        "{} is not what the backup says: it is damaged, take another backup",
        file.display()
    ))
}
