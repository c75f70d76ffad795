//! Making a backup.

use std::path::{Path, PathBuf};

use kogge_clock::Timestamp;
use kogge_config::Config;
use serde::Serialize;

use super::manifest::{File, Manifest};
use super::{copy, database, images};
use crate::data_dir::{self, DataDir};
use crate::exit::Failure;

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Where.
    pub backup: PathBuf,
    /// Images whose data it has.
    pub images: usize,
    /// How many of them had to be copied; the others an earlier backup had brought.
    pub copied: usize,
    /// Images that are not in it, and why.
    pub damaged: Vec<String>,
}

/// Makes a backup of the cloud in `data` below `to`; the cloud may run.
///
/// # Errors
/// Where there is no cloud, or one of its files or `to` cannot be read or written. Nothing that looks like a backup is
/// left then.
pub async fn make(data: &DataDir, config: &Config, to: &Path, now: Timestamp) -> Result<Made, Failure> {
    data.trusted()?;
    if to.starts_with(data.path()) {
        let (to, place) = (to.display(), data.path().display());
        return Err(Failure::Usage(format!("{to} is in {place}: what takes one would take the other")));
    }
    let _one = one_at_a_time(data)?;
    let made_at = now.seconds_z();
    let name = made_at.replace(['-', ':'], "");
    let (draft, backup) = (to.join(format!(".{name}.part")), to.join(&name));
    let written = write(data, config, to, &draft, &made_at).await;
    let finished = written.and_then(|made| {
        std::fs::rename(&draft, &backup)
            .and_then(|()| copy::settle(to))
            .map_err(|error| Failure::outside(&format!("keeping {}", backup.display()), error))?;
        Ok(Made { backup, ..made })
    });
    if finished.is_err() {
        let _ = std::fs::remove_dir_all(&draft);
    }
    finished
}

async fn write(
    data: &DataDir,
    config: &Config,
    to: &Path,
    draft: &Path,
    made_at: &str,
) -> Result<Made, Failure> {
    let making = |error| Failure::outside(&format!("making {}", draft.display()), error);
    copy::folder(draft).map_err(making)?;
    let links =
        images::Links::make(data).map_err(|error| Failure::outside("holding the data of images", error))?;
    let mut manifest = Manifest::new(made_at.to_owned(), database::kind(config));
    let stored = database::save(data, config, &draft.join("database")).await?;
    let (source, target, pool) = (data.clone(), draft.to_owned(), to.join("images"));
    let copying = tokio::task::spawn_blocking(move || {
        manifest.files = files(&source, &target)?;
        let taken = images::take(&links, &pool, stored)?;
        manifest.images = taken.images;
        manifest
            .write(&target)
            .and_then(|()| copy::settle(&target))
            .map_err(|error| Failure::outside("writing the table of contents", error))?;
        let images = manifest.images.len();
        Ok(Made { backup: target, images, copied: taken.copied, damaged: taken.damaged })
    });
    copying.await.map_err(|error| Failure::Bug(format!("copying ended early: {error}")))?
}

/// Copies what is small, and notes the database.
fn files(data: &DataDir, draft: &Path) -> Result<Vec<File>, Failure> {
    let database = copy::digest(&draft.join("database"))
        .map_err(|error| Failure::outside("reading the copied database", error))?;
    let mut list = vec![File { path: "database".into(), size: database.size, sha512: database.sha512 }];
    let mut open: Vec<PathBuf> = data_dir::KEPT.iter().map(PathBuf::from).collect();
    while let Some(name) = open.pop() {
        let from = data.path().join(&name);
        let failed = |error| Failure::outside(&format!("copying {}", from.display()), error);
        // what all processes share is behind a link
        let facts = match from.metadata() {
            Ok(facts) => facts,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        if facts.is_dir() {
            for entry in std::fs::read_dir(&from).map_err(failed)? {
                open.push(name.join(entry.map_err(failed)?.file_name()));
            }
            continue;
        }
        let path = Path::new("files").join(&name);
        let target = draft.join(&path);
        copy::folder(target.parent().unwrap_or(draft)).map_err(failed)?;
        let copied = copy::file(&from, &target).map_err(failed)?;
        list.push(File { path, size: copied.size, sha512: copied.sha512 });
    }
    Ok(list)
}

/// Two backups of one cloud at once would take each other's links away.
fn one_at_a_time(data: &DataDir) -> Result<std::fs::File, Failure> {
    let path = data.join("backup.lock");
    let failed = |error| Failure::outside(&format!("using {}", path.display()), error);
    let lock = data_dir::open_lock(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => {
            let place = data.path().display();
            Err(Failure::Outside(format!(
                "another backup or restore of {place} is under way: wait for its end"
            )))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}
