//! Rescuing servers: they boot from another disk, so that their own can be mended. And crash dumps.

use kogge_auth::Caller;
use kogge_node_api::DiskBus;

use super::change::Guard;
use crate::error::{Error, Result};
use crate::model::server::{BirthDisk, BootedImage, Doing, Rescue, Server};
use crate::model::state::VmState;
use crate::{Compute, policy};

const RESCUABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Error];
const INTERRUPTIBLE: &[VmState] =
    &[VmState::Active, VmState::Paused, VmState::Rescued, VmState::Resized, VmState::Error];

/// A rescue that is asked for.
pub(crate) struct NewRescue {
    /// The image to boot from; nothing for the server's own.
    pub(crate) image: Option<String>,
    /// The password of the guest.
    pub(crate) admin_password: String,
    /// Servers that boot from a volume may be rescued.
    pub(crate) of_volumes: bool,
}

/// A server that boots from a volume is rescued by a disk that comes after its own, and by no other.
fn check_stable(server: &Server, image: &BootedImage, of_volumes: bool) -> Result<()> {
    let stable =
        ["hw_rescue_bus", "hw_rescue_device"].iter().all(|name| image.properties.contains_key(*name));
    if of_volumes && stable {
        return Ok(());
    }
    let why = "Cannot rescue a volume-backed instance";
    Err(Error::Invalid(format!("Instance {} cannot be rescued: {why}", server.id)))
}

impl Compute {
    /// Boots a server from an image of the caller's, or from its own. Its disk comes second.
    pub(crate) async fn rescue(&self, caller: &Caller, id: &str, wish: NewRescue) -> Result<()> {
        let known = self.server(caller, id, &policy::RESCUE).await?;
        let guard = Guard::new("rescue", RESCUABLE);
        guard.check(caller, &known)?;
        let (image, disk) = self.rescue_image(caller, &known, wish.image.as_deref()).await?;
        if known.is_volume_backed() {
            check_stable(&known, &image, wish.of_volumes)?;
        }
        self.has_room()?;
        let mut changing = self.open(caller, id, &policy::RESCUE, guard).await?;
        let server = &mut changing.server;
        if !server.disk_is_built() {
            return Err(Error::Conflict(format!("Instance {id} is not ready")));
        }
        let property = |name: &str| image.properties.get(name).map(String::as_str);
        let bus = match property("hw_rescue_bus") {
            Some(word) => DiskBus::of_word(word).ok_or_else(|| {
                Error::Invalid(format!("Invalid image metadata. Error: hw_rescue_bus is '{word}'."))
            })?,
            None => disk.bus,
        };
        let stable = property("hw_rescue_bus").or_else(|| property("hw_rescue_device")).is_some();
        let disk = BirthDisk { bus, ..disk };
        server.spec.sealed_password = Some(self.seal().seal(&wish.admin_password));
        server.intent.rescue = Some(Rescue { image: image.id, disk, stable });
        server.intent.restart();
        server.intent.ask(Doing::Rescuing, changing.now);
        let server = server.id;
        self.hold_image(&mut changing.tx, image.id, &[server]).await?;
        self.close(caller, changing, Some("rescue")).await.map(drop)
    }

    async fn rescue_image(
        &self,
        caller: &Caller,
        server: &Server,
        wanted: Option<&str>,
    ) -> Result<(BootedImage, BirthDisk)> {
        let own = server.image.as_ref().map(|image| image.id.to_string());
        let Some(id) = wanted.or(own.as_deref()) else {
            let why = format!(
                "Instance {} cannot be rescued: it boots from a volume; name an image by rescue_image_ref.",
                server.id
            );
            return Err(Error::Invalid(why));
        };
        let missing = match wanted {
            Some(id) => format!("Requested rescue image '{id}' is not supported"),
            None => format!(
                "Instance {} cannot be rescued: its image {id} is not there; name another one by rescue_image_ref.",
                server.id
            ),
        };
        let shape = crate::model::flavor::Shape { disk_gib: 0, ..server.shape.clone() };
        let (image, disk, _) = self.bootable(caller, id, &shape, &missing).await?;
        Ok((image, disk))
    }

    /// Boots a server from its own disk again.
    pub(crate) async fn unrescue(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("unrescue", &[VmState::Rescued]);
        let mut changing = self.open(caller, id, &policy::UNRESCUE, guard).await?;
        let (now, intent) = (changing.now, &mut changing.server.intent);
        intent.rescue = None;
        intent.restart();
        intent.ask(Doing::Unrescuing, now);
        self.close(caller, changing, Some("unrescue")).await.map(drop)
    }

    /// Interrupts a server, so that it dumps its memory where it is set up so.
    pub(crate) async fn trigger_crash_dump(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("trigger_crash_dump", INTERRUPTIBLE);
        let mut changing = self.open(caller, id, &policy::TRIGGER_CRASH_DUMP, guard).await?;
        let (now, intent) = (changing.now, &mut changing.server.intent);
        intent.interrupt += 1;
        intent.touch(now, true);
        self.close(caller, changing, Some("trigger_crash_dump")).await.map(drop)
    }
}
