//! `work_backups`: data go into the store of backups, or from there onto a volume.

use kogge_clock::Timestamp;
use kogge_db::{Record as _, Tx};
use kogge_ids::{BackupId, VolumeId, VolumeSnapshotId};
use kogge_storage::{Contents, DiskId, NewDisk, Origin};
use kogge_task::Bells;

use super::stop::{Said, Stop};
use super::volumes::LOOK_AGAIN;
use super::work::Job;
use crate::Volumes;
use crate::backups::Written;
use crate::error::Result;
use crate::model::backup::Backup;
use crate::model::bounds::bytes;
use crate::model::doing::{BackupDoing, Doing};
use crate::model::message::{self, About};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;
use crate::service::messages;
use crate::store::backups as store;

type Step<T> = std::result::Result<T, Stop>;

impl Job for Backup {
    const TASK: &'static str = "work_backups";

    fn bells(volumes: &Volumes) -> Bells {
        volumes.wakes().backups.clone()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.doing.doing.is_work() && self.due_at <= now.as_micros()
    }

    async fn work(&self, volumes: &Volumes) -> Result<bool> {
        volumes.work_on_backup(self).await?;
        Ok(true)
    }
}

impl Volumes {
    /// Does what is to be done to a backup, and writes down what became of it.
    async fn work_on_backup(&self, backup: &Backup) -> Result<()> {
        let done = match &backup.doing.doing {
            BackupDoing::Creating { live } => self.back_up(backup, *live).await.map(Some),
            BackupDoing::Restoring { volume } => self.restore(backup, *volume).await.map(|()| None),
            BackupDoing::Deleting => self.delete_data_of(backup).await.map(|()| None),
            _ => return Ok(()),
        };
        let mut tx = self.db().begin().await?;
        self.lock_busy_in(&mut tx, backup).await?;
        let Some(mut row) = Backup::lock(&mut tx, &backup.id).await? else { return Ok(()) };
        if row.doing != backup.doing {
            // somebody wants something else by now
            return Ok(());
        }
        match done {
            Ok(written) => self.end_backup_job_in(&mut tx, row, written).await?,
            Err(stop) => {
                match stop.said() {
                    Some(Said { message, details, last }) => {
                        kogge_task::trouble(backup.id, format_args!("{details}"));
                        if row.trip(&message, &details, last, self.now()) {
                            self.give_up_in(&mut tx, backup, &message, &details).await?;
                            self.tell_of_backup_in(&mut tx, backup).await?;
                        }
                    }
                    None => row.due_at = self.now().plus(LOOK_AGAIN).as_micros(),
                }
                row.save(&mut tx).await?;
            }
        }
        tx.commit().await?;
        if matches!(backup.doing.doing, BackupDoing::Creating { live: true }) {
            self.drop_moment(backup).await;
        }
        Ok(())
    }

    /// Tells the owner that a job was given up.
    async fn tell_of_backup_in(&self, tx: &mut Tx, before: &Backup) -> Result<()> {
        let Some((action, detail)) = message::of_backup(&before.doing.doing) else { return Ok(()) };
        let id = before.id.to_string();
        let (project, about) = (&before.project_id, About::Backup);
        self.say(tx, messages::Said { project, request: None, about, id: &id, action, detail }).await
    }

    /// Locks the volume that a backup keeps busy: before the backup, as everybody does who locks both.
    pub(crate) async fn lock_busy_in(&self, tx: &mut Tx, backup: &Backup) -> Result<()> {
        let volume = match &backup.doing.doing {
            BackupDoing::Creating { .. } => backup.volume_id,
            BackupDoing::Restoring { volume } => *volume,
            _ => return Ok(()),
        };
        Volume::lock(tx, &volume).await?;
        if let Some(snapshot) = backup.snapshot_id {
            Snapshot::lock(tx, &snapshot).await?;
        }
        Ok(())
    }

    async fn end_backup_job_in(
        &self,
        tx: &mut Tx,
        mut backup: Backup,
        written: Option<Written>,
    ) -> Result<()> {
        if backup.doing.doing == BackupDoing::Deleting {
            if let Some(key) = backup.key_id {
                self.keyring().forget_in(tx, key).await?;
            }
            self.refund_in(tx, backup.project_id.as_str(), "", Usage::backup(backup.size_gib)).await?;
            return Ok(Backup::delete(tx, &backup.id).await.map(drop)?);
        }
        if let BackupDoing::Restoring { volume } = backup.doing.doing {
            self.restored_in(tx, volume, &backup).await?;
        }
        self.release_in(tx, &backup).await?;
        if let Some(written) = written {
            backup.made = true;
            backup.object_count = written.chunks;
        }
        backup.begin(BackupDoing::Resting, self.now());
        Ok(backup.save(tx).await?)
    }

    /// A volume whose data are those of an encrypted backup opens with a key of that one's content.
    async fn restored_in(&self, tx: &mut Tx, volume: VolumeId, backup: &Backup) -> Result<()> {
        let Some(mut volume) = Volume::lock(tx, &volume).await? else { return Ok(()) };
        if volume.doing.doing != (Doing::Restoring { backup: backup.id }) {
            return Ok(());
        }
        let old = volume.key_id;
        volume.key_id = self.own_key_in(tx, backup.key_id, &volume.project_id).await?;
        if let Some(old) = old {
            self.keyring().forget_in(tx, old).await?;
        }
        if let Some(words) = &backup.of_volume {
            words.tell(&mut volume);
        }
        volume.made = true;
        self.save_in(tx, &mut volume).await
    }

