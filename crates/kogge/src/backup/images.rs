//! The data of images, by digest.

use std::path::{Path, PathBuf};

use kogge_image::StoredData;

use super::copy;
use super::manifest::Image;
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// A second name for each file of the image store, so that an image that is deleted meanwhile can still be copied.
#[derive(Debug)]
pub(super) struct Links {
    folder: PathBuf,
    store: PathBuf,
}

impl Links {
    /// Makes them. Where the file system has no second names, there are none.
    pub(super) fn make(data: &DataDir) -> std::io::Result<Self> {
        let links = Self { folder: data.join("backup-links"), store: store(data) };
        // of a backup that was killed
        links.remove();
        copy::folder(&links.folder)?;
        for entry in std::fs::read_dir(&links.store).into_iter().flatten().flatten() {
            let _ = std::fs::hard_link(entry.path(), links.folder.join(entry.file_name()));
        }
        Ok(links)
    }

    fn find(&self, name: &str) -> PathBuf {
        let kept = self.folder.join(name);
        if kept.exists() { kept } else { self.store.join(name) }
    }

    fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Where the image service keeps data.
pub(super) fn store(data: &DataDir) -> PathBuf {
    data.join("images").join("data")
}

/// What became of the images.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) images: Vec<Image>,
    /// How many were copied; the others were there from an earlier backup.
    pub(super) copied: usize,
    /// Images whose data are missing or are not what was uploaded, and why.
    pub(super) damaged: Vec<String>,
}

/// Brings the data of all images into `pool`, each digest once.
pub(super) fn take(links: &Links, pool: &Path, stored: Vec<StoredData>) -> Result<Taken, Failure> {
    copy::folder(pool).map_err(|error| Failure::outside(&format!("making {}", pool.display()), error))?;
    let mut taken = Taken::default();
    for data in stored {
        let id = data.id;
        let image = known(links, data);
        match image.and_then(|image| take_one(links, pool, &image).map(|copied| (image, copied))) {
            Ok((image, copied)) => {
                taken.copied += usize::from(copied);
                taken.images.push(image);
            }
            Err(Trouble::Image(because)) => taken.damaged.push(format!("image {id}: {because}")),
            Err(Trouble::Backup(failure)) => return Err(failure),
        }
    }
    Ok(taken)
}

/// An image with its digest; where the database has none, the file says it.
fn known(links: &Links, data: StoredData) -> Result<Image, Trouble> {
    let StoredData { id, file, size, sha512 } = data;
    let sha512 = match sha512 {
        Some(sha512) => sha512,
        None => {
            let read = copy::digest(&links.find(&file));
            read.map_err(|error| Trouble::Image(format!("its data cannot be read: {error}")))?.sha512
        }
    };
    Ok(Image { id: id.to_string(), file, size, sha512 })
}

/// Whose trouble it is: one image's, or the backup's.
enum Trouble {
    Image(String),
    Backup(Failure),
}

/// Copies one where its digest is not there yet; true where it was copied.
fn take_one(links: &Links, pool: &Path, image: &Image) -> Result<bool, Trouble> {
    let target = pool.join(&image.sha512);
    if target.metadata().is_ok_and(|facts| facts.len() == image.size) {
        return Ok(false);
    }
    let source = links.find(&image.file);
    if !source.exists() {
        return Err(Trouble::Image("its data are missing".to_owned()));
    }
    let draft = pool.join(format!("{}.part", image.sha512));
    let _ = std::fs::remove_file(&draft);
    let copied = copy::file(&source, &draft).map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        Trouble::Backup(Failure::outside(&format!("copying the data of image {}", image.id), error))
    })?;
    if copied.sha512 != image.sha512 {
        let _ = std::fs::remove_file(&draft);
        return Err(Trouble::Image("its data are not what was uploaded: the digest differs".to_owned()));
    }
    std::fs::rename(&draft, &target)
        .and_then(|()| copy::settle(pool))
        .map_err(|error| Trouble::Backup(Failure::outside("keeping the data of an image", error)))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(file: &str, content: &[u8]) -> StoredData {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x"), content).unwrap();
        let copied = copy::digest(&dir.path().join("x")).unwrap();
        let id = kogge_ids::ImageId::random();
        StoredData { id, file: file.to_owned(), size: copied.size, sha512: Some(copied.sha512) }
    }

    fn place() -> (tempfile::TempDir, DataDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::chosen(Some(&dir.path().join("data"))).unwrap();
        std::fs::create_dir_all(store(&data)).unwrap();
        let pool = dir.path().join("pool");
        (dir, data, pool)
    }

    #[test]
    fn each_digest_is_kept_once() {
        let (_dir, data, pool) = place();
        for name in ["a", "b"] {
            std::fs::write(store(&data).join(name), "same").unwrap();
        }
        let images = || vec![stored("a", b"same"), stored("b", b"same")];
        let links = Links::make(&data).unwrap();
        let taken = take(&links, &pool, images()).unwrap();
        assert_eq!((taken.images.len(), taken.copied), (2, 1));
        assert_eq!(std::fs::read_dir(&pool).unwrap().count(), 1);
        assert_eq!(take(&links, &pool, images()).unwrap().copied, 0);
    }

    #[test]
    fn an_image_that_is_deleted_meanwhile_is_copied_all_the_same() {
        let (_dir, data, pool) = place();
        std::fs::write(store(&data).join("a"), "gone soon").unwrap();
        let links = Links::make(&data).unwrap();
        std::fs::remove_file(store(&data).join("a")).unwrap();
        assert_eq!(take(&links, &pool, vec![stored("a", b"gone soon")]).unwrap().copied, 1);
        drop(links);
        assert!(!data.join("backup-links").exists());
    }

    #[test]
    fn data_whose_digest_only_the_file_knows_are_taken_by_what_it_says() {
        let (_dir, data, pool) = place();
        std::fs::write(store(&data).join("kept"), "kept").unwrap();
        let (known, unknown) = (stored("kept", b"kept"), stored("gone", b""));
        let images = [&known, &unknown].map(|image| StoredData { sha512: None, ..image.clone() });
        let taken = take(&Links::make(&data).unwrap(), &pool, images.to_vec()).unwrap();
        assert_eq!(Some(&taken.images[0].sha512), known.sha512.as_ref());
        assert_eq!(taken.damaged.len(), 1);
    }

    #[test]
    fn damaged_and_missing_data_are_told_and_do_not_spoil_the_rest() {
        let (_dir, data, pool) = place();
        std::fs::write(store(&data).join("rotten"), "x").unwrap();
        std::fs::write(store(&data).join("good"), "good").unwrap();
        let images = vec![stored("rotten", b"y"), stored("missing", b"z"), stored("good", b"good")];
        let taken = take(&Links::make(&data).unwrap(), &pool, images).unwrap();
        assert_eq!((taken.images.len(), taken.damaged.len()), (1, 2));
        assert!(taken.damaged[0].contains("digest differs") && taken.damaged[1].contains("missing"));
    }
}
