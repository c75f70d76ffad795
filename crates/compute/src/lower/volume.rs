//! Volumes, as compute needs them: promised to a server, opened by its node, and let go when the node says so.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::{AttachmentId, VolumeId};
use kogge_node_api::{DesiredDisk, DiskSource, NodeError, Slot};
use kogge_volume::VolumeView;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::action::{Action, EXTEND_VOLUME};
use crate::model::server::{BirthDisk, Server};
use crate::service::servers::change::new_request_id;
use crate::store::actions;

impl Compute {
    /// A volume that the caller sees.
    pub(crate) async fn seen_volume(&self, caller: &Caller, id: &str) -> Result<VolumeView> {
        self.volume().seen(caller, id).await.map_err(from_volume)
    }

    /// The disks of a server that are volumes. Each is opened from now on, so the volume service is told first.
    pub(crate) async fn volume_disks(
        &self,
        server: &Server,
        birth: &BirthDisk,
    ) -> Result<Vec<DesiredDisk>, NodeError> {
        let (Some(host), false) = (server.placed.host.as_deref(), server.volumes.is_empty()) else {
            return Ok(Vec::new());
        };
        self.volumes_are_made(server).await?;
        let ids: Vec<AttachmentId> = server.volumes.iter().map(|one| one.attachment).collect();
        let connected = self.volume().connect(server.id, host, &ids).await;
        let mut connected = connected.map_err(|error| NodeError::failed("connecting the volumes", error))?;
        let mut disks = Vec::with_capacity(ids.len());
        for one in &server.volumes {
            let missing = || NodeError::Refused { because: format!("volume {} is gone", one.volume) };
            let connection = connected.remove(&one.attachment).ok_or_else(missing)?;
            disks.push(DesiredDisk {
                slot: Slot::volume(one.attachment),
                source: DiskSource::Volume(connection.source),
                size_mib: connection.size_gib.unsigned_abs().saturating_mul(1024),
                bus: birth.bus,
                boot: one.root.then_some(1),
                made: true,
            });
        }
        Ok(disks)
    }

    /// Waits for volumes that are being made, and says why one never will be.
    async fn volumes_are_made(&self, server: &Server) -> Result<(), NodeError> {
        let ids: Vec<VolumeId> = server.volumes.iter().map(|one| one.volume).collect();
        let views = self.volume().views(&ids).await;
        let views = views.map_err(|error| NodeError::failed("looking at the volumes", error))?;
        let views: BTreeMap<VolumeId, VolumeView> = views.into_iter().map(|view| (view.id, view)).collect();
        for id in ids {
            match views.get(&id) {
                None => return Err(NodeError::Refused { because: format!("volume {id} is gone") }),
                Some(VolumeView { fault: Some(why), .. }) => {
                    return Err(NodeError::Refused {
                        because: format!("volume {id} could not be made: {why}"),
                    });
                }
                Some(view) if view.reimaging => {
                    // only a server that no node has is told anew
                    let ids: Vec<AttachmentId> = server.volumes.iter().map(|one| one.attachment).collect();
                    let withdrawn = self.volume().withdrawn(&ids).await;
                    withdrawn.map_err(|error| NodeError::failed("giving the volume back", error))?;
                    return Err(NodeError::NotYet { what: format!("the image on volume {id}") });
                }
                Some(view) if !view.made => return Err(NodeError::NotYet { what: format!("volume {id}") }),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What a node said of a server's volumes is passed on in the same transaction: what it opened is in use, what it let go
    /// is free, what has grown is whole.
    pub(crate) async fn follow_volumes_in(
        &self,
        tx: &mut Tx,
        server: &mut Server,
        before: &Server,
    ) -> Result<()> {
        let arrived = |server: &Server| server.observed.reached >= server.intent.generation;
        if arrived(server) && !arrived(before) && !server.volumes.is_empty() {
            let ids: Vec<AttachmentId> = server.volumes.iter().map(|one| one.attachment).collect();
            self.volume().complete_in(tx, &ids).await.map_err(from_volume)?;
        }
        let gone = server.take_let_go();
        if !gone.is_empty() {
            self.volume().let_go_in(tx, &gone).await.map_err(from_volume)?;
        }
        if server.observed.holds != before.observed.holds {
            for held in &server.observed.holds {
                if let Some(size) = held.size_mib {
                    self.grown_in(tx, server, held.attachment, size).await?;
                }
            }
        }
        Ok(())
    }

    /// A volume of a server is as large as its node says.
    pub(crate) async fn grown_in(
        &self,
        tx: &mut Tx,
        server: &Server,
        attachment: AttachmentId,
        size_mib: u64,
    ) -> Result<()> {
        let ends = self.volume().grown_in(tx, attachment, size_mib).await.map_err(from_volume)?;
        if ends { self.note_grown(tx, server).await } else { Ok(()) }
    }

    /// Owners of servers see that a volume of theirs grew, as with Nova, whom Cinder tells.
    pub(crate) async fn note_grown(&self, tx: &mut Tx, server: &Server) -> Result<()> {
        let now = self.now();
        let action = Action {
            server: server.id,
            request_id: new_request_id(),
            name: EXTEND_VOLUME.to_owned(),
            user: server.user.clone(),
            project: server.project.clone(),
            generation: server.intent.generation,
            started_at: now,
            updated_at: now,
            finished_at: Some(now),
            message: None,
            host: server.placed.host.clone(),
            details: None,
            placed: None,
        };
        Ok(actions::insert(tx, &action).await?)
    }

    /// A server that is no more, or never was on a host, gives its volumes back; those that were to go with it go.
    pub(crate) async fn let_volumes_go_in(&self, tx: &mut Tx, server: &mut Server) -> Result<()> {
        let ids = server.attachments();
        if ids.is_empty() {
            return Ok(());
        }
        self.volume().let_go_in(tx, &ids).await.map_err(from_volume)?;
        for one in server.volumes.iter().filter(|one| one.delete) {
            self.volume().delete_unused_in(tx, one.volume).await.map_err(from_volume)?;
        }
        server.intent.leaving_volumes.clear();
        server.volumes.clear();
        Ok(())
    }
}

/// An error of block storage, in compute's kinds.
pub(crate) fn from_volume(error: kogge_volume::Error) -> Error {
    use kogge_volume::Error as V;
    let message = error.to_string();
    match error {
        V::NotFound(_) => Error::NotFound(message),
        V::Invalid(_) => Error::Invalid(message),
        V::Forbidden(_) | V::OverQuota(_) => Error::Forbidden(message),
        V::Denied(denied) => Error::Denied(denied),
        V::Conflict(_) => Error::Conflict(message),
        V::Unavailable(_) => Error::Unavailable(message),
        V::Internal(_) => Error::internal(error),
    }
}
