//! Images that volumes are made from: kept by their digest, so that the same data come once.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_node_api::{Data, DiskFormat, ImageHead};
use nix::sys::time::TimeSpec;

use super::names::BASES;
use crate::draft::{Draft, remove};
use crate::off::off;
use crate::sniff::{Content, sniff};
use crate::{StorageError, incoming};

/// The step, as errors name it.
const STEP: &str = "taking over the image";
/// An image that no volume stands on is kept so long after it was used last.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// An image that is here.
pub(super) struct Base {
    pub path: PathBuf,
    pub format: DiskFormat,
    /// Its size for a guest in bytes.
    pub bytes: u64,
}

/// The image of this digest: what is here already is not read again.
pub(super) async fn ensure(dir: &Path, head: &ImageHead, data: Data) -> Result<Base, StorageError> {
    incoming::check_name(head)?;
    let ending = match head.format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    };
    let bases = dir.join(BASES);
    let path = bases.join(format!("{}.{ending}", head.digest));
    let (known, format) = (path.clone(), head.format);
    if let Some(base) = off(STEP, move || look(known, format)).await? {
        return Ok(base);
    }
    let draft = off(STEP, move || Draft::new(&bases)).await?;
    let draft = incoming::take(draft, head, data).await?;
    let (target, format) = (path.clone(), head.format);
    let kept = off(STEP, move || {
        draft.keep_first(&target)?;
        look(target, format)
    });
    kept.await?.ok_or_else(|| StorageError::failed(STEP, "it went away"))
}

fn look(path: PathBuf, format: DiskFormat) -> io::Result<Option<Base>> {
    let file = match std::fs::File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    // it is used now
    nix::sys::stat::futimens(&file, &TimeSpec::UTIME_NOW, &TimeSpec::UTIME_NOW)?;
    let bytes = match (format, sniff(&file)?) {
        (DiskFormat::Qcow2, Content::Qcow2 { bytes, .. }) => bytes,
        _ => file.metadata()?.len(),
    };
    Ok(Some(Base { path, format, bytes }))
}

/// Removes images that no volume stands on and that were not used for a while.
pub(super) fn collect(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir.join(BASES))? {
        let entry = entry?;
        let seen = entry.metadata()?;
        let old = seen.modified()?.elapsed().is_ok_and(|age| age > KEPT);
        if seen.is_file() && seen.nlink() == 1 && old {
            remove(&entry.path())?;
        }
    }
    Ok(())
}
