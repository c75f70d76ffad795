//! `createImage` and `createBackup`: a picture of the root disk becomes an image; of a server that boots from a volume,
//! snapshots of all its volumes, which the image names.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_ids::{ImageId, VolumeId};
use kogge_node_api::DiskBus;
use kogge_volume::Pictured;

use super::change::{Changing, Guard};
use super::find::target;
use crate::error::{Error, Result};
use crate::lower::image::kept;
use crate::lower::volume::from_volume;
use crate::model::mapping::{self, Mapped};
use crate::model::server::{Backup, ROOT_DEVICE, Server, Snapshot};
use crate::model::state::VmState;
use crate::{Compute, policy};

/// Its root disk is a volume, and no file of its host.
fn no_picture() -> Error {
    Error::Invalid("Backup is not supported for volume-backed instances.".to_owned())
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
        let image = if changing.server.is_volume_backed() {
            self.picture_volumes(caller, &mut changing, name, metadata).await?
        } else {
            self.picture(caller, &mut changing, name, "snapshot", metadata).await?
        };
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
        properties.extend(said_of(server, kind, &base.id.to_string(), metadata));
        let data = ("qcow2", server.spec.root_gib);
        let image =
            self.register_snapshot(&mut changing.tx, caller, name.to_owned(), properties, data).await?;
        order_picture(server, image);
        Ok(image)
    }

    /// Makes snapshots of all volumes of a server, and the image that names them. It has no byte of its own.
    async fn picture_volumes(
        &self,
        caller: &Caller,
        changing: &mut Changing,
        name: &str,
        metadata: &BTreeMap<String, String>,
    ) -> Result<ImageId> {
        let server = &mut changing.server;
        caller.allow(&policy::SERVERS_CREATE_IMAGE_OF_VOLUMES, &target(server))?;
        let volumes: Vec<VolumeId> = server.volumes.iter().map(|one| one.volume).collect();
        let about = format!("snapshot for {name}");
        let made = self.volume().picture_in(&mut changing.tx, caller, &volumes, &about).await;
        let made = made.map_err(from_volume)?;
        let is_root =
            |made: &&Pictured| server.volumes.iter().any(|one| one.root && one.volume == made.volume);
        let inherited = made.iter().find(is_root).map(|root| root.image_metadata.clone()).unwrap_or_default();
        let base = inherited.get("image_id").cloned().unwrap_or_default();
        let mut properties = kept(&inherited);
        properties.extend(said_of(server, "snapshot", &base, metadata));
        properties.extend(mapping::written(&mapped(server, &made)));
        properties.insert(mapping::ROOT_NAME.to_owned(), ROOT_DEVICE.to_owned());
        let image =
            self.register_snapshot(&mut changing.tx, caller, name.to_owned(), properties, ("raw", 0)).await?;
        order_picture(server, image);
        Ok(image)
    }
}

fn order_picture(server: &mut Server, image: ImageId) {
    let number = server.intent.snapshot.map_or(0, |snapshot| snapshot.number) + 1;
    server.intent.snapshot = Some(Snapshot { number, image });
}

/// What an image says of the server that it was made of, and what its owner says. As in Nova the owner may say otherwise;
/// but backups are counted by these words, and say the truth.
fn said_of(
    server: &Server,
    kind: &str,
    base: &str,
    metadata: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = [
        ("image_type", kind.to_owned()),
        ("instance_uuid", server.id.to_string()),
        ("user_id", server.user.to_string()),
        ("base_image_ref", base.to_owned()),
    ];
    let own = own.map(|(key, value)| (key.to_owned(), value));
    match kind {
        "backup" => metadata.clone().into_iter().chain(own).collect(),
        _ => own.into_iter().chain(metadata.clone()).collect(),
    }
}

/// The devices of a server, as an image names them: its empty disks, and snapshots of its volumes.
fn mapped(server: &Server, made: &[Pictured]) -> Vec<Mapped> {
    let bus = match server.spec.disk.as_ref().map(|disk| disk.bus) {
        Some(DiskBus::Scsi) => "scsi",
        _ => "virtio",
    };
    let disk = || Mapped {
        disk_bus: Some(bus.to_owned()),
        device_type: Some("disk".to_owned()),
        ..Mapped::default()
    };
    let blank = |size: u64, format: Option<&str>| Mapped {
        source_type: "blank".to_owned(),
        destination_type: Some("local".to_owned()),
        volume_size: i64::try_from(size).ok(),
        boot_index: Some(-1),
        delete_on_termination: true,
        guest_format: format.map(str::to_owned),
        ..disk()
    };
    let (ephemeral, swap) = server.spec.local.on(&server.shape);
    let mut all: Vec<Mapped> =
        ephemeral.into_iter().filter(|gib| *gib > 0).map(|gib| blank(gib, None)).collect();
    all.extend((swap > 0).then(|| blank(swap, Some("swap"))));
    all.extend(server.volumes.iter().filter_map(|one| {
        let found = made.iter().find(|made| made.volume == one.volume)?;
        Some(Mapped {
            source_type: "snapshot".to_owned(),
            destination_type: Some("volume".to_owned()),
            snapshot_id: Some(found.snapshot.to_string()),
            volume_size: Some(found.size_gib),
            boot_index: one.root.then_some(0),
            delete_on_termination: one.delete,
            device_name: Some(one.device.clone()),
            ..disk()
        })
    }));
    all
}
