//! Image bases: one read-only file per image, below all disks that were made from it.
//!
//! A base is a hard link to the image service's file, or a copy where that lies on another file system; so it stays
//! when the image is deleted. Bases that no instance uses are removed when the agent starts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use kogge_ids::ImageId;
use kogge_node_api::{DiskFormat, NodeError, RootDisk};

use crate::blocking::with_files;

/// Where the base of an image lies.
pub(crate) fn path(bases: &Path, image: ImageId, format: DiskFormat) -> PathBuf {
    let ending = match format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    };
    bases.join(format!("{image}.{ending}"))
}

/// Makes sure that the base for `root` is there, and answers where.
///
/// # Errors
/// [`NodeError::Refused`] where no file is named: the disk was built once and is missing now.
pub(crate) async fn ensure(bases: &Path, root: &RootDisk) -> Result<PathBuf, NodeError> {
    let target = path(bases, root.image, root.format);
    let Some(source) = root.source.clone() else {
        let because = "the server's disk was built before and is not on its host any more; it is not made anew, for \
                       that would hide the loss. Restore it, or rebuild the server.";
        return Err(NodeError::Refused { because: because.to_owned() });
    };
    let goal = target.clone();
    with_files(&format!("taking over image {}", root.image), move || bring(&source, &goal)).await?;
    Ok(target)
}

/// Under a name of its own first: two guests of the same image may be built at once.
fn bring(source: &Path, target: &Path) -> std::io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if target.exists() {
        return Ok(());
    }
    let fresh = target.with_extension(format!("{}.new", NEXT.fetch_add(1, Ordering::Relaxed)));
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if std::fs::hard_link(source, &fresh).is_err()
        && let Err(error) = copy(source, &fresh)
    {
        // half of it is no use, and may be what fills the disk
        let _ = std::fs::remove_file(&fresh);
        return Err(error);
    }
    std::fs::rename(&fresh, target)?;
    // renaming a link over another one of the same file leaves both
    let _ = std::fs::remove_file(&fresh);
    Ok(())
}

fn copy(source: &Path, target: &Path) -> std::io::Result<()> {
    std::fs::copy(source, target)?;
    std::fs::File::open(target)?.sync_all()
}

/// Removes every base that is not in `used`, and half-made ones. Only while nothing is built.
pub(crate) fn collect(bases: &Path, used: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(bases)? {
        let path = entry?.path();
        if !used.contains(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(path: &Path) -> RootDisk {
        let source = Some(path.to_owned());
        RootDisk { image: ImageId::random(), source, format: DiskFormat::Raw, size_gib: 1 }
    }

    #[tokio::test]
    async fn a_base_stays_when_its_image_is_deleted_and_goes_when_unused() {
        let dir = tempfile::tempdir().unwrap();
        let bases = dir.path().join("bases");
        std::fs::create_dir(&bases).unwrap();
        let image = dir.path().join("image");
        std::fs::write(&image, "bytes").unwrap();
        let root = root(&image);
        let base = ensure(&bases, &root).await.unwrap();
        std::fs::remove_file(&image).unwrap();
        assert_eq!(ensure(&bases, &root).await.unwrap(), base);
        assert_eq!(std::fs::read(&base).unwrap(), b"bytes");
        std::fs::write(bases.join("x.7.new"), "half").unwrap();
        collect(&bases, &BTreeSet::from([base.clone()])).unwrap();
        assert_eq!(std::fs::read_dir(&bases).unwrap().count(), 1);
        collect(&bases, &BTreeSet::new()).unwrap();
        assert_eq!(std::fs::read_dir(&bases).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_disk_that_was_built_once_is_not_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("image");
        std::fs::write(&image, "bytes").unwrap();
        let lost = RootDisk { source: None, ..root(&image) };
        let error = ensure(dir.path(), &lost).await.unwrap_err();
        assert!(error.is_final() && error.to_string().contains("not made anew"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn many_guests_of_one_image_share_a_base() {
        let dir = tempfile::tempdir().unwrap();
        let bases = dir.path().join("bases");
        std::fs::create_dir(&bases).unwrap();
        let image = dir.path().join("image");
        std::fs::write(&image, "bytes").unwrap();
        let root = root(&image);
        let all = futures_util::future::join_all((0..20).map(|_| ensure(&bases, &root))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(std::fs::read_dir(&bases).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_missing_image_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = root(&dir.path().join("gone"));
        let error = ensure(dir.path(), &root).await.unwrap_err();
        assert!(error.to_string().contains(&root.image.to_string()));
    }
}
