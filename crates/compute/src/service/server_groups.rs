//! Server groups, and who joins them.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Executor, Tx};
use kogge_ids::{ServerGroupId, ServerId};

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::server_group::{Company, NewServerGroup, ServerGroup};
use crate::service::flavors::is_admin;
use crate::store::{quotas, server_groups as store};
use crate::{Compute, policy};

/// A server group with its members.
pub(crate) type GroupAndMembers = (ServerGroup, Vec<ServerId>);

/// Which groups to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupList {
    /// Those of all projects, where the caller is an admin; others get those of their own, as in Nova.
    pub(crate) all_projects: bool,
    /// Most groups.
    pub(crate) limit: u32,
    /// Position of the first.
    pub(crate) offset: u64,
}

impl Compute {
    /// Makes a server group.
    pub(crate) async fn create_server_group(
        &self,
        caller: &Caller,
        new: NewServerGroup,
    ) -> Result<ServerGroup> {
        caller.allow_on_own(&policy::SERVER_GROUPS_CREATE)?;
        let project = caller.project_id().cloned().ok_or_else(|| {
            let why = "A server group belongs to a project: ask for a token with project scope.";
            Error::Forbidden(why.to_owned())
        })?;
        let mut tx = self.db().begin().await?;
        quotas::take_turn(&mut tx, project.as_str()).await?;
        let limits = quotas::limits(&mut tx, project.as_str(), &self.config().quota).await?;
        let used = quotas::usage(&mut tx, project.as_str()).await?;
        let limit = bounds::capped(limits.get("server_groups").copied(), bounds::SERVER_GROUPS);
        if used.server_groups >= limit {
            return Err(Error::Forbidden("Quota exceeded, too many server groups.".to_owned()));
        }
        let group = ServerGroup {
            id: ServerGroupId::random(),
            project,
            user: caller.user.id.clone(),
            name: new.name,
            policy: new.policy,
            max_per_host: new.max_per_host,
            created_at: self.now(),
        };
        store::insert(&mut tx, &group).await?;
        tx.commit().await?;
        Ok(group)
    }

    /// Server groups, the oldest first.
    pub(crate) async fn list_server_groups(
        &self,
        caller: &Caller,
        wanted: GroupList,
    ) -> Result<Vec<GroupAndMembers>> {
        caller.allow_on_own(&policy::SERVER_GROUPS_INDEX)?;
        let all = wanted.all_projects && is_admin(caller);
        if all {
            caller.allow_on_own(&policy::SERVER_GROUPS_INDEX_ALL)?;
        }
        let own = caller.require_project(&policy::SERVER_GROUPS_INDEX)?.as_str();
        let project = (!all).then_some(own);
        let found = store::list(self.db(), project, wanted.limit, wanted.offset).await?.items;
        let ids: Vec<ServerGroupId> = found.iter().map(|group| group.id).collect();
        let mut members =
            if ids.is_empty() { BTreeMap::new() } else { store::members(self.db(), &ids).await? };
        let with_members = |group: ServerGroup| {
            let members = members.remove(&group.id).unwrap_or_default();
            (group, members)
        };
        Ok(found.into_iter().map(with_members).collect())
    }

    /// A server group.
    pub(crate) async fn server_group(&self, caller: &Caller, id: &str) -> Result<GroupAndMembers> {
        let group = load(self.db(), caller, id, &policy::SERVER_GROUPS_SHOW).await?;
        let mut members = store::members(self.db(), &[group.id]).await?;
        let members = members.remove(&group.id).unwrap_or_default();
        Ok((group, members))
    }

    /// Takes a server group away. Its members stay where they are.
    pub(crate) async fn delete_server_group(&self, caller: &Caller, id: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        let group = load(&mut tx, caller, id, &policy::SERVER_GROUPS_DELETE).await?;
        if !store::delete(&mut tx, group.id).await? {
            return Err(no_group(id));
        }
        Ok(tx.commit().await?)
    }

    /// The group of a server, as far as the caller may know of it.
    pub(crate) async fn group_of_server(
        &self,
        caller: &Caller,
        server: ServerId,
    ) -> Result<Option<ServerGroupId>> {
        let group = store::of_server(self.db(), server).await?;
        Ok(group.filter(|group| is_visible(group, caller)).map(|group| group.id))
    }

    /// The group that a new server is to be in. One that the caller may not see is not there.
    pub(crate) async fn wanted_group(&self, caller: &Caller, id: &str) -> Result<ServerGroup> {
        find(self.db(), caller, id).await?.ok_or_else(|| no_group(id))
    }

    /// Locks a group for `count` servers that the caller is about to make in it, if it has room for them.
    pub(crate) async fn open_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        group: &ServerGroup,
        limit: i64,
        count: u32,
    ) -> Result<()> {
        if !store::lock(tx, group.id).await? {
            return Err(no_group(&group.id.to_string()));
        }
        let members = store::count_members(&mut *tx, group.id, &caller.user.id).await?;
        if members.saturating_add(i64::from(count)) > limit {
            return Err(Error::Forbidden("Quota exceeded, too many servers in group".to_owned()));
        }
        Ok(())
    }

    /// The group of a server that needs a host, with the places of the other members. The group stays locked until
    /// the transaction ends: two members that are placed at the same time see each other.
    pub(crate) async fn company_in(&self, tx: &mut Tx, server: ServerId) -> Result<Option<Company>> {
        let Some(group) = store::of_server(&mut *tx, server).await? else { return Ok(None) };
        if !store::lock(tx, group.id).await? {
            return Ok(None);
        }
        let members = store::members_by_host(&mut *tx, group.id, server).await?;
        Ok(Some(Company { group, members }))
    }
}

fn is_visible(group: &ServerGroup, caller: &Caller) -> bool {
    caller.project_id() == Some(&group.project) || is_admin(caller)
}

async fn find(db: impl Executor, caller: &Caller, id: &str) -> Result<Option<ServerGroup>> {
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(store::get(db, id).await?.filter(|group| is_visible(group, caller)))
}

/// Loads a group that the caller may know of, and asks `rule` about it.
async fn load(db: impl Executor, caller: &Caller, id: &str, rule: &Rule) -> Result<ServerGroup> {
    let group = find(db, caller, id).await?.ok_or_else(|| no_group(id))?;
    caller.allow(rule, &Target::project(group.project.as_str()).user(group.user.as_str()))?;
    Ok(group)
}

fn no_group(id: &str) -> Error {
    Error::NotFound(format!("Instance group {id} could not be found."))
}
