//! Makes disks: blank, from an image, another disk, a running guest or a backup.

use std::path::PathBuf;

use kogge_node_api::{DiskCopy, DiskFormat, ImageHead, base_of_volume};

use super::Inner;
use super::images::{self, Base};
use super::names::{Found, Kind, Side, files, find, name};
use crate::draft::{Draft, remove, sync};
use crate::error::fits;
use crate::off::{failed, off};
use crate::sniff::{Content, sniff};
use crate::sparse;
use crate::{Contents, DiskId, NewDisk, Origin, StorageError, incoming};

const STEP: &str = "making the volume";
/// What a container may take beside its contents.
const CONTAINER_MOST: u64 = 64 << 20;

/// A disk that is whole but for its name.
struct Made {
    draft: Draft,
    kind: Kind,
}

impl Inner {
    /// Makes a disk under this one of its names. What was there half made is replaced, and a failure leaves nothing.
    pub(super) async fn make(&self, new: &NewDisk, origin: Origin, side: Side) -> Result<(), StorageError> {
        self.clear(new.id, side).await?;
        let made = match self.draw(new, origin, side).await {
            Ok(made) => made,
            Err(error) => {
                self.clear(new.id, side).await?;
                return Err(error);
            }
        };
        let target = self.dir.join(name(new.id, side, made.kind));
        off(STEP, move || made.draft.keep(&target)).await
    }

    /// Removes all that lies at one of a disk's names.
    pub(super) async fn clear(&self, id: DiskId, side: Side) -> Result<(), StorageError> {
        let (dir, files) = (self.dir.clone(), files(&self.dir, id, side));
        off("removing the volume", move || {
            files.iter().try_for_each(|file| remove(file))?;
            sync(&dir)
        })
        .await
    }

    async fn draw(&self, new: &NewDisk, origin: Origin, side: Side) -> Result<Made, StorageError> {
        match origin {
            Origin::Blank => self.blank(new).await,
            Origin::Image(head, data) => {
                let base = self.image(&head, data, new).await?;
                self.of_image(new, base, side).await
            }
            Origin::Copy(from) => self.copy(new, from, side).await,
            Origin::Live(copy) => self.live(new, copy).await,
            Origin::Contents(contents) => self.contents(new, contents).await,
        }
    }

    pub(super) async fn draft(&self) -> Result<Draft, StorageError> {
        let dir = self.dir.clone();
        off(STEP, move || Draft::new(&dir)).await
    }

    async fn blank(&self, new: &NewDisk) -> Result<Made, StorageError> {
        let draft = self.draft().await?;
        if let Some(passphrase) = &new.passphrase {
            let made = self.tool.create_luks(draft.path(), new.bytes, passphrase.expose()).await;
            made.map_err(|error| failed(STEP, error))?;
            return Ok(Made { draft, kind: Kind::Luks });
        }
        if self.format == DiskFormat::Qcow2 {
            let made = self.tool.create_empty(draft.path(), new.bytes).await;
            made.map_err(|error| failed(STEP, error))?;
            return Ok(Made { draft, kind: Kind::Qcow2 });
        }
        sized(draft, new.bytes).await
    }

    /// The image of a new disk, where that is large enough.
    async fn image(
        &self,
        head: &ImageHead,
        data: kogge_node_api::Data,
        new: &NewDisk,
    ) -> Result<Base, StorageError> {
        let base = images::ensure(&self.dir, head, data).await?;
        fits(base.bytes, new.bytes)?;
        Ok(base)
    }

    async fn of_image(&self, new: &NewDisk, base: Base, side: Side) -> Result<Made, StorageError> {
        let source = kogge_qemu::layers(&base.path, base.format, None);
        if new.passphrase.is_some() {
            return self.encrypt(new, &source).await;
        }
        if self.format == DiskFormat::Qcow2 {
            return self.overlay(new, base, side).await;
        }
        let draft = self.draft().await?;
        if base.format == DiskFormat::Raw {
            let draft = copied(base.path, draft).await?;
            return sized(draft, new.bytes).await;
        }
        self.tool.convert(&source, draft.path(), "raw").await.map_err(|error| failed(STEP, error))?;
        sized(draft, new.bytes).await
    }

    async fn overlay(&self, new: &NewDisk, base: Base, side: Side) -> Result<Made, StorageError> {
        let link = PathBuf::from(base_of_volume(&name(new.id, side, Kind::Qcow2), base.format));
        self.link(base.path, &link).await?;
        let draft = self.draft().await?;
        let tool = self.tool.inside(&self.dir, None);
        let made = tool.create_overlay(draft.path(), &link, base.format, Some(new.bytes)).await;
        made.map_err(|error| failed(STEP, error))?;
        Ok(Made { draft, kind: Kind::Qcow2 })
    }

    async fn link(&self, base: PathBuf, name: &std::path::Path) -> Result<(), StorageError> {
        let link = self.dir.join(name);
        off(STEP, move || std::fs::hard_link(base, link)).await
    }

    async fn encrypt(&self, new: &NewDisk, source: &str) -> Result<Made, StorageError> {
        let made = self.blank(new).await?;
        if let Some(passphrase) = &new.passphrase {
            let filled = self.tool.fill_luks(source, made.draft.path(), passphrase.expose()).await;
            filled.map_err(|error| failed(STEP, error))?;
        }
        Ok(made)
    }

