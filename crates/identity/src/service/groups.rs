//! Groups and their members.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::bounds::{checked_description, checked_extra, described};
use super::names::{NAME, checked_name, new_id};
use super::patch::merge;
use super::permission::{allow, allow_or_missing, is_seen, own_domain, with_group, with_user};
use super::{Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Extra, Group, Kind, Membership, User};
use crate::policy;

/// A group to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewGroup {
    pub(crate) name: String,
    /// `None`: the domain of the caller's token, else `default`; for administrators only, as in Keystone.
    pub(crate) domain_id: Option<String>,
    pub(crate) description: String,
    pub(crate) extra: Extra,
}

/// A change of a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupUpdate {
    pub(crate) name: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) extra: Extra,
}

impl Identity {
    fn allowed_group(&self, caller: &Caller, rule: &Rule, id: &str) -> Result<Arc<Group>> {
        let found = self.snapshot().groups.get(id).cloned();
        allow_or_missing(
            caller,
            rule,
            found,
            |group| with_group(Target::none(), group),
            || Error::not_found("group", id),
        )
    }

    /// Makes a group.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the domain, 409 for the name.
    pub(crate) async fn create_group(&self, caller: &Caller, new: NewGroup) -> Result<Arc<Group>> {
        let domain_id = Self::domain_for_new(caller, new.domain_id.clone());
        let asked = new.domain_id.unwrap_or_else(|| "None".to_owned());
        allow(caller, &policy::CREATE_GROUP, &Target::none().attr("target.group.domain_id", asked))?;
        let name = checked_name("name", &new.name, NAME)?;
        let (description, extra) = (checked_description(new.description)?, checked_extra(new.extra)?);
        let group = Group { id: new_id(), name, domain_id, description, extra };
        self.write(|draft| {
            if draft.domain(&group.domain_id).is_none() {
                return Err(Error::not_found("domain", &group.domain_id));
            }
            draft.put_group(group.clone())
        })
        .await
    }

    /// The groups of a list; with a domain's token those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_groups(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Group>>> {
        allow(caller, &policy::LIST_GROUPS, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let seen = snapshot.groups.iter().filter(|group| is_seen(caller, &group.domain_id));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// A group.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_group(&self, caller: &Caller, id: &str) -> Result<Arc<Group>> {
        self.allowed_group(caller, &policy::GET_GROUP, id)
    }

    /// Changes a group.
    ///
    /// # Errors
    /// As for [`Identity::create_group`].
    pub(crate) async fn update_group(
        &self,
        caller: &Caller,
        id: &str,
        update: GroupUpdate,
    ) -> Result<Arc<Group>> {
        let before = self.allowed_group(caller, &policy::UPDATE_GROUP, id)?;
        if update.domain_id.as_ref().is_some_and(|domain| *domain != before.domain_id) {
            return Err(Error::invalid("Cannot change Domain ID"));
        }
        let name = update.name.as_deref().map(|name| checked_name("name", name, NAME)).transpose()?;
        self.write(|draft| {
            let old = draft.groups.get(id).cloned().ok_or_else(|| Error::not_found("group", id))?;
            let mut group = (*old).clone();
            group.name = name.unwrap_or(group.name);
            group.description = described(group.description, update.description)?;
            group.extra = merge(&group.extra, update.extra)?;
            draft.put_group(group)
        })
        .await
    }

