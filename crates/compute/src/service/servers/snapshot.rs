//! `createImage` and `createBackup`: a picture of the root disk becomes an image.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_ids::ImageId;

use super::change::{Changing, Guard};
use crate::error::{Error, Result};
use crate::model::server::{Backup, Snapshot};
use crate::model::state::VmState;
use crate::{Compute, policy};

/// Its root disk is a volume, and no file of its host.
fn no_picture() -> Error {
    let why = "The server boots from a volume: make a snapshot of that volume, or an image of it.";
    Error::Invalid(why.to_owned())
}

const PICTURABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended];

/// A backup that is asked for.
pub(crate) struct NewBackup {
    /// Name of the image.
    pub(crate) name: String,
    /// What kind of backup it is.
    pub(crate) kind: String,
    /// So many of the kind are kept.
    pub(crate) rotation: u32,
    /// Properties of the image.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Compute {
    /// Registers the image and orders the picture.
    pub(crate) async fn create_image(
        &self,
        caller: &Caller,
        id: &str,
        name: &str,
        metadata: &BTreeMap<String, String>,
    ) -> Result<ImageId> {
        let guard = Guard::new("createImage", PICTURABLE);
        let rule = &policy::SERVERS_CREATE_IMAGE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        let image = self.picture(caller, &mut changing, name, "snapshot", metadata).await?;
        self.close(caller, changing, Some("createImage")).await.map(|_| image)
    }

    /// As [`Compute::create_image`]; once the image is whole, the oldest backups of the kind go. A lock is against
    /// changes, as in Nova, and this is none.
    pub(crate) async fn create_backup(&self, caller: &Caller, id: &str, new: NewBackup) -> Result<ImageId> {
        let guard = Guard { heeds_lock: false, ..Guard::new("createBackup", PICTURABLE) };
        let mut changing = self.open(caller, id, &policy::CREATE_BACKUP, guard).await?;
        let mut metadata = new.metadata;
        metadata.insert("backup_type".to_owned(), new.kind.clone());
        let image = self.picture(caller, &mut changing, &new.name, "backup", &metadata).await?;
        let number = changing.server.intent.snapshot.map_or(0, |snapshot| snapshot.number);
        changing.server.intent.backup = Some(Backup { number, kind: new.kind, rotation: new.rotation });
        self.close(caller, changing, Some("createBackup")).await.map(|_| image)
    }

    /// Orders a picture, which becomes an image of this name.
    pub(super) async fn picture(
        &self,
        caller: &Caller,
        changing: &mut Changing,
        name: &str,
        kind: &str,
        metadata: &BTreeMap<String, String>,
    ) -> Result<ImageId> {
        let server = &mut changing.server;
        let Some(base) = server.image.clone() else { return Err(no_picture()) };
        let mut properties = base.properties;
        let own = [
            ("image_type", kind.to_owned()),
            ("instance_uuid", server.id.to_string()),
            ("user_id", server.user.to_string()),
            ("base_image_ref", base.id.to_string()),
        ];
        let own = own.map(|(key, value)| (key.to_owned(), value));
        // as in Nova the owner may say otherwise; backups are counted by these words, and say the truth
        match kind {
            "backup" => properties.extend(metadata.clone().into_iter().chain(own)),
            _ => properties.extend(own.into_iter().chain(metadata.clone())),
        }
        let room = server.spec.root_gib;
        let image =
            self.register_snapshot(&mut changing.tx, caller, name.to_owned(), properties, room).await?;
        let number = server.intent.snapshot.map_or(0, |snapshot| snapshot.number) + 1;
        server.intent.snapshot = Some(Snapshot { number, image });
        Ok(image)
    }
}
