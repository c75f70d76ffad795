//! Images of the pool: found, measured, copied, grown, removed.

use std::collections::BTreeSet;
use std::os::unix::fs::FileExt as _;

use futures_util::StreamExt as _;
use kogge_ids::VolumeId;
use serde::Deserialize;

use super::Inner;
use super::diff;
use super::names::{Found, Kind, find, is_ours};
use super::tool::{Fault, unless_missing};
use crate::draft::Draft;
use crate::off::off;
use crate::sniff::{Content, sniff};
use crate::{DiskId, StorageError};

/// A copy of a copy of … is made a whole one when the chain is so long: each link costs a look at reads.
const DEPTH: u32 = 5;
/// What in the trash is tried in one go.
const TRIES: usize = 64;

/// What the cluster says of an image.
#[derive(Debug, Deserialize)]
pub(super) struct Info {
    /// Its length in bytes.
    pub size: u64,
    /// What it is a clone of.
    pub parent: Option<Parent>,
    /// How many snapshots of its own it has.
    #[serde(default)]
    pub snapshot_count: u64,
    /// What it can.
    #[serde(default)]
    pub features: Vec<String>,
}

/// What an image is a clone of.
#[derive(Debug, Deserialize)]
pub(super) struct Parent {
    pool: String,
    id: String,
}

#[derive(Deserialize)]
struct Snapshot {
    name: String,
    #[serde(default)]
    protected: String,
}

#[derive(Deserialize)]
struct Trashed {
    id: String,
    name: String,
}

impl Inner {
    /// The images of the pool.
    pub(super) async fn all(&self) -> Result<BTreeSet<String>, StorageError> {
        let names: Result<Vec<String>, Fault> = self.pool.ask("rbd", &["ls", &self.pool.name]).await;
        names.map(|names| names.into_iter().collect()).map_err(|fault| fault.at("looking at the backend"))
    }

    /// Finds a disk.
    pub(super) async fn found(&self, id: DiskId) -> Result<Found, StorageError> {
        find(&self.all().await?, id).ok_or_else(|| StorageError::NotFound { what: id.to_string() })
    }

    /// Looks at an image; nothing where there is none.
    pub(super) async fn info(&self, image: &str) -> Result<Option<Info>, StorageError> {
        match self.pool.ask("rbd", &["info", &self.pool.image(image)]).await {
            Ok(info) => Ok(Some(info)),
            Err(fault) if fault.is_missing() => Ok(None),
            Err(fault) => Err(fault.at("looking at the volume")),
        }
    }

    /// Looks at an image that has to be there.
    pub(super) async fn known(&self, image: &str) -> Result<Info, StorageError> {
        self.info(image).await?.ok_or_else(|| StorageError::NotFound { what: image.to_owned() })
    }

    /// Size of an image for a guest in bytes, where it is `bytes` long.
    pub(super) async fn size(&self, image: &str, kind: Kind, bytes: u64) -> Result<u64, StorageError> {
        if kind == Kind::Raw {
            return Ok(bytes);
        }
        match self.head(image, bytes).await? {
            Content::Luks { offset } => Ok(bytes.saturating_sub(offset)),
            _ => Err(StorageError::failed("looking at the volume", "its header is not that of a volume")),
        }
    }

    /// What an image is by its first bytes.
    pub(super) async fn head(&self, image: &str, bytes: u64) -> Result<Content, StorageError> {
        const STEP: &str = "looking at the volume";
        let draft = self.draft().await?;
        let mut contents = diff::read(&self.pool, image, bytes).map_err(|fault| fault.at(STEP))?;
        let first = contents.extents.next().await.transpose();
        let first = first.map_err(|error| StorageError::io(STEP, &error))?;
        off(STEP, move || {
            if let Some(first) = first {
                draft.file().write_all_at(&first.data, first.offset)?;
            }
            sniff(draft.file())
        })
        .await
    }

    pub(super) async fn draft(&self) -> Result<Draft, StorageError> {
        let dir = self.scratch.clone();
        off("making the volume", move || Draft::new(&dir)).await
    }

    /// Makes an image at least so large for guests.
    pub(super) async fn enlarge(&self, image: &str, kind: Kind, bytes: u64) -> Result<(), StorageError> {
        const STEP: &str = "growing the volume";
        let whole = self.known(image).await?.size;
        let now = self.size(image, kind, whole).await?;
        if now >= bytes {
            return Ok(());
        }
        // of a container the same comes behind as in front of its contents
        let size = format!("{}B", whole.saturating_add(bytes - now));
        let grown = self.pool.move_data(&["resize", "--size", &size, &self.pool.image(image)]).await;
        grown.map_err(|fault| fault.at(STEP))
    }

