//! Rebuilding and resizing.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_clock::Timestamp;
use kogge_db::Tx;
use kogge_image::BootImage;
use kogge_volume::VolumeView;

use super::boot::{greater, room_for};
use super::change::{Changing, Guard};
use super::labels::{ServerUpdate, check_files, check_metadata};
use crate::error::{Error, Result};
use crate::lower::image::{boots_on, unacceptable};
use crate::lower::volume::from_volume;
use crate::model::flavor::Shape;
use crate::model::hardware;
use crate::model::host::Host;
use crate::model::migration::{MigrationKind, MigrationStatus};
use crate::model::quota::{self, Usage};
use crate::model::server::{BirthDisk, Doing, InjectedFile, Server};
use crate::model::state::VmState;
use crate::store::{big, migrations, quotas};
use crate::{Compute, policy};

const REBUILDABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Error];
const RESIZABLE: &[VmState] = &[VmState::Active, VmState::Stopped];
const RESIZED: &[VmState] = &[VmState::Resized];

/// What a rebuild may change; `None` stays.
#[derive(Clone, Default)]
pub(crate) struct Rebuild {
    pub(crate) image: String,
    /// A server that boots from a volume gets the image onto that; else it keeps what is on it.
    pub(crate) onto_volume: bool,
    /// What an update may change too.
    pub(crate) labels: ServerUpdate,
    /// Files for the guest; nothing for those that it has.
    pub(crate) files: Option<Vec<InjectedFile>>,
    pub(crate) admin_password: String,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) key_name: Option<Option<String>>,
    pub(crate) user_data: Option<Option<String>>,
}

impl Compute {
    /// Gives a server a new root disk, from the same or another image.
    pub(crate) async fn rebuild(&self, caller: &Caller, id: &str, rebuild: Rebuild) -> Result<Server> {
        let known = self.server(caller, id, &policy::SERVERS_REBUILD).await?;
        let guard = Guard::new("rebuild", REBUILDABLE);
        guard.check(caller, &known)?;
        let found = self.image_for(caller, &rebuild.image, "Cannot find image for rebuild").await?;
        // without a disk of its own, its volume has to be large enough
        let gib = if known.is_volume_backed() { 0 } else { known.spec.root_gib };
        let (image, disk, hardware) = boots_on(&found, &Shape { disk_gib: gib, ..known.shape.clone() })?;
        self.check_same_image(&known, &rebuild, &found).await?;
        let key = match &rebuild.key_name {
            Some(Some(name)) => Some(Some(self.server_key(&known.user, name).await?)),
            Some(None) => Some(None),
            None => None,
        };
        self.has_room()?;
        let mut changing = self.open(caller, id, &policy::SERVERS_REBUILD, guard).await?;
        let server = &mut changing.server;
        if server.is_volume_backed() {
            server.spec.disk =
                Some(BirthDisk { bus: disk.bus, firmware: disk.firmware, ..BirthDisk::default() });
            server.spec.volume_properties = image.properties;
        } else {
            server.image = Some(image);
            server.spec.disk = Some(disk);
        }
        server.spec.hardware = hardware;
        rebuild.labels.apply(server);
        server.spec.sealed_password = Some(self.seal().seal(&rebuild.admin_password));
        server.spec.user_data = rebuild.user_data.unwrap_or_else(|| server.spec.user_data.clone());
        server.spec.key = key.unwrap_or_else(|| server.spec.key.clone());
        let limits = quotas::limits(&mut changing.tx, server.project.as_str(), &self.config().quota).await?;
        if let Some(files) = rebuild.files {
            check_files(&files, &limits)?;
            server.spec.config_drive |= !files.is_empty();
            server.spec.files = files;
        }
        if let Some(metadata) = rebuild.metadata {
            check_metadata(metadata.len(), &limits)?;
            server.metadata = metadata;
        }
        server.intent.disk += 1;
        server.intent.rescue = None;
        server.intent.ask(Doing::Rebuilding, changing.now);
        let root = server.volumes.iter().find(|one| one.root).map(|one| one.attachment);
        let (server, backed) = (server.id, server.is_volume_backed());
        match root.filter(|_| backed) {
            Some(root) if rebuild.onto_volume => {
                let begun = self.volume().reimage_held_in(&mut changing.tx, caller, root, &found).await;
                begun.map_err(from_volume)?;
            }
            Some(_) => {}
            None => self.hold_image(&mut changing.tx, found.id, &[server]).await?,
        }
        self.close(caller, changing, Some("rebuild")).await
    }

