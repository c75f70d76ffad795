//! What is stored against what the database knows: for operators and for the task `sweep_image_files`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use kogge_ids::ImageId;
use serde::Serialize;

use crate::files::{Files, Known, Quarantine, Quarantined, Swept};
use crate::{Error, Images, store};

/// Where files and database disagree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Images whose data are not there.
    pub missing: Vec<ImageId>,
    /// Files that the database does not know, in the data directory.
    pub unknown: Vec<String>,
    /// Files that it does not know, in quarantine.
    pub quarantined: Vec<Quarantined>,
}

impl Images {
    /// The quarantine of data that the database does not know.
    #[must_use]
    pub fn quarantine(&self) -> Quarantine {
        self.files().quarantine().clone()
    }

    /// Compares what is stored with what the database knows; changes nothing.
    ///
    /// # Errors
    /// Trouble of the database or the data directory.
    pub async fn check_stored(&self) -> Result<Stored, Error> {
        let needed = store::images::files(self.db()).await?;
        let files = self.files().clone();
        blocking(move || files.compare(&needed)).await
    }

    /// Puts files where they belong; what is in quarantine for longer than `keep` goes.
    pub(crate) async fn sweep_files(&self, keep: Option<Duration>) -> Result<Swept, Error> {
        let needed: BTreeSet<String> = store::images::files(self.db()).await?.into_keys().collect();
        let files = self.files().clone();
        let (strangers, needed) =
            blocking(move || files.strangers(&needed).map(|strangers| (strangers, needed))).await?;
        let deleted = store::images::deleted_of(self.db(), &strangers.images()).await?;
        let (files, now) = (self.files().clone(), self.now());
        blocking(move || files.sweep(strangers, &Known { needed, deleted }, keep, now)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(io::Error::other)??)
}

impl Files {
    fn compare(&self, needed: &BTreeMap<String, ImageId>) -> io::Result<Stored> {
        let names = needed.keys().cloned().collect();
        let missing = needed.iter().filter(|(name, _)| !self.has(name)).map(|(_, image)| *image).collect();
        Ok(Stored {
            missing,
            unknown: self.strangers(&names)?.into_names(),
            quarantined: self
                .quarantine()
                .list()?
                .into_iter()
                .filter(|one| !names.contains(&one.file))
                .collect(),
        })
    }
}
