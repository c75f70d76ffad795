//! Image bases: one read-only file per image, below all disks that were made from it.
//!
//! A node asks for no image: an instance that waits for one shows it (`lacks`), and whoever commands the host hands the
//! data over. They are kept by their digest, so that the same data come once however many images they are of, and stay
//! when the image is deleted. Bases that no instance uses are removed when the agent starts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use kogge_ids::ImageId;
use kogge_node_api::{ByteStream, Data, DesiredInstance, DiskFormat, ImageHead, ImageSource, NodeError};
use sha2::{Digest as _, Sha512};
use tokio::io::AsyncWriteExt as _;

use crate::blocking::with_files;
use crate::layout::remove_file;

/// The step of taking an image over, as errors name it.
pub(crate) const TAKING_OVER: &str = "taking over the image";
/// The longest wait for the next piece of an image.
const IDLE: Duration = Duration::from_secs(60);

/// Where the base of an image lies: by the digest of its data.
pub(crate) fn path(bases: &Path, image: &ImageSource) -> Option<PathBuf> {
    let digest = image.digest.as_deref().filter(|digest| is_digest(digest))?;
    Some(bases.join(name(digest, image.format)))
}

/// Where versions before had it.
pub(crate) fn path_by_id(bases: &Path, image: ImageId, format: DiskFormat) -> PathBuf {
    bases.join(name(&image.to_string(), format))
}

/// The base of an image, where it is here.
pub(crate) fn find(bases: &Path, image: &ImageSource) -> Option<PathBuf> {
    let before = path_by_id(bases, image.image, image.format);
    path(bases, image).into_iter().chain([before]).find(|path| path.exists())
}

fn name(stem: &str, format: DiskFormat) -> String {
    match format {
        DiskFormat::Raw => format!("{stem}.raw"),
        DiskFormat::Qcow2 => format!("{stem}.qcow2"),
    }
}

fn is_digest(digest: &str) -> bool {
    digest.len() == 128 && digest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// The images of a node.
pub(crate) struct Images {
    dir: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Names of the bases that are here.
    here: BTreeSet<String>,
    /// Why the data of an image (by their digest) were not taken the last time.
    failed: BTreeMap<String, NodeError>,
}

impl Images {
    /// The images in `dir`.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let mut known = Known::default();
        for entry in std::fs::read_dir(dir)? {
            known.here.extend(entry?.file_name().into_string());
        }
        Ok(Self { dir: dir.to_owned(), known: Mutex::new(known) })
    }

    /// Where they are.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The images that an instance whose disks are to be made waits for. From memory.
    pub(crate) fn lacking(&self, desired: &DesiredInstance) -> Vec<ImageSource> {
        let known = self.known();
        let here = |image: &ImageSource| {
            let file = |path: PathBuf| {
                path.file_name().is_some_and(|name| known.here.contains(&*name.to_string_lossy()))
            };
            path(&self.dir, image).is_some_and(file) || file(path_by_id(&self.dir, image.image, image.format))
        };
        let wanted = desired.disks.iter().filter(|disk| !disk.made).filter_map(|disk| disk.image());
        wanted.filter(|image| !here(image)).cloned().collect()
    }

    /// The base of an image.
    ///
    /// # Errors
    /// [`NodeError::NotYet`] until its data came, or why they were not taken the last time.
    pub(crate) async fn ensure(&self, image: &ImageSource) -> Result<PathBuf, NodeError> {
        let (dir, wanted) = (self.dir.clone(), image.clone());
        let found = with_files(TAKING_OVER, move || Ok(find(&dir, &wanted))).await?;
        if let Some(found) = found {
            return Ok(found);
        }
        let mut known = self.known();
        // removed by hand: then it is lacking
        known.here.remove(&name(&image.image.to_string(), image.format));
        let digest = image.digest.clone().unwrap_or_default();
        known.here.remove(&name(&digest, image.format));
        let waits = || NodeError::NotYet { what: format!("image {} to arrive", image.image) };
        Err(known.failed.get(&digest).cloned().unwrap_or_else(waits))
    }

    /// Takes the data of an image.
    pub(crate) async fn put(&self, head: &ImageHead, data: Data) -> Result<(), NodeError> {
        if !is_digest(&head.digest) {
            return Err(NodeError::Refused { because: "an image is named by a SHA-512 in hex".to_owned() });
        }
        let name = name(&head.digest, head.format);
        if self.known().here.contains(&name)
            && tokio::fs::try_exists(self.dir.join(&name)).await.unwrap_or(false)
        {
            return Ok(());
        }
        let taken = self.take(head, data, &self.dir.join(&name)).await;
        let mut known = self.known();
        match &taken {
            Ok(()) => {
                known.failed.remove(&head.digest);
                known.here.insert(name);
            }
            Err(error) => {
                known.failed.insert(head.digest.clone(), error.clone());
            }
        }
        taken
    }

    async fn take(&self, head: &ImageHead, data: Data, target: &Path) -> Result<(), NodeError> {
        let fresh = Fresh::beside(target);
        let data = match data {
            Data::Stream(stream) => stream,
            Data::File(file) => {
                let (place, bytes) = (fresh.0.clone(), head.bytes);
                let linked = with_files(TAKING_OVER, move || link(file, &place, bytes)).await?;
                match linked {
                    None => return fresh.keep(target).await,
                    Some(file) => Data::File(file).into_stream(),
                }
            }
        };
        receive(&fresh.0, head, data).await.map_err(|error| NodeError::failed(TAKING_OVER, error))?;
        fresh.keep(target).await
    }
}