    /// Refuses another image where the volume is to keep what is on it, and volumes that are not whole.
    async fn check_same_image(&self, server: &Server, rebuild: &Rebuild, image: &BootImage) -> Result<()> {
        if !server.is_volume_backed() {
            return Ok(());
        }
        let ids: Vec<_> = server.volumes.iter().map(|one| one.volume).collect();
        let views = self.volume().views(&ids).await.map_err(from_volume)?;
        let root = server.volumes.iter().find(|one| one.root).map(|one| one.volume);
        let of = views
            .iter()
            .find(|view| Some(view.id) == root)
            .and_then(|view| view.image_metadata.get("image_id"));
        if !rebuild.onto_volume && of != Some(&image.id.to_string()) {
            let why = "Unable to rebuild with a different image for a volume-backed server.";
            return Err(unacceptable(image.id, why));
        }
        let unready =
            |view: &&VolumeView| view.status != "in-use" && (Some(view.id) != root || view.fault.is_none());
        match views.iter().find(unready) {
            Some(view) => Err(Error::Invalid(format!(
                "Invalid volume: volume '{}' status must be 'in-use'. Currently in '{}' status",
                view.id, view.status
            ))),
            None => Ok(()),
        }
    }

    /// Gives a server another shape, on its host.
    pub(crate) async fn resize(
        &self,
        caller: &Caller,
        id: &str,
        flavor: &str,
        auto: Option<bool>,
    ) -> Result<()> {
        let known = self.server(caller, id, &policy::SERVERS_RESIZE).await?;
        let guard = Guard::new("resize", RESIZABLE);
        guard.check(caller, &known)?;
        let shape = self
            .flavor(caller, flavor)
            .await
            .map_err(|_| Error::Invalid(format!("Flavor {flavor} could not be found.")))?;
        if shape.id == known.shape.id {
            return Err(Error::Invalid("When resizing, instances must change flavor!".to_owned()));
        }
        self.has_room()?;
        if !known.is_volume_backed() && shape.disk_gib < known.spec.root_gib {
            return Err(Error::Invalid(format!(
                "Server disk was unable to be resized because: its root disk has {} GiB and cannot shrink to {}.",
                known.spec.root_gib, shape.disk_gib
            )));
        }
        let mut changing = self.open(caller, id, &policy::SERVERS_RESIZE, guard).await?;
        let made = hardware::make(&shape, changing.server.image_properties()).map_err(Error::Invalid)?;
        let old = changing.server.shape.clone();
        self.afford(&mut changing, more(&shape, &old)).await?;
        quotas::moved(&mut changing.tx, changing.server.project.as_str(), more(&shape, &old)).await?;
        let both = greater(&room_for(&changing.server, &old), &room_for(&changing.server, &shape));
        let stays = self.hold(&mut changing.tx, &changing.server, &both).await;
        let server = &mut changing.server;
        if !server.is_volume_backed() {
            server.spec.root_gib = shape.disk_gib;
        }
        server.spec.auto_disk_config = auto.unwrap_or(server.spec.auto_disk_config);
        server.shape = shape.clone();
        server.take_hardware(made);
        server.intent.resized_from = Some(old);
        server.intent.ask(Doing::Resizing, changing.now);
        let from = server.placed.host.clone();
        if let Err(error) = stays {
            // where it has no room to grow, another host may have; else nothing changes
            let moved = self.move_cold(&mut changing.tx, &mut changing.server, None).await;
            moved.map_err(|_| error)?;
        }
        let (server, now) = (&changing.server, changing.now);
        let ends = (from.as_deref(), server.placed.host.as_deref());
        migrations::begin(&mut changing.tx, server, MigrationKind::Resize, ends, now).await?;
        self.close(caller, changing, Some("resize")).await.map(drop)
    }

