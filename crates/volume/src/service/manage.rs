//! Disks of backends that are none of ours: seen, taken over, and let go.

use std::collections::BTreeMap;
use std::time::Duration;

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Source, Tx};
use kogge_ids::{VolumeId, VolumeSnapshotId};
use kogge_storage::{Foreign, RELEASED};

use super::save::{SNAPSHOT_WORK, VOLUME_WORK};
use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::doing::{Doing, Job, NEVER, SnapshotDoing};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::store::{attachments, transfers};
use crate::{Volumes, policy};

/// How long a backend may take to say what it has.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said of a disk that is taken over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Managed {
    /// Display name; empty for none.
    pub(crate) name: String,
    /// A word for people.
    pub(crate) description: Option<String>,
    /// The user's key-value pairs.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Id or name of the volume's type.
    pub(crate) kind: Option<String>,
    /// Servers may boot from it.
    pub(crate) bootable: bool,
}

/// Whether a disk has this name, or had it as a volume or snapshot that was let go: in Cinder its name stays then.
fn is_named(disk: &str, wanted: &str) -> bool {
    let let_go = || disk.strip_prefix(RELEASED)?.strip_prefix(wanted);
    disk == wanted || let_go().is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Volumes {
    /// The name of the backend in `host@backend#pool`.
    ///
    /// # Errors
    /// 503 where there is none, as Cinder answers.
    pub(crate) fn backend_of_host(&self, host: &str) -> Result<String> {
        let name = host.split_once('@').map(|(_, rest)| rest.split_once('#').map_or(rest, |(name, _)| name));
        let found = name.filter(|name| self.backends().iter().any(|(own, _)| own == name));
        let none =
            || Error::Unavailable(format!("Service is unavailable at this time: Host '{host}' not found"));
        found.map(str::to_owned).ok_or_else(none)
    }

    /// The disks of a backend that are none of ours.
    ///
    /// # Errors
    /// 503 where it does not answer.
    pub(crate) async fn foreign(&self, backend: &str) -> Result<Vec<Foreign>> {
        let silent = || Error::Unavailable("The storage backend does not answer.".to_owned());
        let found = tokio::time::timeout(PATIENCE, self.backend(backend)?.foreign()).await;
        found.map_err(|_| silent())?.map_err(|error| {
            tracing::warn!(%error, backend, "a backend does not say what it has");
            silent()
        })
    }

    /// The foreign disk of this name.
    ///
    /// # Errors
    /// 400 where there is none, or it cannot be taken over.
    pub(crate) async fn foreign_named(&self, backend: &str, name: &str) -> Result<Foreign> {
        let found = self.foreign(backend).await?.into_iter().find(|disk| is_named(&disk.name, name));
        let why = |what: &str| {
            let why =
                format!("Manage existing volume failed due to invalid backend reference {name}: {what}");
            Error::Invalid(why)
        };
        let found = found.ok_or_else(|| why("there is no such disk that could be taken over."))?;
        match &found.obstacle {
            Some(obstacle) => Err(why(obstacle)),
            None => Ok(found),
        }
    }

    /// Takes over a foreign disk as a volume.
    ///
    /// # Errors
    /// Where the type does not fit, or the project may not have more.
    pub(crate) async fn manage_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        (backend, disk): (&str, &Foreign),
        managed: Managed,
    ) -> Result<Volume> {
        let project = caller.require_project(&policy::VOLUME_MANAGE)?.clone();
        let kind = match managed.kind.as_deref().filter(|word| !word.is_empty()) {
            Some(word) => self.usable_type(&mut Source::Tx(tx), caller, word).await?,
            None => self.default_type_of(&mut Source::Tx(tx), caller).await?,
        };
        if kind.encryption.is_some() || kind.backend().is_some_and(|wanted| wanted != backend) {
            let name = &kind.name;
            return Err(Error::input(format!("the volume type {name} does not fit a disk of this backend.")));
        }
        let size = i64::try_from(disk.bytes.div_ceil(bounds::BYTES).max(1)).unwrap_or(i64::MAX);
        self.check_size(tx, project.as_str(), size).await?;
        self.charge_in(tx, project.as_str(), Some(&kind), Usage::volume(size)).await?;
        let now = self.now();
        let mut volume = Volume {
            id: VolumeId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            name: managed.name,
            description: managed.description,
            size_gib: size,
            type_id: kind.id,
            zone: self.config().zone.clone(),
            backend: backend.to_owned(),
            bootable: managed.bootable,
            multiattach: kind.is_multiattach(),
            read_only: false,
            read_only_said: false,
            key_id: None,
            snapshot_id: None,
            source_id: None,
            backup_id: None,
            group_id: None,
            metadata: Json(managed.metadata),
            image_metadata: Json(BTreeMap::new()),
            doing: Json(Job::begun(Doing::Resting, now)),
            fault: None,
            status: VolumeStatus::Managing,
            made: false,
            created_at: now,
            updated_at: None,
            due_at: NEVER,
        };
        volume.begin(Doing::Managing { name: disk.name.clone() }, now);
        volume.insert(tx).await?;
        tx.touch(VOLUME_WORK, volume.id);
        Ok(volume)
    }

    /// Lets the disk of a volume, which this transaction locked, go as it is.
    ///
    /// # Errors
    /// 400 in a state where that makes no sense, and where something belongs to it.
    pub(crate) async fn unmanage_in(&self, tx: &mut Tx, mut volume: Volume) -> Result<()> {
        if volume.key_id.is_some() {
            return Err(Error::volume("Unmanaging encrypted volumes is not supported."));
        }
        let fit = matches!(volume.status, VolumeStatus::Available | VolumeStatus::Error);
        let tied = !attachments::of_volume(&mut *tx, volume.id).await?.is_empty();
        let has_snapshots = !transfers::snapshots(tx, volume.id).await?.is_empty();
        if !fit || tied || has_snapshots || volume.group_id.is_some() {
            let why = "Volume status must be available or error and must not be migrating, attached, belong to a group, have \
                       snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.";
            return Err(Error::volume(why));
        }
        volume.begin(Doing::Unmanaging, self.now());
        self.save_in(tx, &mut volume).await
    }

    /// Takes over a foreign disk as a snapshot of a volume that this transaction locked.
    ///
    /// # Errors
    /// Where the volume is no fit, or the project may not have more.
    pub(crate) async fn manage_snapshot_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        (volume, disk): (&Volume, &Foreign),
        managed: Managed,
    ) -> Result<Snapshot> {
        if volume.key_id.is_some() {
            return Err(Error::volume("a disk that is not ours is no snapshot of an encrypted volume."));
        }
        let project = caller.require_project(&policy::SNAPSHOT_MANAGE)?.clone();
        let kind = VolumeType::get(&mut *tx, &volume.type_id).await?;
        self.charge_in(tx, project.as_str(), kind.as_ref(), Usage::snapshot(volume.size_gib)).await?;
        let now = self.now();
        let mut snapshot = Snapshot {
            id: VolumeSnapshotId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            volume_id: volume.id,
            name: managed.name,
            description: managed.description,
            size_gib: volume.size_gib,
            type_id: volume.type_id,
            backend: volume.backend.clone(),
            key_id: None,
            group_snapshot_id: None,
            metadata: Json(managed.metadata),
            doing: Json(Job::begun(SnapshotDoing::Resting, now)),
            fault: None,
            status: SnapshotStatus::Creating,
            made: false,
            progress: None,
            created_at: now,
            updated_at: None,
            due_at: NEVER,
        };
        snapshot.begin(SnapshotDoing::Managing { name: disk.name.clone() }, now);
        snapshot.updated_at = None;
        snapshot.insert(tx).await?;
        tx.touch(SNAPSHOT_WORK, snapshot.id);
        Ok(snapshot)
    }
}