    async fn copy(&self, new: &NewDisk, from: DiskId, side: Side) -> Result<Made, StorageError> {
        let found = self.found(from).await?;
        fits(self.size(&found).await?, new.bytes)?;
        if new.passphrase.is_some() && found.kind != Kind::Luks {
            return self.encrypt(new, &found.layers()).await;
        }
        let draft = copied(found.path.clone(), self.draft().await?).await?;
        if let Some((base, format)) = found.base {
            let link = PathBuf::from(base_of_volume(&name(new.id, side, Kind::Qcow2), format));
            self.link(base, &link).await?;
            let tool = self.tool.inside(&self.dir, None);
            let renamed = tool.rename_base(draft.path(), &link, format).await;
            renamed.map_err(|error| failed(STEP, error))?;
            let at =
                Found { path: draft.path().to_owned(), base: Some((self.dir.join(link), format)), ..found };
            self.enlarge(&at, new.bytes).await?;
        } else {
            self.enlarge(&Found { path: draft.path().to_owned(), ..found }, new.bytes).await?;
        }
        Ok(Made { draft, kind: found.kind })
    }

    async fn live(&self, new: &NewDisk, copy: DiskCopy) -> Result<Made, StorageError> {
        let (draft, bytes) = incoming::take_copy(self.draft().await?, copy).await?;
        if new.passphrase.is_none() && self.format == DiskFormat::Qcow2 {
            fits(bytes, new.bytes)?;
            let at =
                Found { path: draft.path().to_owned(), kind: Kind::Qcow2, side: Side::First, base: None };
            self.enlarge(&at, new.bytes).await?;
            return Ok(Made { draft, kind: Kind::Qcow2 });
        }
        let source = kogge_qemu::layers(draft.path(), DiskFormat::Qcow2, None);
        let whole = self.draft().await?;
        self.tool.convert(&source, whole.path(), "raw").await.map_err(|error| failed(STEP, error))?;
        self.settle(new, whole).await
    }

    async fn contents(&self, new: &NewDisk, contents: Contents) -> Result<Made, StorageError> {
        let more = if new.passphrase.is_some() { CONTAINER_MOST } else { 0 };
        fits(contents.bytes.saturating_sub(more), new.bytes)?;
        let draft = self.draft().await?;
        let written = sparse::write(draft.path().to_owned(), contents.bytes, contents.extents).await;
        written.map_err(|error| StorageError::io(STEP, &error))?;
        self.settle(new, draft).await
    }

    /// Plain bytes, or a container, as a disk of the size that is wanted.
    async fn settle(&self, new: &NewDisk, draft: Draft) -> Result<Made, StorageError> {
        let kind = if new.passphrase.is_some() { Kind::Luks } else { Kind::Raw };
        let at = Found { path: draft.path().to_owned(), kind, side: Side::First, base: None };
        fits(self.size(&at).await?, new.bytes)?;
        self.enlarge(&at, new.bytes).await?;
        Ok(Made { draft, kind })
    }

    /// Makes plain bytes of a disk in QEMU's format, which only one guest at a time can write.
    pub(super) async fn flatten(&self, id: DiskId) -> Result<(), StorageError> {
        let found = self.found(id).await?;
        if found.kind != Kind::Qcow2 {
            return Ok(());
        }
        // its header is that of a volume
        self.size(&found).await?;
        let side = found.side.other();
        self.clear(id, side).await?;
        let draft = self.draft().await?;
        let plain = self.tool.convert(&found.layers(), draft.path(), "raw").await;
        plain.map_err(|error| failed(STEP, error))?;
        let target = self.dir.join(name(id, side, Kind::Raw));
        off(STEP, move || draft.keep(&target)).await?;
        self.clear(id, found.side).await
    }

    /// Finds a disk.
    pub(super) async fn found(&self, id: DiskId) -> Result<Found, StorageError> {
        let dir = self.dir.clone();
        let found = off("finding the volume", move || find(&dir, id)).await?;
        found.ok_or_else(|| StorageError::NotFound { what: id.to_string() })
    }

    /// Size of a disk for a guest in bytes. Nothing but its own header is asked, and only for numbers.
    pub(super) async fn size(&self, found: &Found) -> Result<u64, StorageError> {
        let (path, kind) = (found.path.clone(), found.kind);
        off("looking at the volume", move || {
            let file = std::fs::File::open(path)?;
            let length = file.metadata()?.len();
            match (kind, sniff(&file)?) {
                (Kind::Raw, _) => Ok(length),
                (Kind::Qcow2, Content::Qcow2 { bytes, data_file: false, .. }) => Ok(bytes),
                (Kind::Luks, Content::Luks { offset }) => Ok(length.saturating_sub(offset)),
                (_, _) => Err(std::io::Error::other("its header is not that of a volume")),
            }
        })
        .await
    }

    /// Makes a disk at least so large.
    pub(super) async fn enlarge(&self, found: &Found, bytes: u64) -> Result<(), StorageError> {
        const STEP: &str = "growing the volume";
        let now = self.size(found).await?;
        if now >= bytes {
            return Ok(());
        }
        if found.kind == Kind::Qcow2 {
            return self.tool.grow(&found.layers(), bytes).await.map_err(|error| failed(STEP, error));
        }
        let path = found.path.clone();
        off(STEP, move || {
            let file = std::fs::File::options().write(true).open(path)?;
            // of a container the same comes behind as in front of its contents
            let length = file.metadata()?.len().saturating_add(bytes - now);
            file.set_len(length)?;
            file.sync_all()
        })
        .await
    }
}

async fn sized(draft: Draft, bytes: u64) -> Result<Made, StorageError> {
    let work = move || {
        // `qemu-img` may have made another file in its place
        let file = std::fs::File::options().write(true).open(draft.path())?;
        file.set_len(bytes)?;
        Ok(draft)
    };
    let draft = off(STEP, work).await?;
    Ok(Made { draft, kind: Kind::Raw })
}

async fn copied(source: PathBuf, draft: Draft) -> Result<Draft, StorageError> {
    off(STEP, move || {
        sparse::copy(&std::fs::File::open(source)?, draft.file())?;
        Ok(draft)
    })
    .await
}
