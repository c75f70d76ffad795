//! Attachments: the tie between a volume and what uses it.
//!
//! ```text
//!   reserve ─▶ reserved ── connect ─▶ attaching ── complete ─▶ attached ── begin detaching ─▶ detaching ── let go ─▶ (gone)
//! ```
//!
//! What compute made, only compute lets go: it knows whether a guest still has the disk. A row that it made is known by its
//! `holder`, which no tenant writes.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::record::Json;
use kogge_db::{Executor as _, Record as _, Tx};
use kogge_ids::{AttachmentId, ServerId, VolumeId};
use kogge_node_api::VolumeSource;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::attachment::{AttachStatus, Attachment, COMPUTE, Mode};
use crate::model::doing::Doing;
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;
use crate::resources::is_admin;
use crate::store::attachments;
use crate::{Volumes, policy};

/// An attachment to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewTie {
    /// The server, as whoever makes it names it.
    pub server: Option<String>,
    /// What the disk is called there.
    pub mountpoint: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// Read only.
    pub read_only: bool,
    /// What whoever uses it said of itself.
    pub connector: Option<Value>,
    /// The service of ours that makes it.
    pub holder: Option<&'static str>,
    /// How far it is at once.
    pub status: Option<AttachStatus>,
}

/// A volume as compute sees it.
#[derive(Debug, Clone)]
pub struct VolumeView {
    /// Its id.
    pub id: VolumeId,
    /// Its project.
    pub project: kogge_ids::ProjectId,
    /// Its size in GiB.
    pub size_gib: i64,
    /// Its data are there.
    pub made: bool,
    /// An image is put onto it.
    pub reimaging: bool,
    /// Why it never will be there, in words for its owner.
    pub fault: Option<String>,
    /// Servers may boot from it.
    pub bootable: bool,
    /// Its status in Cinder's word.
    pub status: &'static str,
    /// Several servers may use it.
    pub multiattach: bool,
    /// It is encrypted.
    pub encrypted: bool,
    /// What it keeps of the image that it was made from.
    pub image_metadata: BTreeMap<String, String>,
}

/// What a node needs to open a volume.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where it is.
    pub source: VolumeSource,
    /// How large it should be in GiB.
    pub size_gib: i64,
}

