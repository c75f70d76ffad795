//! Groups of volumes: made, copied, removed with what is in them.
//!
//! Rows are locked in this order: the group, its volumes by id, types by id, the turn of the project.

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Source as From, Tx};
use kogge_ids::{GroupSnapshotId, GroupTypeId, ProjectId, VolumeGroupId, VolumeTypeId};

use crate::error::{Error, Result};
use crate::model::doing::{Doing, NEVER};
use crate::model::group::{Group, GroupStatus, GroupType};
use crate::model::status::VolumeStatus;
use crate::model::volume_type::VolumeType;
use crate::resources::is_admin;
use crate::service::create::{NewVolume, Source};
use crate::store::{attachments, group_snapshots, groups as store, usage};
use crate::{Volumes, policy};

/// A group to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewGroup {
    /// Display name; empty for none.
    pub(crate) name: String,
    /// A word for people.
    pub(crate) description: Option<String>,
}

/// What a group is copied from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// Another group.
    Group(VolumeGroupId),
    /// Snapshots of a group, made together.
    Snapshot(GroupSnapshotId),
}

/// That there is no such group.
pub(crate) fn no_group(id: impl std::fmt::Display) -> Error {
    Error::NotFound(format!("Group {id} could not be found."))
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::Invalid(format!("Invalid Group: {why}"))
}

impl Volumes {
    /// The type of groups that a caller names by id or name.
    async fn group_type_named(&self, tx: &mut Tx, caller: &Caller, word: &str) -> Result<GroupType> {
        let found = match word.parse::<GroupTypeId>() {
            Ok(id) => GroupType::lock(tx, &id).await?,
            Err(_) => None,
        };
        let found = match found {
            Some(found) => Some(found),
            None => match store::type_named(&mut *tx, word).await? {
                Some(named) => GroupType::lock(tx, &named.id).await?,
                None => None,
            },
        };
        let found = found.filter(|kind| kind.is_public || is_admin(caller));
        found.ok_or_else(|| Error::NotFound(format!("Group type {word} could not be found.")))
    }