    /// Takes the new shape for good.
    pub(crate) async fn confirm_resize(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("confirmResize", RESIZED);
        let rule = &policy::SERVERS_CONFIRM_RESIZE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        self.confirm_in(&mut changing.tx, &mut changing.server, changing.now).await?;
        self.close(caller, changing, Some("confirmResize")).await.map(drop)
    }

    /// As [`Compute::confirm_resize`], in whoever's name.
    pub(crate) async fn confirm_in(&self, tx: &mut Tx, server: &mut Server, now: Timestamp) -> Result<()> {
        let needed = room_for(server, &server.shape);
        self.hold(tx, server, &needed).await?;
        server.intent.resized_from = None;
        if let Some(before) = server.intent.resized_on.take() {
            self.free_on(tx, server.id, &before).await?;
        }
        Ok(migrations::follow(tx, server.id, MigrationStatus::Confirmed, now).await?)
    }

    /// Takes the old shape back. A disk that grew stays as large as it is.
    pub(crate) async fn revert_resize(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("revertResize", RESIZED);
        let rule = &policy::SERVERS_REVERT_RESIZE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        let old = changing.server.intent.resized_from.take();
        let old = old.ok_or_else(|| Error::Invalid("Instance has not been resized.".to_owned()))?;
        let needed = room_for(&changing.server, &old);
        self.move_back(&mut changing.tx, &mut changing.server).await?;
        self.hold(&mut changing.tx, &changing.server, &needed).await?;
        let less = more(&old, &changing.server.shape);
        quotas::moved(&mut changing.tx, changing.server.project.as_str(), less).await?;
        if let Ok(made) = hardware::make(&old, changing.server.image_properties()) {
            changing.server.take_hardware(made);
        }
        changing.server.shape = old;
        changing.server.intent.ask(Doing::Reverting, changing.now);
        self.close(caller, changing, Some("revertResize")).await.map(drop)
    }

    /// Refuses what the project's quota has no room for.
    pub(super) async fn afford(&self, changing: &mut Changing, more: Usage) -> Result<()> {
        let project = changing.server.project.to_string();
        quotas::take_turn(&mut changing.tx, &project).await?;
        let limits = quotas::limits(&mut changing.tx, &project, &self.config().quota).await?;
        let used = quotas::usage(&mut changing.tx, &project).await?;
        quota::check(&limits, used, more).map_or(Ok(()), |over| Err(Error::OverQuota(over)))
    }

    /// Holds this much room on the server's host instead of what it holds now.
    pub(super) async fn hold(
        &self,
        tx: &mut Tx,
        server: &Server,
        room: &kogge_placement::Resources,
    ) -> Result<()> {
        let Some(host) = &server.placed.host else { return Ok(()) };
        let provider = Host::hypervisor_id(host).uuid().into();
        let held =
            self.placement().allocate_in(tx, server.id, &server.project, &server.user, provider, room).await;
        held.map_err(|error| match error {
            // how much room there is is none of the tenant's business
            kogge_placement::Error::NoRoom { .. } => Error::Invalid(
                "No valid host was found. Resize to a smaller flavor, or try again later.".to_owned(),
            ),
            other => Error::internal(other),
        })
    }
}

/// What a server of one shape counts more than one of the other.
fn more(new: &Shape, old: &Shape) -> Usage {
    Usage {
        cores: i64::from(new.vcpus) - i64::from(old.vcpus),
        ram: big(new.ram_mib) - big(old.ram_mib),
        ..Usage::default()
    }
}
