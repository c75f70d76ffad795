//! Making, restoring and removing backups.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::BackupId;

use super::save::BACKUP_WORK;
use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::backup::{Backup, VolumeWords};
use crate::model::doing::{BackupDoing, Doing, Job, NEVER, SnapshotDoing};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{BackupStatus, SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::policy;
use crate::service::create::BackupSource;
use crate::store::backups as store;

/// A backup to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewBackup {
    /// Display name; empty for none.
    pub(crate) name: String,
    /// A word for people.
    pub(crate) description: Option<String>,
    /// What whoever makes it writes as the container.
    pub(crate) container: Option<String>,
    /// The zone that it is asked for in.
    pub(crate) zone: Option<String>,
    /// The user's key-value pairs.
    pub(crate) metadata: BTreeMap<String, String>,
    /// It holds only what the latest one does not.
    pub(crate) incremental: bool,
    /// The volume may be in use.
    pub(crate) force: bool,
}

impl Volumes {
    /// Makes a backup of a volume, or of a snapshot of it; this transaction locked both.
    ///
    /// # Errors
    /// Where they are in no state for it, there is nothing to build on, or the project may not have more.
    pub(crate) async fn create_backup_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: Volume,
        snapshot: Option<Snapshot>,
        new: NewBackup,
    ) -> Result<Backup> {
        check_source(&volume, snapshot.as_ref(), new.force)?;
        self.check_room()?;
        if new.zone.as_ref().is_some_and(|zone| !zone.is_empty() && *zone != self.config().zone) {
            return Err(Error::Unavailable("Service cinder-backup could not be found.".to_owned()));
        }
        let project = caller.require_project(&policy::BACKUP_CREATE)?.clone();
        let now = self.now();
        let data_at = snapshot.as_ref().map_or(now, |snapshot| snapshot.created_at);
        let parent = if new.incremental {
            let before = snapshot.is_some().then_some(data_at);
            let latest = store::latest(&mut *tx, volume.id, &project, before).await?;
            Some(self.parent_in(tx, latest).await?)
        } else {
            None
        };
        self.charge_in(tx, project.as_str(), None, Usage::backup(volume.size_gib)).await?;
        let key = snapshot.as_ref().map_or(volume.key_id, |snapshot| snapshot.key_id);
        let key_id = self.own_key_in(tx, key, &project).await?;
        let live = snapshot.is_none() && volume.status == VolumeStatus::InUse;
        let id = BackupId::random();
        let mut backup = Backup {
            id,
            data_id: id,
            project_id: project,
            user_id: caller.user.id.clone(),
            volume_id: volume.id,
            snapshot_id: snapshot.as_ref().map(|snapshot| snapshot.id),
            parent_id: parent,
            name: new.name,
            description: new.description,
            size_gib: volume.size_gib,
            type_id: Some(volume.type_id),
            container: new.container,
            zone: new.zone,
            key_id,
            object_count: 0,
            metadata: Json(new.metadata),
            of_volume: Some(Json(VolumeWords::of(&volume))),
            doing: Json(Job::begun(BackupDoing::Resting, now)),
            fault: None,
            status: BackupStatus::Creating,
            made: false,
            data_at,
            created_at: now,
            updated_at: None,
            due_at: NEVER,
        };
        backup.begin(BackupDoing::Creating { live }, now);
        backup.updated_at = None;
        backup.insert(tx).await?;
        tx.touch(BACKUP_WORK, id);
        self.busy_in(tx, volume, snapshot, id, live).await?;
        Ok(backup)
    }

    /// The volume or the snapshot shows that a backup is made of it; of a volume in use a copy is made first, and it goes on.
    async fn busy_in(
        &self,
        tx: &mut Tx,
        mut volume: Volume,
        snapshot: Option<Snapshot>,
        backup: BackupId,
        live: bool,
    ) -> Result<()> {
        if let Some(mut snapshot) = snapshot {
            snapshot.begin(SnapshotDoing::BackingUp { backup }, self.now());
            return self.save_snapshot_in(tx, &snapshot).await;
        }
        if live {
            return Ok(());
        }
        volume.begin(Doing::BackingUp { backup }, self.now());
        volume.due_at = NEVER;
        self.save_in(tx, &mut volume).await
    }

    /// The backup that an increment builds on, locked: it cannot go while the increment is asked for.
    async fn parent_in(&self, tx: &mut Tx, latest: Option<BackupId>) -> Result<BackupId> {
        let none = || Error::backup("No backups available to do an incremental backup.");
        let parent = Backup::lock(tx, &latest.ok_or_else(none)?).await?;
        let whole = parent.filter(|parent| parent.status == BackupStatus::Available && parent.made);
        whole.map(|parent| parent.id).ok_or_else(none)
    }

    /// Puts a backup onto a volume; this transaction locked both.
    ///
    /// # Errors
    /// Where they are in no state for it, or do not fit.
    pub(crate) async fn restore_in(&self, tx: &mut Tx, mut volume: Volume, mut backup: Backup) -> Result<()> {
        check_whole(&backup)?;
        if volume.status != VolumeStatus::Available {
            return Err(Error::volume("Volume to be restored to must be available"));
        }
        if backup.size_gib > volume.size_gib {
            let (least, size) = (backup.size_gib, volume.size_gib);
            let why = format!("volume size {size} is too small to restore backup of size {least}.");
            return Err(Error::volume(why));
        }
        if backup.key_id.is_some() != volume.key_id.is_some() {
            let why = "an encrypted backup is restored to an encrypted volume, and no other one is";
            return Err(Error::volume(why));
        }
        self.check_room_on(&volume.backend)?;
        let now = self.now();
        volume.begin(Doing::Restoring { backup: backup.id }, now);
        volume.due_at = NEVER;
        self.save_in(tx, &mut volume).await?;
        backup.begin(BackupDoing::Restoring { volume: volume.id }, now);
        self.save_backup_in(tx, &backup).await
    }

    /// Lets a backup, which this transaction locked, be removed.
    ///
    /// # Errors
    /// 400 where it is in no state for it, or something builds on it.
    pub(crate) async fn delete_backup_in(&self, tx: &mut Tx, mut backup: Backup, force: bool) -> Result<()> {
        use BackupStatus as S;
        // to ask twice is no mistake
        let fit = matches!(backup.status, S::Available | S::Error | S::ErrorDeleting | S::Deleting);
        if !(fit || force) || store::is_read(&mut *tx, backup.id).await? {
            return Err(Error::backup("Backup status must be available or error"));
        }
        if !store::with_increments(&mut *tx, [backup.id]).await?.is_empty() {
            return Err(Error::backup("Incremental backups exist for this backup."));
        }
        self.release_in(tx, &backup).await?;
        backup.begin(BackupDoing::Deleting, self.now());
        self.save_backup_in(tx, &backup).await
    }

    /// What a backup keeps busy goes on: its work ended, or was taken from it. Whoever does this locked the volume before the
    /// backup, as everybody does who locks both.
    pub(crate) async fn release_in(&self, tx: &mut Tx, backup: &Backup) -> Result<()> {
        let volume = match &backup.doing.doing {
            BackupDoing::Creating { .. } => backup.volume_id,
            BackupDoing::Restoring { volume } => *volume,
            _ => return Ok(()),
        };
        if let Some(mut volume) = Volume::lock(tx, &volume).await? {
            let ours = [Doing::BackingUp { backup: backup.id }, Doing::Restoring { backup: backup.id }];
            if ours.contains(&volume.doing.doing) {
                volume.rest(self.now());
                self.save_in(tx, &mut volume).await?;
            }
        }
        if let Some(snapshot) = backup.snapshot_id
            && let Some(mut snapshot) = Snapshot::lock(tx, &snapshot).await?
            && snapshot.doing.doing == (SnapshotDoing::BackingUp { backup: backup.id })
        {
            snapshot.rest(self.now());
            self.save_snapshot_in(tx, &snapshot).await?;
        }
        Ok(())
    }

    /// Writes a backup whose row this transaction locked.
    pub(crate) async fn save_backup_in(&self, tx: &mut Tx, backup: &Backup) -> Result<()> {
        backup.save(tx).await?;
        if backup.due_at != NEVER {
            tx.touch(BACKUP_WORK, backup.id);
        }
        Ok(())
    }
}