    /// Makes `target` a clone of `source` as it is now: both share what is the same.
    pub(super) async fn clone_of(&self, source: &str, target: &str) -> Result<(), StorageError> {
        let moment = format!("{}@moment-{}", self.pool.image(source), VolumeId::random().uuid().simple());
        let made = self.pool.rbd(&["snap", "create", "--no-progress", &moment]).await;
        made.map_err(|fault| match fault.is_missing() {
            true => StorageError::NotFound { what: source.to_owned() },
            false => fault.at("making the volume"),
        })?;
        let cloned = self.clone_at(&moment, target).await;
        // it stays out of sight for as long as a clone needs it
        let removed = unless_missing(self.pool.rbd(&["snap", "rm", "--no-progress", &moment]).await);
        cloned?;
        removed.map_err(|fault| fault.at("making the volume"))?;
        if self.depth(target).await? > DEPTH { self.flatten(target).await } else { Ok(()) }
    }

    /// Makes `target` a clone of a snapshot.
    pub(super) async fn clone_at(&self, snapshot: &str, target: &str) -> Result<(), StorageError> {
        let target = self.pool.image(target);
        let cloned = self.pool.rbd(&["clone", "--rbd-default-clone-format", "2", snapshot, &target]).await;
        cloned.map_err(|fault| fault.at("making the volume"))
    }

    /// How many images one stands on. Some of them may lie in the trash, so they are asked by their ids.
    async fn depth(&self, image: &str) -> Result<u32, StorageError> {
        const STEP: &str = "looking at the volume";
        let (mut depth, mut parent) = (0, self.known(image).await?.parent);
        while let Some(Parent { pool, id }) = parent.filter(|_| depth <= DEPTH) {
            depth += 1;
            let found: Result<Info, Fault> =
                self.pool.ask("rbd", &["info", "--pool", &pool, "--image-id", &id]).await;
            parent = found.map_err(|fault| fault.at(STEP))?.parent;
        }
        Ok(depth)
    }

    /// Makes an image that needs no other.
    pub(super) async fn flatten(&self, image: &str) -> Result<(), StorageError> {
        let done = self.pool.move_data(&["flatten", &self.pool.image(image)]).await;
        done.map_err(|fault| fault.at("making the volume"))
    }

    pub(super) async fn rename(&self, from: &str, to: &str, step: &str) -> Result<(), StorageError> {
        let done = self.pool.rbd(&["rename", &self.pool.image(from), &self.pool.image(to)]).await;
        done.map_err(|fault| fault.at(step))
    }

    /// Takes an image out of sight at once, and away when no other stands on it.
    pub(super) async fn discard(&self, image: &str) -> Result<(), StorageError> {
        const STEP: &str = "removing the volume";
        let path = self.pool.image(image);
        let snapshots: Result<Vec<Snapshot>, Fault> = self.pool.ask("rbd", &["snap", "ls", &path]).await;
        let snapshots = match snapshots {
            Err(fault) if fault.is_missing() => return Ok(()),
            found => found.map_err(|fault| fault.at(STEP))?,
        };
        for Snapshot { name, protected } in snapshots {
            let at = format!("{path}@{name}");
            if protected == "true" {
                self.pool.rbd(&["snap", "unprotect", &at]).await.map_err(|fault| fault.at(STEP))?;
            }
            unless_missing(self.pool.rbd(&["snap", "rm", "--no-progress", &at]).await)
                .map_err(|fault| fault.at(STEP))?;
        }
        unless_missing(self.pool.rbd(&["trash", "mv", &path]).await).map_err(|fault| fault.at(STEP))
    }

    /// Removes what lies in the trash of ours and what no other image stands on any more.
    pub(super) async fn purge(&self) -> Result<(), StorageError> {
        loop {
            let all: Result<Vec<Trashed>, Fault> =
                self.pool.ask("rbd", &["trash", "ls", &self.pool.name]).await;
            let mut all = all.map_err(|fault| fault.at("removing the volume"))?;
            all.retain(|one| is_ours(&one.name));
            // from anywhere, so that those which still are needed hold up no others for ever
            let start = VolumeId::random().uuid().as_u128() % (all.len().max(1) as u128);
            all.rotate_left(usize::try_from(start).unwrap_or_default());
            let mut gone = 0;
            for one in all.iter().take(TRIES) {
                let done = self.pool.move_data(&["trash", "rm", &self.pool.image(&one.id)]).await;
                gone += usize::from(done.is_ok());
            }
            // what is gone may have stood on others
            if gone == 0 || all.len() == gone {
                return Ok(());
            }
        }
    }
}
