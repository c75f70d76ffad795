//! Making and removing snapshots.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::{GroupSnapshotId, ProjectId, SecretId, VolumeId, VolumeSnapshotId};
use kogge_resource::{Judgement, Service as _};

use super::save::SNAPSHOT_WORK;
use crate::error::{Error, Result};
use crate::model::doing::{Job, NEVER, SnapshotDoing};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::{Volumes, policy};

/// A snapshot to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewSnapshot {
    /// Display name; empty for none.
    pub(crate) name: String,
    /// A word for people.
    pub(crate) description: Option<String>,
    /// The user's key-value pairs.
    pub(crate) metadata: BTreeMap<String, String>,
    /// The volume may be in use.
    pub(crate) in_use: bool,
    /// The snapshot of a group that it is part of.
    pub(crate) group_snapshot: Option<GroupSnapshotId>,
}

/// A snapshot that was made of a volume of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictured {
    /// The volume.
    pub volume: VolumeId,
    /// The snapshot.
    pub snapshot: VolumeSnapshotId,
    /// Its size in GiB.
    pub size_gib: i64,
    /// What the volume keeps of the image that it was made from.
    pub image_metadata: BTreeMap<String, String>,
}

/// How a snapshot is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// By its owner, in a state where that makes sense.
    Asked,
    /// By an administrator, in any state.
    Forced,
    /// It goes out of our hands; its data stay.
    LetGo,
    /// With the snapshot of a group that it is part of.
    WithGroup,
}