    /// What was kept busy goes on; a volume that could not be restored says so. Its data are those of before.
    async fn give_up_in(&self, tx: &mut Tx, backup: &Backup, message: &str, details: &str) -> Result<()> {
        if let BackupDoing::Restoring { volume } = &backup.doing.doing
            && let Some(mut volume) = Volume::lock(tx, volume).await?
            && volume.doing.doing == (Doing::Restoring { backup: backup.id })
        {
            volume.fail(message.to_owned(), details, self.now());
            return self.save_in(tx, &mut volume).await;
        }
        self.release_in(tx, backup).await
    }

    /// Copies the data into the store.
    async fn back_up(&self, backup: &Backup, live: bool) -> Step<Written> {
        let volume = Volume::get(self.db(), &backup.volume_id).await?;
        let volume = volume.ok_or_else(|| Stop::Never("its volume is gone".to_owned()))?;
        let parent = match backup.parent_id {
            Some(parent) => {
                let parent = Backup::get(self.db(), &parent).await?;
                let lost = || Stop::Never("the backup that it builds on is gone".to_owned());
                Some(parent.ok_or_else(lost)?.data_id)
            }
            None => None,
        };
        let contents = self.contents_of(backup, &volume, live).await?;
        Ok(self.backup_store().write(backup.data_id, parent, contents).await?)
    }

    /// The data that are to be backed up. Those of a volume that a guest writes to are copied first, as they are at one moment.
    async fn contents_of(&self, backup: &Backup, volume: &Volume, live: bool) -> Step<Contents> {
        if let Some(snapshot) = backup.snapshot_id {
            let snapshot = Snapshot::get(self.db(), &snapshot).await?;
            let snapshot = snapshot.ok_or_else(|| Stop::Never("its snapshot is gone".to_owned()))?;
            return Ok(self.backend(&snapshot.backend)?.read(DiskId::Snapshot(snapshot.id)).await?);
        }
        if self.has_snapshot_being_made(volume.id).await? && !live {
            return Err(Stop::Wait);
        }
        let backend = self.backend(&volume.backend)?;
        if !live {
            return Ok(backend.read(DiskId::Volume(volume.id)).await?);
        }
        let id = moment_of(backup.id);
        let passphrase = match backup.key_id {
            Some(key) => Some(self.keyring().open(key).await?),
            None => None,
        };
        let new = NewDisk { id, bytes: bytes(backup.size_gib), passphrase };
        match self.live_copy(volume.id).await? {
            Some(copy) => backend.replace(new, Origin::Live(copy)).await?,
            None => {
                backend.replace(new, Origin::Copy(DiskId::Volume(volume.id))).await?;
                self.check_still(volume.id, &volume.backend, id).await?;
            }
        }
        Ok(backend.read(id).await?)
    }

    /// The copy of one moment is not needed any more. One that stays goes with the backup.
    async fn drop_moment(&self, backup: &Backup) {
        let row = Backup::get(self.db(), &backup.id).await;
        if row.is_ok_and(|row| row.is_some_and(|row| row.doing.doing.is_work())) {
            return;
        }
        if let Err(Some(said)) = self.delete_moment(backup).await.map_err(Stop::said) {
            kogge_task::trouble(backup.id, format_args!("{}", said.details));
        }
    }

    async fn delete_moment(&self, backup: &Backup) -> Step<()> {
        // its volume may be gone, or elsewhere by now
        for (_, backend) in self.backends() {
            backend.delete(moment_of(backup.id)).await?;
        }
        Ok(())
    }

    async fn delete_data_of(&self, backup: &Backup) -> Step<()> {
        self.delete_moment(backup).await?;
        if store::of_data(self.db(), backup.data_id).await?.len() > 1 {
            return Ok(());
        }
        Ok(self.backup_store().delete(backup.data_id).await?)
    }

    /// Puts the data of a backup onto a volume, all of them or none.
    async fn restore(&self, backup: &Backup, volume: VolumeId) -> Step<()> {
        let volume = Volume::get(self.db(), &volume).await?;
        let volume = volume.ok_or_else(|| Stop::Never("the volume is gone".to_owned()))?;
        if volume.doing.doing != (Doing::Restoring { backup: backup.id }) {
            return Err(Stop::Never("the volume was called something else meanwhile".to_owned()));
        }
        if self.has_snapshot_being_made(volume.id).await? {
            return Err(Stop::Wait);
        }
        self.pour_backup(backup, &volume).await
    }

    /// Makes a new volume of a backup.
    pub(super) async fn make_of_backup(&self, volume: &Volume, backup: BackupId) -> Step<()> {
        let backup = Backup::get(self.db(), &backup).await?;
        let backup = backup.ok_or_else(|| Stop::Never("the backup is gone".to_owned()))?;
        self.pour_backup(&backup, volume).await?;
        self.made(volume).await
    }

    async fn pour_backup(&self, backup: &Backup, volume: &Volume) -> Step<()> {
        let (contents, damage) = self.backup_store().read(backup.data_id).await?;
        let passphrase = match backup.key_id {
            Some(key) => Some(self.keyring().open(key).await?),
            None => None,
        };
        let new = NewDisk { id: DiskId::Volume(volume.id), bytes: bytes(volume.size_gib), passphrase };
        let done = self.backend(&volume.backend)?.replace(new, Origin::Contents(contents)).await;
        match (done, damage.found()) {
            (Err(_), Some(found)) => return Err(Stop::Never(found.to_owned())),
            (done, _) => done?,
        }
        self.fit(volume).await
    }
}

/// The disk with the copy of one moment, of which a backup is made: named by the backup, so that a retry finds it.
fn moment_of(backup: BackupId) -> DiskId {
    DiskId::Snapshot(VolumeSnapshotId::derived(backup.uuid(), "moment"))
}
