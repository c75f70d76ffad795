//! Volumes change hands: offered with a key, taken by whoever knows it.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::{Record as _, Source, Tx};
use kogge_ids::{ProjectId, SecretId, TransferId};

use crate::error::{Error, Result};
use crate::model::doing::Doing;
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::transfer::{Transfer, new_key};
use crate::model::volume::Volume;
use crate::store::{transfers, usage};
use crate::{Volumes, policy};

/// How a volume is offered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offer {
    /// Display name.
    pub(crate) name: Option<String>,
    /// Its snapshots stay.
    pub(crate) no_snapshots: bool,
    /// It may be encrypted.
    pub(crate) encrypted: bool,
}

impl Volumes {
    /// Offers a volume that this transaction locked; answers the key, which nobody can find out later.
    ///
    /// # Errors
    /// Where it, or what goes along, is in no state for it.
    pub(crate) async fn offer_in(
        &self,
        tx: &mut Tx,
        mut volume: Volume,
        offer: Offer,
    ) -> Result<(Transfer, String)> {
        if volume.status != VolumeStatus::Available {
            return Err(Error::volume("status must be available"));
        }
        if volume.key_id.is_some() && !offer.encrypted {
            return Err(Error::volume("transferring encrypted volume is not supported"));
        }
        if volume.key_id.is_some() && offer.no_snapshots {
            let why = "transferring an encrypted volume without its snapshots is not supported";
            return Err(Error::volume(why));
        }
        self.check_unread_in(tx, &volume).await?;
        if !offer.no_snapshots {
            check_snapshots(&transfers::snapshots(tx, volume.id).await?)?;
        }
        let (key, salt, hash) = new_key();
        let now = self.now();
        let transfer = Transfer {
            id: TransferId::random(),
            volume_id: volume.id,
            project_id: volume.project_id.clone(),
            name: offer.name,
            salt,
            hash,
            no_snapshots: offer.no_snapshots,
            created_at: now,
        };
        transfer.insert(tx).await?;
        volume.begin(Doing::Offered, now);
        self.save_in(tx, &mut volume).await?;
        Ok((transfer, key))
    }

    /// Refuses a volume of which its project still makes a snapshot, a backup or another volume: these would read what the
    /// next owner writes.
    async fn check_unread_in(&self, tx: &mut Tx, volume: &Volume) -> Result<()> {
        if transfers::is_being_read(tx, volume.id).await? {
            let id = volume.id;
            return Err(Error::volume(format!(
                "Volume {id} is being copied: a snapshot, a backup or a volume is made of it."
            )));
        }
        Ok(())
    }

    /// Takes an offer back.
    ///
    /// # Errors
    /// Where the database fails.
    pub(crate) async fn withdraw_in(&self, tx: &mut Tx, transfer: &Transfer) -> Result<()> {
        let volume = Volume::lock(tx, &transfer.volume_id).await?;
        // one that was taken meanwhile is over
        let Some(transfer) = Transfer::lock(tx, &transfer.id).await? else { return Ok(()) };
        if let Some(mut volume) = volume
            && volume.doing.doing == Doing::Offered
        {
            volume.rest(self.now());
            self.save_in(tx, &mut volume).await?;
        }
        Ok(Transfer::delete(tx, &transfer.id).await.map(drop)?)
    }

    /// Takes a volume for the caller's project.
    ///
    /// # Errors
    /// [`Error::NotFound`], a wrong key, a volume that is not offered any more, no room in the project's quotas.
    pub(crate) async fn take(&self, caller: &Caller, id: &str, key: &str) -> Result<Transfer> {
        caller.allow_on_own(&policy::ACCEPT_TRANSFER)?;
        let project = caller.require_project(&policy::ACCEPT_TRANSFER)?.clone();
        let none = || Error::NotFound(format!("Transfer {id} could not be found."));
        let key_of_row: TransferId = id.parse().map_err(|_| none())?;
        let before = Transfer::get(self.db(), &key_of_row).await?.ok_or_else(none)?;
        let mut tx = self.db().begin().await?;
        // the volume comes first, as everywhere
        let volume = Volume::lock(&mut tx, &before.volume_id).await?;
        let transfer = Transfer::lock(&mut tx, &key_of_row).await?.ok_or_else(none)?;
        if !transfer.opens_with(key) {
            let why = format!("Invalid auth key: Attempt to transfer {id} with invalid auth key.");
            return Err(Error::Invalid(why));
        }
        let unfit = || {
            let volume = transfer.volume_id;
            let why = format!("Transfer {id}: Volume id {volume} expected in state awaiting-transfer");
            Error::volume(why)
        };
        let volume = volume.filter(|volume| volume.doing.doing == Doing::Offered).ok_or_else(unfit)?;
        self.hand_over_in(&mut tx, caller, &project, volume, transfer.no_snapshots).await?;
        Transfer::delete(&mut tx, &transfer.id).await?;
        tx.commit().await?;
        Ok(transfer)
    }