    /// Removes a group with its assignments.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_group(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed_group(caller, &policy::DELETE_GROUP, id)?;
        self.write(|draft| {
            draft.groups.get(id).ok_or_else(|| Error::not_found("group", id))?;
            draft.remove_group(id);
            Ok(())
        })
        .await
    }

    fn allowed_member(&self, caller: &Caller, rule: &Rule, group_id: &str, user_id: &str) -> Result<()> {
        let snapshot = self.snapshot();
        let (group, user) = (snapshot.groups.get(group_id), snapshot.users.get(user_id));
        let mut target = Target::none();
        if let Some(group) = group {
            target = with_group(target, group);
        }
        if let Some(user) = user {
            target = with_user(target, user);
        }
        allow(caller, rule, &target)?;
        group.ok_or_else(|| Error::not_found("group", group_id))?;
        user.ok_or_else(|| Error::not_found("user", user_id))?;
        Ok(())
    }

    /// Puts a user into a group.
    ///
    /// # Errors
    /// 403 by the policy, 404 where either is missing.
    pub(crate) async fn add_member(&self, caller: &Caller, group_id: &str, user_id: &str) -> Result<()> {
        self.allowed_member(caller, &policy::ADD_USER_TO_GROUP, group_id, user_id)?;
        self.write(|draft| {
            draft.groups.get(group_id).ok_or_else(|| Error::not_found("group", group_id))?;
            draft.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
            if draft.memberships.get(&format!("{user_id}|{group_id}")).is_none() {
                draft.put(Membership { user_id: user_id.to_owned(), group_id: group_id.to_owned() });
            }
            Ok(())
        })
        .await
    }

    /// Asks whether a user is in a group.
    ///
    /// # Errors
    /// 403 by the policy, 404 where they are not.
    pub(crate) fn check_member(&self, caller: &Caller, group_id: &str, user_id: &str) -> Result<()> {
        self.allowed_member(caller, &policy::CHECK_USER_IN_GROUP, group_id, user_id)?;
        self.snapshot()
            .memberships
            .get(&format!("{user_id}|{group_id}"))
            .map(|_| ())
            .ok_or_else(|| not_in(user_id, group_id))
    }

    /// Takes a user out of a group.
    ///
    /// # Errors
    /// 403 by the policy, 404 where they are not in it.
    pub(crate) async fn remove_member(&self, caller: &Caller, group_id: &str, user_id: &str) -> Result<()> {
        self.allowed_member(caller, &policy::REMOVE_USER_FROM_GROUP, group_id, user_id)?;
        self.write(|draft| {
            let key = format!("{user_id}|{group_id}");
            draft.memberships.get(&key).ok_or_else(|| not_in(user_id, group_id))?;
            draft.delete(Kind::Membership, &key);
            Ok(())
        })
        .await
    }

    /// The users of a group; with a domain's token those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such group.
    pub(crate) fn users_in_group(
        &self,
        caller: &Caller,
        id: &str,
        query: &ListQuery,
    ) -> Result<Listed<Arc<User>>> {
        self.allowed_group(caller, &policy::LIST_USERS_IN_GROUP, id)?;
        let snapshot = self.snapshot();
        let users = snapshot.user_ids_in(id);
        let users = users.iter().filter_map(|id| snapshot.users.get(id));
        let seen = users.filter(|user| is_seen(caller, &user.domain_id));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// The groups of a user; with a domain's token those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such user.
    pub(crate) fn groups_of_user(
        &self,
        caller: &Caller,
        id: &str,
        query: &ListQuery,
    ) -> Result<Listed<Arc<Group>>> {
        let snapshot = self.snapshot();
        let found = snapshot.users.get(id).cloned();
        allow_or_missing(
            caller,
            &policy::LIST_GROUPS_FOR_USER,
            found,
            |user| with_user(Target::none(), user),
            || Error::not_found("user", id),
        )?;
        let groups = snapshot.group_ids_of(id);
        let groups = groups.iter().filter_map(|id| snapshot.groups.get(id));
        let seen = groups.filter(|group| is_seen(caller, &group.domain_id));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }
}

fn not_in(user_id: &str, group_id: &str) -> Error {
    Error::Missing(format!("User '{user_id}' not found in group '{group_id}'."))
}

impl Draft {
    fn put_group(&mut self, group: Group) -> Result<Arc<Group>> {
        if self.group_named(&group.domain_id, &group.name).is_some_and(|other| other.id != group.id) {
            return Err(Error::duplicate("group", &group.name));
        }
        self.put(group.clone());
        Ok(Arc::new(group))
    }
}
