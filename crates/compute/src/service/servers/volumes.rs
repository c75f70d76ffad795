//! Volumes of servers: attached and detached, looked at.

use std::collections::BTreeSet;

use kogge_auth::{Caller, Rule};
use kogge_db::Tx;
use kogge_volume::VolumeView;

use super::change::Guard;
use super::labels::touch;
use crate::error::{Error, Result};
use crate::lower::volume::from_volume;
use crate::model::bounds;
use crate::model::server::{LeavingVolume, Server, ServerVolume};
use crate::model::state::VmState;
use crate::{Compute, policy};

const ATTACHABLE: &[VmState] = &[
    VmState::Active,
    VmState::Paused,
    VmState::Stopped,
    VmState::Resized,
    VmState::SoftDeleted,
    VmState::Shelved,
    VmState::ShelvedOffloaded,
];
/// As [`ATTACHABLE`], before servers on the shelf took and gave volumes.
const ATTACHABLE_OLD: &[VmState] =
    &[VmState::Active, VmState::Paused, VmState::Stopped, VmState::Resized, VmState::SoftDeleted];

/// In which states a server takes or gives volumes; `shelved` where those on the shelf do.
const fn attachable(action: &'static str, shelved: bool) -> Guard {
    Guard::new(action, if shelved { ATTACHABLE } else { ATTACHABLE_OLD })
}

/// What a server on no host takes: nobody knows what the host can do to which it comes back.
fn check_hostless(server: &Server, volume: &VolumeView, new: &NewAttachment) -> Result<()> {
    let refuse = |why: &str| Err(Error::Invalid(why.to_owned()));
    if server.placed.host.is_some() {
        return Ok(());
    }
    if new.tag.is_some() {
        return refuse("Tagged volume attachment is not supported for shelved-offloaded instances.");
    }
    if volume.multiattach {
        return refuse("Attaching multiattach volumes is not supported for shelved-offloaded instances.");
    }
    Ok(())
}

/// A volume to be attached.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewAttachment {
    pub(crate) volume: String,
    pub(crate) device: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) delete: bool,
}

/// What is said of an attachment that is there: only whether it goes with its server may be new.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptVolume {
    pub(crate) delete: Option<bool>,
    pub(crate) device: Option<Option<String>>,
    pub(crate) tag: Option<Option<String>>,
    pub(crate) server: Option<String>,
    pub(crate) id: Option<String>,
}

impl KeptVolume {
    /// The first name by which something else is said than what is.
    fn differs(&self, one: &ServerVolume, server: &str) -> Option<&'static str> {
        let volume = one.volume.to_string();
        let other = |said: Option<&str>, is: &str| said.is_some_and(|said| said != is);
        if other(self.id.as_deref(), &volume) {
            Some("id")
        } else if other(self.server.as_deref(), server) {
            Some("serverId")
        } else if self.device.as_ref().is_some_and(|said| said.as_ref() != Some(&one.device)) {
            Some("device")
        } else if self.tag.as_ref().is_some_and(|said| *said != one.tag) {
            Some("tag")
        } else {
            None
        }
    }
}

/// Names of the disks that a server has beside these volumes: root, ephemeral, swap.
fn taken(server: &Server) -> BTreeSet<String> {
    let (ephemeral, swap) = server.spec.local.on(&server.shape);
    let local = usize::from(server.image.is_some())
        + ephemeral.iter().filter(|gib| **gib > 0).count()
        + usize::from(swap > 0);
    let start = usize::from(server.image.is_none());
    let own = (start..start + local).map(device);
    own.chain(server.volumes.iter().map(|one| one.device.clone())).collect()
}

/// The name of the disk in this place.
pub(crate) fn device(place: usize) -> String {
    let mut letters = String::new();
    let mut left = place + 1;
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'a' + digit));
        left = (left - 1) / 26;
    }
    format!("/dev/vd{letters}")
}

/// The first name that no disk of the server has.
pub(crate) fn next_device(server: &Server) -> String {
    let taken = taken(server);
    let first = usize::from(!server.volumes.iter().any(|one| one.root) && server.image.is_none());
    (first..).map(device).find(|name| !taken.contains(name)).unwrap_or_default()
}

impl Compute {
    /// The volumes of a server.
    pub(crate) async fn server_volumes(&self, caller: &Caller, id: &str, one: bool) -> Result<Server> {
        let rule = if one { &policy::VOLUME_ATTACHMENTS_SHOW } else { &policy::VOLUME_ATTACHMENTS_INDEX };
        self.server(caller, id, rule).await
    }