    /// Makes an empty group of these types, which all have to be on one backend.
    pub(crate) async fn create_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewGroup,
        (group_type, types): (&str, &[String]),
        zone: Option<String>,
    ) -> Result<Group> {
        self.check_zone(zone.as_deref())?;
        let mut kinds = Vec::with_capacity(types.len());
        for word in types {
            kinds.push(self.usable_type(&mut From::Tx(tx), caller, word).await?.id);
        }
        let group_type = self.group_type_named(tx, caller, group_type).await?.id;
        let kinds = self.hold_types_in(tx, kinds).await?;
        let closed = self.closed_backends(tx).await?;
        let mut backends = Vec::with_capacity(kinds.len());
        for kind in &kinds {
            backends.push(self.backend_for(kind, &closed)?);
        }
        backends.dedup();
        let [backend] = &backends[..] else {
            let why = "No valid host was found. The volume types of a group have to be on one backend.";
            return Err(invalid(why));
        };
        let ids = kinds.iter().map(|kind| kind.id).collect();
        let zone = zone.unwrap_or_else(|| self.config().zone.clone());
        self.insert_group_in(tx, caller, new, (group_type, ids), (zone, backend.clone())).await
    }

    /// The types as they are now, locked in the order of their ids.
    async fn hold_types_in(&self, tx: &mut Tx, mut ids: Vec<VolumeTypeId>) -> Result<Vec<VolumeType>> {
        ids.sort_unstable();
        ids.dedup();
        let mut kinds = Vec::with_capacity(ids.len());
        for id in ids {
            kinds.push(self.hold_type_in(tx, id).await?);
        }
        Ok(kinds)
    }

    /// Counts a group, and writes its row.
    async fn insert_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewGroup,
        (group_type_id, type_ids): (GroupTypeId, Vec<VolumeTypeId>),
        (zone, backend): (String, String),
    ) -> Result<Group> {
        let project = caller.require_project(&policy::GROUP_CREATE)?.clone();
        usage::take_turn(tx, project.as_str()).await?;
        let limits = usage::limits(&mut *tx, project.as_str(), &self.config().quota).await?;
        let most = limits.get("groups").copied().unwrap_or(-1);
        if most >= 0 && usage::groups(&mut *tx, project.as_str()).await? >= most {
            return Err(Error::OverQuota(format!("Maximum number of groups allowed ({most}) exceeded")));
        }
        let group = Group {
            id: VolumeGroupId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            name: new.name,
            description: new.description,
            group_type_id,
            type_ids: Json(type_ids),
            zone,
            backend,
            status: GroupStatus::Available,
            group_snapshot_id: None,
            source_group_id: None,
            created_at: self.now(),
            updated_at: None,
            doomed_at: NEVER,
        };
        group.insert(tx).await?;
        Ok(group)
    }

    /// The group that a new volume joins, locked.
    pub(crate) async fn group_to_join(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: Option<VolumeGroupId>,
    ) -> Result<Option<Group>> {
        let Some(id) = id else { return Ok(None) };
        let found =
            Group::lock(tx, &id).await?.filter(|group| caller.project_id() == Some(&group.project_id));
        let group = found.ok_or_else(|| no_group(id))?;
        if group.is_doomed() {
            return Err(invalid("Group status must be available, but current status is: deleting"));
        }
        Ok(Some(group))
    }

    /// Makes a group of copies of what another group, or a snapshot of one, has.
    pub(crate) async fn copy_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewGroup,
        origin: Origin,
    ) -> Result<Group> {
        caller.allow_on_own(&policy::GROUP_CREATE)?;
        let project = caller.require_project(&policy::GROUP_CREATE)?.clone();
        let (source, copies) = match origin {
            Origin::Group(id) => self.volumes_to_copy(tx, &project, id).await?,
            Origin::Snapshot(id) => self.snapshots_to_copy(tx, &project, id).await?,
        };
        self.hold_types_in(tx, copies.iter().map(|(kind, _)| *kind).collect()).await?;
        let kinds = (source.group_type_id, source.type_ids.0);
        let mut group = self.insert_group_in(tx, caller, new, kinds, (source.zone, source.backend)).await?;
        match origin {
            Origin::Group(id) => group.source_group_id = Some(id),
            Origin::Snapshot(id) => group.group_snapshot_id = Some(id),
        }
        group.status = GroupStatus::Creating;
        group.save(tx).await?;
        for (kind, source) in copies {
            let (kind, group) = (Some(kind.to_string()), Some(group.id));
            let zone = None;
            self.create_in(tx, caller, NewVolume { kind, group, zone, source, ..NewVolume::default() })
                .await?;
        }
        Ok(group)
    }

    async fn volumes_to_copy(
        &self,
        tx: &mut Tx,
        project: &ProjectId,
        id: VolumeGroupId,
    ) -> Result<(Group, Vec<(VolumeTypeId, Source)>)> {
        let source = Group::lock(tx, &id).await?.filter(|group| group.project_id == *project);
        let source = source.ok_or_else(|| no_group(id))?;
        let volumes = store::volumes_of(tx, id).await?;
        if volumes.is_empty() {
            return Err(invalid("Source Group is empty. No group will be created."));
        }
        let copies = volumes.iter().map(|volume| (volume.type_id, Source::Volume(volume.id))).collect();
        Ok((source, copies))
    }

    async fn snapshots_to_copy(
        &self,
        tx: &mut Tx,
        project: &ProjectId,
        id: GroupSnapshotId,
    ) -> Result<(Group, Vec<(VolumeTypeId, Source)>)> {
        let found = self.lock_group_snapshot_in(tx, id).await?;
        let found = found.filter(|(_, snapshot)| snapshot.project_id == *project);
        let (group, _) = found.ok_or_else(|| Error::no_group_snapshot(id))?;
        let parts = group_snapshots::lock_parts(tx, id).await?;
        if parts.is_empty() {
            return Err(invalid("Group snapshot is empty. No group will be created."));
        }
        Ok((group, parts.iter().map(|part| (part.type_id, Source::Snapshot(part.id))).collect()))
    }

    /// Begins to remove a group whose row this transaction locked. With its volumes it goes with the last of them.
    pub(crate) async fn doom_group_in(
        &self,
        tx: &mut Tx,
        mut group: Group,
        with_volumes: bool,
    ) -> Result<()> {
        if group.is_doomed() {
            return Ok(());
        }
        if group_snapshots::has_any(tx, group.id).await? {
            return Err(invalid("Group has existing snapshots."));
        }
        let volumes = store::volumes_of(tx, group.id).await?;
        let statuses: Vec<VolumeStatus> = volumes.iter().map(|volume| volume.status).collect();
        let status = group.shown(&statuses);
        if !with_volumes && !matches!(status, GroupStatus::Available | GroupStatus::Error) {
            let why = format!("Group status must be available or error, but current status is: {status}");
            return Err(invalid(why));
        }
        if !volumes.is_empty() && !with_volumes {
            let why = "The delete-volumes flag is required to delete it.";
            return Err(invalid(format!("Group {} still contains volumes. {why}", group.id)));
        }
        if volumes.is_empty() {
            Group::delete(tx, &group.id).await?;
            return Ok(());
        }
        for mut volume in volumes {
            if !attachments::of_volume(&mut *tx, volume.id).await?.is_empty() {
                return Err(invalid(format!(
                    "Volume in group {} is attached. Need to detach first.",
                    group.id
                )));
            }
            if store::has_snapshots(tx, volume.id).await? {
                return Err(invalid("Volume in group still has dependent snapshots."));
            }
            volume.begin(Doing::Deleting, self.now());
            self.save_in(tx, &mut volume).await?;
        }
        group.status = GroupStatus::Deleting;
        group.doomed_at = self.now().as_micros();
        group.updated_at = Some(self.now());
        Ok(group.save(tx).await?)
    }

    /// A volume of this group is gone: with the last one goes the group, if it is to.
    pub(crate) async fn bury_group_in(&self, tx: &mut Tx, id: VolumeGroupId) -> Result<()> {
        let Some(group) = Group::lock(tx, &id).await?.filter(Group::is_doomed) else { return Ok(()) };
        if !store::has_volumes(tx, id).await? {
            Group::delete(tx, &group.id).await?;
        }
        Ok(())
    }
}