impl Volumes {
    /// A volume that the caller sees.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn seen(&self, caller: &Caller, id: &str) -> Result<VolumeView> {
        let key = id.parse().map_err(|_| Error::no_volume(id))?;
        let volume = Volume::get(self.db(), &key).await?;
        let visible = |volume: &Volume| is_admin(caller) || caller.project_id() == Some(&volume.project_id);
        volume.filter(visible).map(view).ok_or_else(|| Error::no_volume(id))
    }

    /// These volumes as they are now; those that are gone are left out.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn views(&self, ids: &[VolumeId]) -> Result<Vec<VolumeView>> {
        let select = Volume::select().and_in("id", ids.iter().copied());
        let found = self.db().list(Volume::TABLE, select.query(), Volume::from_row).await?;
        Ok(found.into_iter().map(view).collect())
    }

    /// Promises a volume to a server of compute. The volume's row is locked until the transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the caller sees none; [`Error::Invalid`] in any state but available, or in-use where several
    /// may use it.
    pub async fn promise_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: VolumeId,
        server: ServerId,
        mountpoint: &str,
    ) -> Result<AttachmentId> {
        let new = NewTie {
            server: Some(server.to_string()),
            mountpoint: Some(mountpoint.to_owned()),
            holder: Some(COMPUTE),
            ..NewTie::default()
        };
        self.tie_in(tx, caller, volume, new).await.map(|tie| tie.id)
    }

    /// As [`Volumes::promise_in`], of a volume that was made for the server and is not whole yet.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn promise_unmade_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: VolumeId,
        server: ServerId,
        mountpoint: &str,
    ) -> Result<AttachmentId> {
        let volume = self.lock_in(tx, volume).await?;
        let new = NewTie {
            server: Some(server.to_string()),
            mountpoint: Some(mountpoint.to_owned()),
            holder: Some(COMPUTE),
            ..NewTie::default()
        };
        self.write_tie(tx, caller, volume, new).await.map(|tie| tie.id)
    }

    /// Ties a volume to something, if it is free.
    pub(crate) async fn tie_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: VolumeId,
        new: NewTie,
    ) -> Result<Attachment> {
        let found = Volume::lock(tx, &volume).await?;
        let visible = |volume: &Volume| is_admin(caller) || caller.project_id() == Some(&volume.project_id);
        let found = found.filter(visible).ok_or_else(|| Error::no_volume(volume))?;
        caller.allow(&policy::ATTACHMENT_CREATE, &Target::project(found.project_id.as_str()))?;
        let ties = attachments::of_volume(&mut *tx, volume).await?;
        check_free(&found, &ties, new.server.as_deref())?;
        if found.multiattach && found.bootable && !ties.is_empty() {
            caller
                .allow(&policy::MULTIATTACH_BOOTABLE_VOLUME, &Target::project(found.project_id.as_str()))?;
        }
        self.write_tie(tx, caller, found, new).await
    }

    async fn write_tie(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        mut volume: Volume,
        new: NewTie,
    ) -> Result<Attachment> {
        let now = self.now();
        let status = new.status.unwrap_or(AttachStatus::Reserved);
        let tie = Attachment {
            id: AttachmentId::random(),
            volume_id: volume.id,
            project_id: volume.project_id.clone(),
            user_id: caller.user.id.clone(),
            server_id: new.server,
            host: new.host,
            mountpoint: new.mountpoint,
            mode: if new.read_only || volume.read_only { Mode::Ro } else { Mode::Rw },
            status,
            connector: new.connector.map(Json),
            holder: new.holder.map(str::to_owned),
            attached_at: (status == AttachStatus::Attached).then_some(now),
            created_at: now,
            updated_at: None,
        };
        tie.insert(tx).await?;
        // what an old client called reserved is tied now
        if matches!(volume.doing.doing, Doing::Called { status: VolumeStatus::Attaching }) {
            volume.rest(now);
        }
        self.save_in(tx, &mut volume).await?;
        Ok(tie)
    }

    /// The volumes of a server are about to be opened on `host`: from now on they may be in use. Answers what its node needs.
    ///
    /// # Errors
    /// Where a volume, its data or its key are not there.
    pub async fn connect(
        &self,
        server: ServerId,
        host: &str,
        ties: &[AttachmentId],
    ) -> Result<BTreeMap<AttachmentId, Connection>> {
        if ties.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self.ties(ties).await?;
        let stale =
            |tie: &&Attachment| tie.host.as_deref() != Some(host) || tie.status == AttachStatus::Reserved;
        if found.iter().any(|tie| stale(&tie)) {
            let mut tx = self.db().begin().await?;
            for id in ties {
                let Some(mut tie) = Attachment::lock(&mut tx, id).await?.filter(|tie| stale(&tie)) else {
                    continue;
                };
                tie.host = Some(host.to_owned());
                if tie.status == AttachStatus::Reserved {
                    tie.status = AttachStatus::Attaching;
                }
                self.save_tie(&mut tx, tie).await?;
            }
            tx.commit().await?;
        }
        let mut connections = BTreeMap::new();
        for tie in found {
            let connection = self.connection(server, &tie).await?;
            connections.insert(tie.id, connection);
        }
        Ok(connections)
    }

    /// What a node needs to open the volume of an attachment.
    async fn connection(&self, server: ServerId, tie: &Attachment) -> Result<Connection> {
        if tie.server_id.as_deref() != Some(&server.to_string()) {
            return Err(Error::no_volume(tie.volume_id));
        }
        let volume = Volume::get(self.db(), &tie.volume_id).await?;
        let volume = volume.ok_or_else(|| Error::no_volume(tie.volume_id))?;
        let place = self.backend(&volume.backend)?.place(volume.id).await.map_err(storage)?;
        let passphrase = match volume.key_id {
            Some(key) => Some(self.keyring().open(key).await?.expose().to_owned()),
            None => None,
        };
        let limits = self.limits_of(&volume).await?;
        let source = VolumeSource {
            volume: volume.id,
            attachment: tie.id,
            place,
            passphrase,
            read_only: tie.mode == Mode::Ro,
            shared: volume.multiattach,
            limits,
        };
        Ok(Connection { source, size_gib: self.size_for_now(&volume).await? })
    }

    async fn ties(&self, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
        let select = Attachment::select().and_in("id", ids.iter().copied());
        Ok(self.db().list(Attachment::TABLE, select.query(), Attachment::from_row).await?)
    }

    /// Writes an attachment whose row this transaction locked, and what its volume shows.
    pub(crate) async fn save_tie(&self, tx: &mut Tx, mut tie: Attachment) -> Result<()> {
        tie.updated_at = Some(self.now());
        tie.save(tx).await?;
        let mut volume = self.lock_in(tx, tie.volume_id).await?;
        self.save_in(tx, &mut volume).await
    }

    /// The node has opened these: they are in use. Those that are no more are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn complete_in(&self, tx: &mut Tx, ids: &[AttachmentId]) -> Result<()> {
        for id in ids {
            let Some(mut tie) = Attachment::lock(tx, id).await? else { continue };
            if !matches!(tie.status, AttachStatus::Reserved | AttachStatus::Attaching) {
                continue;
            }
            tie.status = AttachStatus::Attached;
            tie.attached_at = Some(self.now());
            self.save_tie(tx, tie).await?;
        }
        Ok(())
    }

    /// These are to be let go. Those that are no more are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn begin_detaching_in(&self, tx: &mut Tx, ids: &[AttachmentId]) -> Result<()> {
        for id in ids {
            let Some(mut tie) = Attachment::lock(tx, id).await? else { continue };
            tie.status = AttachStatus::Detaching;
            self.save_tie(tx, tie).await?;
        }
        Ok(())
    }

    /// Nothing uses these any more: their rows go, and their volumes are free. Those that are no more are passed over.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn let_go_in(&self, tx: &mut Tx, ids: &[AttachmentId]) -> Result<()> {
        for id in ids {
            let Some(tie) = Attachment::lock(tx, id).await? else { continue };
            self.untie_in(tx, &tie).await?;
        }
        Ok(())
    }

    /// Takes an attachment away whose row this transaction locked.
    pub(crate) async fn untie_in(&self, tx: &mut Tx, tie: &Attachment) -> Result<()> {
        Attachment::delete(tx, &tie.id).await?;
        tx.touch("volumes", tie.volume_id);
        let Some(mut volume) = Volume::lock(tx, &tie.volume_id).await? else { return Ok(()) };
        if matches!(volume.doing.doing, Doing::Called { status: VolumeStatus::Detaching }) {
            volume.rest(self.now());
        }
        // what was said of it while it was attached does not count any more, as in Cinder
        let called_broken = volume.fault.as_ref().is_some_and(|fault| fault.status == VolumeStatus::Error);
        if volume.made && called_broken && attachments::of_volume(&mut *tx, volume.id).await?.is_empty() {
            volume.fault = None;
        }
        self.save_in(tx, &mut volume).await
    }

    /// The size that a volume is to have now: one that is to grow keeps its own until the copies are there that were asked for
    /// before.
    async fn size_for_now(&self, volume: &Volume) -> Result<i64> {
        let Doing::Extending { from } = volume.doing.doing else { return Ok(volume.size_gib) };
        let copied = attachments::is_copied_since(self.db(), volume.id, volume.doing.since).await?;
        Ok(if copied { from } else { volume.size_gib })
    }

    /// How many attachments compute made, by server: what compute compares with its own servers.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn held_by_compute(&self, most: u32) -> Result<Vec<(AttachmentId, VolumeId, String)>> {
        Ok(attachments::held_by(self.db(), COMPUTE, most).await?)
    }

    /// The attachments of compute whose volumes are to grow in use: which of them, and to how many GiB.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn growing(&self) -> Result<Vec<(AttachmentId, ServerId, i64)>> {
        Ok(attachments::growing(self.db(), COMPUTE).await?)
    }

    /// A volume that is to grow, and that no node has open, grows by its backend: true where it did.
    ///
    /// # Errors
    /// Where the backend does not answer, or somebody has it open all the same: it is to be asked again then.
    pub async fn grow_idle(&self, id: AttachmentId) -> Result<bool> {
        let Some(tie) = Attachment::get(self.db(), &id).await? else { return Ok(false) };
        let Some(volume) = Volume::get(self.db(), &tie.volume_id).await? else { return Ok(false) };
        if !matches!(volume.doing.doing, Doing::Extending { .. }) {
            return Ok(false);
        }
        let disk = kogge_storage::DiskId::Volume(volume.id);
        let bytes = crate::model::bounds::bytes(volume.size_gib);
        self.backend(&volume.backend)?.extend(disk, bytes).await.map_err(storage)?;
        let mut tx = self.db().begin().await?;
        self.finish_in(&mut tx, &volume, |volume, now| volume.rest(now)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A node says how large a volume is: true where it has grown to what it should be.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn grown_in(&self, tx: &mut Tx, id: AttachmentId, size_mib: u64) -> Result<bool> {
        let Some(tie) = Attachment::get(&mut *tx, &id).await? else { return Ok(false) };
        let mut volume = self.lock_in(tx, tie.volume_id).await?;
        let whole = size_mib >= volume.size_gib.unsigned_abs().saturating_mul(1024);
        let ends = whole && matches!(volume.doing.doing, Doing::Extending { .. });
        if ends {
            volume.rest(self.now());
            self.save_in(tx, &mut volume).await?;
        }
        Ok(ends)
    }
}

/// Refuses a volume that is not free for this server.
fn check_free(volume: &Volume, ties: &[Attachment], server: Option<&str>) -> Result<()> {
    use VolumeStatus as S;
    let called = matches!(volume.doing.doing, Doing::Called { status: S::Attaching });
    let free = match volume.status {
        S::Available => true,
        S::InUse | S::Reserved | S::Attaching => volume.multiattach && !called,
        _ => false,
    };
    if volume.status.as_str().contains("error") {
        return Err(Error::volume(format!(
            "Volume attachments can not be created if the volume is in an error state. The Volume {} currently has a status \
             of: {} ",
            volume.id, volume.status
        )));
    }
    if !free {
        let wanted = if volume.multiattach { "available or in-use" } else { "available" };
        return Err(Error::volume(format!(
            "Volume {} status must be {wanted} to reserve, but the current status is {}.",
            volume.id, volume.status
        )));
    }
    if server.is_some_and(|server| ties.iter().any(|tie| tie.server_id.as_deref() == Some(server))) {
        return Err(Error::volume(format!("Volume {} is attached to this server already.", volume.id)));
    }
    Ok(())
}

fn view(volume: Volume) -> VolumeView {
    let failed = !volume.made && volume.fault.is_some();
    VolumeView {
        id: volume.id,
        project: volume.project_id,
        size_gib: volume.size_gib,
        made: volume.made,
        reimaging: matches!(volume.doing.doing, Doing::Reimaging { .. }),
        fault: volume.fault.as_ref().filter(|_| failed).map(|fault| fault.message.clone()),
        bootable: volume.bootable,
        status: volume.status.as_str(),
        multiattach: volume.multiattach,
        encrypted: volume.key_id.is_some(),
        image_metadata: volume.image_metadata.0,
    }
}

/// An error of a backend, for whoever asked.
pub(crate) fn storage(error: kogge_storage::StorageError) -> Error {
    match error {
        kogge_storage::StorageError::NotFound { .. } => Error::internal(error),
        other => Error::Unavailable(other.for_tenants()),
    }
}