/// A file under a name of its own, that goes away unless it is kept: two guests may want the same image at once.
struct Fresh(PathBuf);

impl Fresh {
    fn beside(target: &Path) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(target.with_extension(format!("{}.new", NEXT.fetch_add(1, Ordering::Relaxed))))
    }

    async fn keep(&self, target: &Path) -> Result<(), NodeError> {
        let (fresh, target) = (self.0.clone(), target.to_owned());
        with_files(TAKING_OVER, move || {
            std::fs::rename(&fresh, &target)?;
            // renaming a link over another one of the same file leaves both
            remove_file(&fresh)
        })
        .await
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // half of it is no use, and may be what fills the disk
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Gives an open file of this file system another name, without copying it. The file comes back where that cannot be.
fn link(file: File, target: &Path, bytes: u64) -> io::Result<Option<File>> {
    remove_file(target)?;
    if file.metadata()?.len() != bytes {
        return Err(io::Error::other("the file of the image is not as long as it should be"));
    }
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    let (here, follow) = (nix::fcntl::AT_FDCWD, nix::fcntl::AtFlags::AT_SYMLINK_FOLLOW);
    match nix::unistd::linkat(here, open.as_str(), here, target, follow) {
        Ok(()) => Ok(None),
        Err(_) => Ok(Some(file)),
    }
}

/// Writes a stream that is to have this digest and length.
async fn receive(target: &Path, head: &ImageHead, mut data: ByteStream) -> io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true).mode(0o600);
    let mut file = tokio::fs::OpenOptions::from(options).open(target).await?;
    let (mut digest, mut bytes) = (Sha512::new(), 0_u64);
    let silent = |_| io::Error::other("nothing came for a minute");
    while let Some(piece) = tokio::time::timeout(IDLE, data.next()).await.map_err(silent)? {
        let piece = piece?;
        bytes += piece.len() as u64;
        if bytes > head.bytes {
            return Err(io::Error::other(format!(
                "more came than the {} bytes that were announced",
                head.bytes
            )));
        }
        digest.update(&piece);
        file.write_all(&piece).await?;
    }
    if bytes != head.bytes {
        return Err(io::Error::other(format!("{bytes} bytes came of {}", head.bytes)));
    }
    if hex::encode(digest.finalize()) != head.digest {
        return Err(io::Error::other("the data that came are not those of the image"));
    }
    file.sync_all().await
}

/// Removes every base that is not in `used`, and half-made ones. Only while nothing is built.
pub(crate) fn collect(bases: &Path, used: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(bases)? {
        let path = entry?.path();
        if !used.contains(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