/// A backup as what a volume is made from.
pub(crate) fn source_of(backup: &Backup) -> BackupSource {
    let words = backup.of_volume.as_ref().map(|words| words.0.clone()).unwrap_or_default();
    BackupSource { id: backup.id, size_gib: backup.size_gib, key_id: backup.key_id, words }
}

/// Refuses a backup that is not whole, or busy.
pub(crate) fn check_whole(backup: &Backup) -> Result<()> {
    if backup.status == BackupStatus::Available && backup.made {
        return Ok(());
    }
    Err(Error::backup("Backup status must be available"))
}

fn check_source(volume: &Volume, snapshot: Option<&Snapshot>, force: bool) -> Result<()> {
    if let Some(snapshot) = snapshot {
        if snapshot.volume_id != volume.id {
            let (one, other) = (volume.id, snapshot.volume_id);
            return Err(Error::volume(format!(
                "Volume {one} does not match with snapshot.volume_id {other}."
            )));
        }
        if snapshot.status != SnapshotStatus::Available {
            let status = snapshot.status;
            return Err(Error::snapshot(format!(
                "Snapshot to be backed up must be available, but the current status is \"{status}\"."
            )));
        }
        return Ok(());
    }
    match volume.status {
        VolumeStatus::Available => Ok(()),
        VolumeStatus::InUse if force => Ok(()),
        VolumeStatus::InUse => Err(Error::volume("Backing up an in-use volume must use the force flag.")),
        status => Err(Error::volume(format!(
            "Volume to be backed up must be available or in-use, but the current status is \"{status}\"."
        ))),
    }
}
