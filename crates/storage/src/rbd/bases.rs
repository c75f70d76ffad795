//! Images of the image service: once in the pool, and each volume of one is a clone of it.

use std::fs::File;
use std::time::Duration;

use kogge_ids::VolumeId;
use kogge_node_api::{Data, DiskFormat, ImageHead};
use nix::sys::time::TimeSpec;

use super::names::{self, BASE};
use super::tool::Pool;
use super::{Inner, tool::Fault};
use crate::off::{failed, off};
use crate::{StorageError, incoming};

const STEP: &str = "taking over the image";
/// The snapshot that volumes are cloned from.
const WHOLE: &str = "whole";
/// An image that no volume stands on is kept so long after it was used last.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// An image that is here.
pub(super) struct Base {
    pub image: String,
    /// Its size for a guest in bytes.
    pub bytes: u64,
}

impl Base {
    /// What volumes are cloned from.
    pub(super) fn snapshot(&self, pool: &Pool) -> String {
        format!("{}@{WHOLE}", pool.image(&self.image))
    }
}

impl Inner {
    /// The image of this digest: what is here already is not read again.
    pub(super) async fn base(&self, head: &ImageHead, data: Data) -> Result<Base, StorageError> {
        incoming::check_name(head)?;
        let image = names::base(head);
        self.note_use(&image).await?;
        if let Some(info) = self.info(&image).await? {
            return Ok(Base { image, bytes: info.size });
        }
        let mut file = incoming::take(self.draft().await?, head, data).await?;
        if head.format == DiskFormat::Qcow2 {
            let (plain, source) =
                (self.draft().await?, kogge_qemu::layers(file.path(), DiskFormat::Qcow2, None));
            self.tool.convert(&source, plain.path(), "raw").await.map_err(|error| failed(STEP, error))?;
            file = plain;
        }
        // any number that nobody else has: two may take over the same image at once
        let draft = format!("draft-{}", VolumeId::random().uuid().simple());
        let kept = self.keep(file, &draft, &image).await;
        if kept.is_err() {
            self.discard(&draft).await?;
        }
        kept?;
        Ok(Base { bytes: self.known(&image).await?.size, image })
    }

    async fn keep(&self, file: crate::draft::Draft, draft: &str, image: &str) -> Result<(), StorageError> {
        self.import(file, draft).await?;
        let whole = format!("{}@{WHOLE}", self.pool.image(draft));
        let marked = self.pool.rbd(&["snap", "create", "--no-progress", &whole]).await;
        marked.map_err(|fault| fault.at(STEP))?;
        match self.pool.rbd(&["rename", &self.pool.image(draft), &self.pool.image(image)]).await {
            // another one was quicker
            Err(fault) if fault.is_taken() => self.discard(draft).await,
            done => done.map_err(|fault| fault.at(STEP)),
        }
    }

    /// Notes that an image is used now.
    async fn note_use(&self, image: &str) -> Result<(), StorageError> {
        let note = self.scratch.join(image);
        off(STEP, move || {
            let file = File::options().write(true).create(true).truncate(false).open(note)?;
            Ok(nix::sys::stat::futimens(&file, &TimeSpec::UTIME_NOW, &TimeSpec::UTIME_NOW)?)
        })
        .await
    }

    /// Removes images that no volume stands on and that were not used for a while. Of one that only other processes used
    /// the time begins now.
    pub(super) async fn collect(&self) -> Result<(), StorageError> {
        for image in self.all().await?.into_iter().filter(|image| image.starts_with(BASE)) {
            let note = self.scratch.join(&image);
            let seen = note.clone();
            let age = off(STEP, move || match std::fs::metadata(seen) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                found => Ok(found?.modified()?.elapsed().ok()),
            });
            match age.await? {
                None => self.note_use(&image).await?,
                Some(age) if age > KEPT && self.is_alone(&image).await? => {
                    self.discard(&image).await?;
                    off(STEP, move || crate::draft::remove(&note)).await?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn is_alone(&self, image: &str) -> Result<bool, StorageError> {
        let whole = format!("{}@{WHOLE}", self.pool.image(image));
        let children: Result<Vec<serde_json::Value>, Fault> =
            self.pool.ask("rbd", &["children", &whole]).await;
        match children {
            Ok(children) => Ok(children.is_empty()),
            Err(fault) if fault.is_missing() => Ok(true),
            Err(fault) => Err(fault.at("looking at the image")),
        }
    }
}
