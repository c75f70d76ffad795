//! Images of the pool that are none of ours: seen, taken over, let go.

use serde::Deserialize;

use super::Inner;
use super::images::Info;
use super::names::{Kind, Side, disk_of, find, is_ours, is_word, name, released};
use super::tool::Fault;
use crate::sniff::Content;
use crate::{Adopted, DiskId, Foreign, StorageError};

/// So many are listed.
const MOST: usize = 5_000;

#[derive(Deserialize)]
struct Line {
    image: String,
    size: u64,
    snapshot: Option<String>,
    parent: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    watchers: Vec<serde_json::Value>,
}

impl Inner {
    /// Images that are none of ours.
    pub(super) async fn foreigners(&self) -> Result<Vec<Foreign>, StorageError> {
        let lines: Result<Vec<Line>, Fault> = self.pool.ask("rbd", &["ls", "-l", &self.pool.name]).await;
        let lines = lines.map_err(|fault| fault.at("looking at the backend"))?;
        let with_snapshots: Vec<String> =
            lines.iter().filter(|line| line.snapshot.is_some()).map(|line| line.image.clone()).collect();
        let foreign = lines.into_iter().filter(|line| line.snapshot.is_none() && !is_ours(&line.image));
        let foreign = foreign.filter(|line| is_word(&line.image)).take(MOST).map(|line| {
            let obstacle = obstacle(line.parent.is_some(), with_snapshots.contains(&line.image), line.size);
            Foreign { name: line.image, bytes: line.size, obstacle: obstacle.map(str::to_owned) }
        });
        Ok(foreign.collect())
    }

    /// Takes over an image.
    pub(super) async fn adopt(&self, from: &str, id: DiskId) -> Result<Adopted, StorageError> {
        const STEP: &str = "taking over the volume";
        let refused = |because: &str| StorageError::Refused { because: because.to_owned() };
        if let Some(found) = find(&self.all().await?, id) {
            // an earlier try did it
            let whole = self.known(&found.image).await?.size;
            return Ok(Adopted { bytes: self.size(&found.image, found.kind, whole).await? });
        }
        if is_ours(from) || disk_of(from).is_some() {
            return Err(refused("that disk is a volume or snapshot already"));
        }
        if !is_word(from) {
            let because = "a disk is named by one word of letters, digits, `-`, `_` and `.`, at most 96";
            return Err(refused(because));
        }
        let info = self.known(from).await?;
        self.check_foreign(from, &info).await?;
        self.rename(from, &name(id, Side::First, Kind::Raw), STEP).await?;
        Ok(Adopted { bytes: info.size })
    }

    async fn check_foreign(&self, image: &str, info: &Info) -> Result<(), StorageError> {
        let status: Result<Status, Fault> = self.pool.ask("rbd", &["status", &self.pool.image(image)]).await;
        let status = status.map_err(|fault| fault.at("looking at the volume"))?;
        let found = obstacle(info.parent.is_some(), info.snapshot_count > 0, info.size);
        let found = found.or((!status.watchers.is_empty()).then_some("something has it open"));
        let found = match (found, self.head(image, info.size).await?) {
            (Some(found), _) => Some(found),
            (None, Content::Luks { .. }) => Some("it is encrypted with an unknown passphrase"),
            // an image of a pool is plain bytes, whatever they look like
            (None, _) => None,
        };
        match found {
            Some(because) => {
                let because = format!("the disk cannot be taken over: {because}");
                Err(StorageError::Refused { because })
            }
            None => Ok(()),
        }
    }

    /// Lets a disk go: what stood on another image stands by itself then.
    pub(super) async fn release(&self, id: DiskId) -> Result<(), StorageError> {
        const STEP: &str = "letting the volume go";
        let all = self.all().await?;
        let Some(found) = find(&all, id) else {
            let done = [Kind::Raw, Kind::Luks].iter().any(|kind| all.contains(&released(id, *kind)));
            return if done { Ok(()) } else { Err(StorageError::NotFound { what: id.to_string() }) };
        };
        // what is left over first: it must not come to light
        self.clear(id, found.side.other()).await?;
        if self.known(&found.image).await?.parent.is_some() {
            self.flatten(&found.image).await?;
        }
        self.rename(&found.image, &released(id, found.kind), STEP).await?;
        // what it stood on may be needed by none any more
        self.purge().await
    }
}

/// Why an image can be no volume.
fn obstacle(clone: bool, snapshots: bool, bytes: u64) -> Option<&'static str> {
    if clone {
        return Some("it is a clone of another image: flatten it first");
    }
    if snapshots {
        return Some("it has snapshots, which would go with it");
    }
    if bytes == 0 {
        return Some("it is empty");
    }
    (!bytes.is_multiple_of(512)).then_some("its length is no multiple of 512")
}
