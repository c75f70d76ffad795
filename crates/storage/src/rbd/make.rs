//! Makes disks: blank, from an image, another disk, a running guest or a backup.

use futures_util::StreamExt as _;
use kogge_node_api::{DiskCopy, DiskFormat};

use super::names::{Found, Kind, Side, at, draft, name};
use super::{Inner, diff};
use crate::draft::Draft;
use crate::error::fits;
use crate::off::{failed, off};
use crate::{Contents, DiskId, NewDisk, Origin, StorageError, incoming, sparse};

const STEP: &str = "making the volume";
/// What a container may take beside its contents.
const CONTAINER_MOST: u64 = 64 << 20;

impl Inner {
    /// Makes a disk under this one of its names. What was there half made is replaced, and a failure leaves nothing.
    pub(super) async fn make(&self, new: &NewDisk, origin: Origin, side: Side) -> Result<(), StorageError> {
        let draft = draft(new.id);
        self.clear(new.id, side).await?;
        let made = match self.draw(new, origin, &draft).await {
            Ok(kind) => self.rename(&draft, &name(new.id, side, kind), STEP).await,
            Err(error) => Err(error),
        };
        if made.is_err() {
            self.discard(&draft).await?;
            self.purge().await?;
        }
        made
    }

    /// Removes all that lies at one of a disk's names, and what is half made of it.
    pub(super) async fn clear(&self, id: DiskId, side: Side) -> Result<(), StorageError> {
        for image in at(id, side) {
            self.discard(&image).await?;
        }
        self.discard(&draft(id)).await
    }

    async fn draw(&self, new: &NewDisk, origin: Origin, draft: &str) -> Result<Kind, StorageError> {
        match origin {
            Origin::Blank => self.blank(new, draft).await,
            Origin::Image(head, data) => {
                let base = self.base(&head, data).await?;
                fits(base.bytes, new.bytes)?;
                if new.passphrase.is_some() {
                    let plain = self.plain(&base.image, base.bytes).await?;
                    return self.encrypt(new, &plain, draft).await;
                }
                self.clone_at(&base.snapshot(&self.pool), draft).await?;
                self.enlarge(draft, Kind::Raw, new.bytes).await.map(|()| Kind::Raw)
            }
            Origin::Copy(from) => {
                let found = self.found(from).await?;
                self.copy(new, &found, draft).await
            }
            Origin::Live(copy) => self.live(new, copy, draft).await,
            Origin::Contents(contents) => self.contents(new, contents, draft).await,
        }
    }

    async fn empty(&self, image: &str, bytes: u64) -> Result<(), StorageError> {
        let size = format!("{bytes}B");
        let made = self.pool.rbd(&["create", "--size", &size, &self.pool.image(image)]).await;
        made.map_err(|fault| fault.at(STEP))
    }

    async fn blank(&self, new: &NewDisk, draft: &str) -> Result<Kind, StorageError> {
        if new.passphrase.is_none() {
            return self.empty(draft, new.bytes).await.map(|()| Kind::Raw);
        }
        let container = self.container(new).await?;
        self.import(container, draft).await.map(|()| Kind::Luks)
    }

    /// An empty container in a file.
    async fn container(&self, new: &NewDisk) -> Result<Draft, StorageError> {
        let container = self.draft().await?;
        let passphrase = new.passphrase.as_ref().map_or("", |passphrase| passphrase.expose());
        let made = self.tool.create_luks(container.path(), new.bytes, passphrase).await;
        made.map_err(|error| failed(STEP, error))?;
        Ok(container)
    }

    /// Puts plain bytes into a container.
    async fn encrypt(&self, new: &NewDisk, plain: &Draft, draft: &str) -> Result<Kind, StorageError> {
        let container = self.container(new).await?;
        let source = kogge_qemu::layers(plain.path(), DiskFormat::Raw, None);
        let passphrase = new.passphrase.as_ref().map_or("", |passphrase| passphrase.expose());
        let filled = self.tool.fill_luks(&source, container.path(), passphrase).await;
        filled.map_err(|error| failed(STEP, error))?;
        self.import(container, draft).await.map(|()| Kind::Luks)
    }

    async fn copy(&self, new: &NewDisk, from: &Found, draft: &str) -> Result<Kind, StorageError> {
        let whole = self.known(&from.image).await?.size;
        fits(self.size(&from.image, from.kind, whole).await?, new.bytes)?;
        if new.passphrase.is_some() && from.kind == Kind::Raw {
            let plain = self.plain(&from.image, whole).await?;
            return self.encrypt(new, &plain, draft).await;
        }
        self.clone_of(&from.image, draft).await?;
        self.enlarge(draft, from.kind, new.bytes).await.map(|()| from.kind)
    }

    async fn live(&self, new: &NewDisk, copy: DiskCopy, draft: &str) -> Result<Kind, StorageError> {
        let (packed, _) = incoming::take_copy(self.draft().await?, copy).await?;
        let whole = self.draft().await?;
        let source = kogge_qemu::layers(packed.path(), DiskFormat::Qcow2, None);
        self.tool.convert(&source, whole.path(), "raw").await.map_err(|error| failed(STEP, error))?;
        self.import(whole, draft).await?;
        self.settle(new, draft).await
    }

    async fn contents(&self, new: &NewDisk, contents: Contents, draft: &str) -> Result<Kind, StorageError> {
        let room = if new.passphrase.is_some() { CONTAINER_MOST } else { 0 };
        fits(contents.bytes, new.bytes.saturating_add(room))?;
        self.empty(draft, contents.bytes).await?;
        diff::write(&self.pool, draft, contents).await.map_err(|fault| fault.at(STEP))?;
        self.settle(new, draft).await
    }

    /// Checks what came from elsewhere, and makes it as large as it shall be.
    async fn settle(&self, new: &NewDisk, draft: &str) -> Result<Kind, StorageError> {
        let kind = if new.passphrase.is_some() { Kind::Luks } else { Kind::Raw };
        let whole = self.known(draft).await?.size;
        fits(self.size(draft, kind, whole).await?, new.bytes)?;
        self.enlarge(draft, kind, new.bytes).await.map(|()| kind)
    }

    /// Makes an image of a file, with the same holes.
    pub(super) async fn import(&self, file: Draft, image: &str) -> Result<(), StorageError> {
        // a tool may have made another file in its place
        let contents = off(STEP, move || sparse::contents(file.nameless()?)).await?;
        self.empty(image, contents.bytes).await?;
        diff::write(&self.pool, image, contents).await.map_err(|fault| fault.at(STEP))
    }

    /// What is on an image, as a file.
    pub(super) async fn plain(&self, image: &str, bytes: u64) -> Result<Draft, StorageError> {
        let draft = self.draft().await?;
        let contents = diff::read(&self.pool, image, bytes).map_err(|fault| fault.at(STEP))?;
        let wrote = sparse::write(draft.path().to_owned(), bytes, contents.extents.boxed()).await;
        wrote.map_err(|error| StorageError::io(STEP, &error))?;
        Ok(draft)
    }
}