    /// Attaches a volume: both are promised to each other in one transaction.
    pub(crate) async fn attach_volume(
        &self,
        caller: &Caller,
        id: &str,
        new: NewAttachment,
        shelved: bool,
    ) -> Result<(Server, ServerVolume)> {
        let guard = attachable("attach_volume", shelved);
        let rule = &policy::VOLUME_ATTACHMENTS_CREATE;
        let known = self.server(caller, id, rule).await?;
        guard.check(caller, &known)?;
        let seen = self.seen_volume(caller, &new.volume).await?;
        if seen.project != known.project {
            return Err(Error::NotFound(format!("Volume {} could not be found.", new.volume)));
        }
        let mut changing = self.open(caller, id, rule, guard).await?;
        let server = &mut changing.server;
        check_hostless(server, &seen, &new)?;
        if server.volumes.len() + server.intent.leaving_volumes.len() >= bounds::VOLUMES {
            let why =
                format!("Maximum number of volumes exceeded: a server has {} at most.", bounds::VOLUMES);
            return Err(Error::Forbidden(why));
        }
        if server.volumes.iter().any(|one| one.volume == seen.id) {
            let why = format!("Invalid volume: Volume {} is already attached to instance {id}.", seen.id);
            return Err(Error::Invalid(why));
        }
        if server.intent.leaving_volumes.iter().any(|one| one.volume == seen.id) {
            let why =
                format!("Invalid volume: Volume {} is still being detached from instance {id}.", seen.id);
            return Err(Error::Invalid(why));
        }
        // as with Nova's libvirt driver, the wish of a name is passed over where the bus names disks itself
        let device = match new.device {
            Some(wanted) if taken(server).contains(&wanted) => {
                return Err(Error::Conflict(format!("The supplied device path ({wanted}) is in use.")));
            }
            _ => next_device(server),
        };
        let promised = self.volume().promise_in(&mut changing.tx, caller, seen.id, server.id, &device).await;
        let attachment = promised.map_err(from_volume)?;
        let attached = ServerVolume {
            volume: seen.id,
            attachment,
            device,
            root: false,
            delete: new.delete,
            tag: new.tag,
        };
        server.volumes.push(attached.clone());
        if server.placed.host.is_some() {
            touch(server, changing.now);
        } else {
            // it is the server's from now on; a node opens it when the server is back
            self.volume().complete_in(&mut changing.tx, &[attachment]).await.map_err(from_volume)?;
        }
        let server = self.close(caller, changing, Some("attach_volume")).await?;
        Ok((server, attached))
    }

    /// Detaches a volume: it is free once the node says that the guest has it no more.
    pub(crate) async fn detach_volume(
        &self,
        caller: &Caller,
        id: &str,
        volume: &str,
        shelved: bool,
    ) -> Result<()> {
        let guard = attachable("detach_volume", shelved);
        let rule = &policy::VOLUME_ATTACHMENTS_DELETE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        let server = &mut changing.server;
        let missing = || Error::NotFound(format!("Instance {id} is not attached to volume {volume}"));
        if server.intent.leaving_volumes.iter().any(|one| one.volume.to_string() == volume) {
            let why = format!(
                "Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. Volume status must be \
                 'in-use' and attach_status must be 'attached' to detach. Volume {volume} is being detached already."
            );
            return Err(Error::Invalid(why));
        }
        let at =
            server.volumes.iter().position(|one| one.volume.to_string() == volume).ok_or_else(missing)?;
        if server.volumes[at].root {
            return Err(Error::Invalid("Cannot detach a root device volume".to_owned()));
        }
        let one = server.volumes.remove(at);
        let leaving = LeavingVolume { volume: one.volume, attachment: one.attachment };
        self.leave_in(&mut changing.tx, server, leaving).await?;
        if server.placed.host.is_some() {
            touch(server, changing.now);
        } else if one.delete {
            self.volume().delete_unused_in(&mut changing.tx, one.volume).await.map_err(from_volume)?;
        }
        self.close(caller, changing, Some("detach_volume")).await.map(drop)
    }

    async fn leave_in(&self, tx: &mut Tx, server: &mut Server, leaving: LeavingVolume) -> Result<()> {
        let ids = [leaving.attachment];
        if server.placed.host.is_none() {
            return self.volume().let_go_in(tx, &ids).await.map_err(from_volume);
        }
        self.volume().begin_detaching_in(tx, &ids).await.map_err(from_volume)?;
        server.intent.leaving_volumes.push(leaving);
        Ok(())
    }

    /// Changes what may be changed of an attachment, and refuses to swap its volume.
    pub(crate) async fn change_attachment(
        &self,
        caller: &Caller,
        id: &str,
        volume: &str,
        wish: Option<KeptVolume>,
        swaps: bool,
    ) -> Result<()> {
        let rule = if swaps { &policy::VOLUME_ATTACHMENTS_SWAP } else { &policy::VOLUME_ATTACHMENTS_UPDATE };
        match wish {
            Some(wish) => self.keep_volume(caller, id, volume, rule, wish).await?,
            None => drop(self.server(caller, id, rule).await?),
        }
        if swaps { self.refuse_swap(caller, volume).await } else { Ok(()) }
    }

    /// Whether a volume goes with its server.
    async fn keep_volume(
        &self,
        caller: &Caller,
        id: &str,
        volume: &str,
        rule: &Rule,
        wish: KeptVolume,
    ) -> Result<()> {
        let guard = Guard { heeds_lock: false, ..Guard::new("update_volume_attachment", &[]) };
        let mut changing = self.open(caller, id, rule, guard).await?;
        let found = changing.server.volumes.iter_mut().find(|one| one.volume.to_string() == volume);
        let missing = || Error::NotFound(format!("Instance {id} is not attached to volume {volume}"));
        let found = found.ok_or_else(missing)?;
        if let Some(name) = wish.differs(found, id) {
            return Err(Error::Invalid(format!("The {name} property is not mutable")));
        }
        let Some(delete) = wish.delete.filter(|delete| *delete != found.delete) else { return Ok(()) };
        found.delete = delete;
        self.close(caller, changing, None).await.map(drop)
    }

    /// Swapping volumes is what block storage asks for when it moves one in use to another backend. Ours moves none in use.
    async fn refuse_swap(&self, caller: &Caller, volume: &str) -> Result<()> {
        let old = self.seen_volume(caller, volume).await?;
        let why = format!("volume {} is not migrating; this API should only be called by Cinder", old.id);
        Err(Error::Conflict(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_called_in_the_order_of_the_alphabet() {
        let names: Vec<String> = [0, 1, 25, 26, 27, 51, 52].into_iter().map(device).collect();
        let expected =
            ["vda", "vdb", "vdz", "vdaa", "vdab", "vdaz", "vdba"].map(|name| format!("/dev/{name}"));
        assert_eq!(names, expected);
    }
}