    async fn hand_over_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        to: &ProjectId,
        mut volume: Volume,
        no_snapshots: bool,
    ) -> Result<()> {
        if volume.group_id.is_some() {
            let id = volume.id;
            return Err(Error::volume(format!("Volume {id} must not be part of a consistency group.")));
        }
        self.check_unread_in(tx, &volume).await?;
        let unusable = |_| Error::volume("its volume type is none that your project may use");
        let kind = self
            .usable_type(&mut Source::Tx(tx), caller, &volume.type_id.to_string())
            .await
            .map_err(unusable)?;
        self.check_size(tx, to.as_str(), volume.size_gib).await?;
        let snapshots = if no_snapshots { Vec::new() } else { transfers::snapshots(tx, volume.id).await? };
        check_snapshots(&snapshots)?;
        let from = volume.project_id.clone();
        // a snapshot counts for the type that the volume had when it was made
        let mut shares = BTreeMap::from([(kind.id, Usage::volume(volume.size_gib))]);
        for one in &snapshots {
            let share = shares.entry(one.type_id).or_default();
            *share = *share + Usage::snapshot(one.size_gib);
        }
        let mut kinds = Vec::with_capacity(shares.len());
        for id in shares.keys() {
            kinds.push(match self.hold_type_in(tx, *id).await {
                Err(Error::NotFound(_)) => None,
                found => Some(found?),
            });
        }
        // both projects' turns in one order, whoever gives and whoever takes
        let mut turns = [from.as_str(), to.as_str()];
        turns.sort_unstable();
        for project in turns {
            usage::take_turn(tx, project).await?;
        }
        for ((id, share), kind) in shares.iter().zip(&kinds) {
            self.refund_in(tx, from.as_str(), &id.to_string(), *share).await?;
            match kind {
                Some(kind) => self.charge_in(tx, to.as_str(), Some(kind), *share).await?,
                // a type that is gone has no limit any more
                None => usage::moved(tx, to.as_str(), &id.to_string(), *share).await?,
            }
        }
        for mut snapshot in snapshots {
            snapshot.key_id = self.moved_key_in(tx, snapshot.key_id, to).await?;
            snapshot.project_id = to.clone();
            snapshot.user_id = caller.user.id.clone();
            snapshot.settle(self.now());
            self.save_snapshot_in(tx, &snapshot).await?;
        }
        volume.key_id = self.moved_key_in(tx, volume.key_id, to).await?;
        volume.project_id = to.clone();
        volume.user_id = caller.user.id.clone();
        volume.rest(self.now());
        self.save_in(tx, &mut volume).await
    }

    /// The key in the hands of another project.
    async fn moved_key_in(
        &self,
        tx: &mut Tx,
        key: Option<SecretId>,
        to: &ProjectId,
    ) -> Result<Option<SecretId>> {
        let new = self.own_key_in(tx, key, to).await?;
        if let Some(old) = key {
            self.keyring().forget_in(tx, old).await?;
        }
        Ok(new)
    }
}

fn check_snapshots(snapshots: &[Snapshot]) -> Result<()> {
    if let Some(part) = snapshots.iter().find(|one| one.group_snapshot_id.is_some()) {
        return Err(Error::snapshot(format!("snapshot: {} must not be part of a group's", part.id)));
    }
    match snapshots.iter().find(|one| one.status != SnapshotStatus::Available) {
        Some(snapshot) => {
            let id = snapshot.id;
            Err(Error::snapshot(format!("snapshot: {id} status must be available")))
        }
        None => Ok(()),
    }
}