impl Volumes {
    /// The volume that a caller names, locked; `rule` lets the caller make something of it.
    ///
    /// # Errors
    /// [`Error::NotFound`], or 403.
    pub(crate) async fn source_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: Option<&str>,
        rule: &Rule,
    ) -> Result<Volume> {
        let word = id.unwrap_or("None");
        let found = match word.parse::<VolumeId>() {
            Ok(id) => Volume::lock(tx, &id).await?,
            Err(_) => None,
        };
        let target = found.as_ref().map(|volume| Target::project(volume.project_id.as_str()));
        match Self::judge(caller, rule, &policy::VOLUME_GET, target.as_ref()) {
            Judgement::Denied => Err(kogge_auth::Denied { rule: rule.name }.into()),
            Judgement::Missing => Err(Error::no_volume(word)),
            Judgement::Allowed => found.ok_or_else(|| Error::no_volume(word)),
        }
    }

    /// Makes a snapshot of a volume that this transaction locked.
    ///
    /// # Errors
    /// Where the volume is in no state for it, or the project may not have more.
    pub(crate) async fn create_snapshot_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: &Volume,
        new: NewSnapshot,
    ) -> Result<Snapshot> {
        check_state(volume, new.in_use)?;
        self.check_room_on(&volume.backend)?;
        let project = caller.require_project(&policy::CREATE_SNAPSHOT)?.clone();
        let kind = VolumeType::get(&mut *tx, &volume.type_id).await?;
        self.charge_in(tx, project.as_str(), kind.as_ref(), Usage::snapshot(volume.size_gib)).await?;
        let key_id = self.own_key_in(tx, volume.key_id, &project).await?;
        let now = self.now();
        let mut snapshot = Snapshot {
            id: VolumeSnapshotId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            volume_id: volume.id,
            name: new.name,
            description: new.description,
            size_gib: volume.size_gib,
            type_id: volume.type_id,
            backend: volume.backend.clone(),
            key_id,
            group_snapshot_id: new.group_snapshot,
            metadata: Json(new.metadata),
            doing: Json(Job::begun(SnapshotDoing::Resting, now)),
            fault: None,
            status: SnapshotStatus::Creating,
            made: false,
            progress: None,
            created_at: now,
            updated_at: None,
            due_at: NEVER,
        };
        snapshot.begin(SnapshotDoing::Creating, now);
        snapshot.updated_at = None;
        snapshot.insert(tx).await?;
        tx.touch(SNAPSHOT_WORK, snapshot.id);
        Ok(snapshot)
    }

    /// Makes snapshots of all volumes of a server, in use or not; all or none.
    ///
    /// # Errors
    /// Where a volume is not there or in no state for it, or the project may not have so many more.
    pub async fn picture_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volumes: &[VolumeId],
        name: &str,
    ) -> Result<Vec<Pictured>> {
        let mut sorted = volumes.to_vec();
        sorted.sort_unstable();
        // all rows before the first count, in one order: two of these must not wait for each other
        let mut locked = Vec::with_capacity(sorted.len());
        for id in sorted {
            let id = id.to_string();
            locked.push(self.source_in(tx, caller, Some(&id), &policy::CREATE_SNAPSHOT).await?);
        }
        let mut made = Vec::with_capacity(locked.len());
        for volume in locked {
            let new = NewSnapshot {
                name: name.to_owned(),
                description: volume.description.clone(),
                in_use: true,
                ..NewSnapshot::default()
            };
            let snapshot = self.create_snapshot_in(tx, caller, &volume, new).await?;
            made.push(Pictured {
                volume: volume.id,
                snapshot: snapshot.id,
                size_gib: snapshot.size_gib,
                image_metadata: volume.image_metadata.0,
            });
        }
        Ok(made)
    }

    /// A key of its own for what is copied from an encrypted disk.
    pub(crate) async fn own_key_in(
        &self,
        tx: &mut Tx,
        key: Option<SecretId>,
        project: &ProjectId,
    ) -> Result<Option<SecretId>> {
        match key {
            Some(key) => self.keyring().copy_in(tx, key, project).await.map(Some),
            None => Ok(None),
        }
    }

    /// Lets a snapshot, which this transaction locked, be removed.
    ///
    /// # Errors
    /// 400 where it is in no state for it, or part of a group's.
    pub(crate) async fn delete_snapshot_in(
        &self,
        tx: &mut Tx,
        mut snapshot: Snapshot,
        removal: Removal,
    ) -> Result<()> {
        use SnapshotStatus as S;
        let fit = match removal {
            Removal::Forced | Removal::WithGroup => true,
            Removal::LetGo => matches!(snapshot.status, S::Available | S::Error),
            Removal::Asked => snapshot.may_go(),
        };
        let alone = snapshot.group_snapshot_id.is_none() || removal == Removal::WithGroup;
        if !fit || !alone {
            let status =
                if removal == Removal::Forced { "" } else { "status must be available or error and" };
            return Err(Error::snapshot(format!("Snapshot {status} must not be part of a group.")));
        }
        let doing =
            if removal == Removal::LetGo { SnapshotDoing::Unmanaging } else { SnapshotDoing::Deleting };
        snapshot.begin(doing, self.now());
        self.save_snapshot_in(tx, &snapshot).await
    }

    /// Writes a snapshot whose row this transaction locked.
    pub(crate) async fn save_snapshot_in(&self, tx: &mut Tx, snapshot: &Snapshot) -> Result<()> {
        snapshot.save(tx).await?;
        if snapshot.due_at != NEVER {
            tx.touch(SNAPSHOT_WORK, snapshot.id);
        }
        Ok(())
    }
}

/// Cinder's words for each state of a volume of which no snapshot is made.
fn check_state(volume: &Volume, in_use: bool) -> Result<()> {
    use VolumeStatus as S;
    match volume.status {
        S::Available => Ok(()),
        S::InUse if in_use => Ok(()),
        S::Maintenance => {
            let why = "The snapshot cannot be created when the volume is in maintenance mode.";
            Err(Error::volume(why))
        }
        S::Error => {
            let why = "The snapshot cannot be created when the volume is in error status.";
            Err(Error::volume(why))
        }
        status => {
            let wanted = if in_use { "available, in-use" } else { "available" };
            let id = volume.id;
            let why = format!("Volume {id} status must be {wanted}, but current status is: {status}.");
            Err(Error::volume(why))
        }
    }
}
