//! Users.

use std::sync::Arc;

use kogge_auth::{Caller, Target};

use super::bounds::{checked_count, checked_extra, checked_id};
use super::names::{NAME, checked_name, new_id};
use super::patch::{Change, merge};
use super::permission::{allow, allow_or_missing, is_seen, own_domain, with_user};
use super::{Client, Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Actor, Extra, Kind, Project, User, UserOptions};
use crate::policy;
use crate::secret::Secret;

/// A user to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    /// `None`: the domain of the caller's token, else `default`; for administrators only, as in Keystone.
    pub(crate) domain_id: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) default_project_id: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) options: UserOptions,
    pub(crate) extra: Extra,
}

/// A change of a user.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserUpdate {
    pub(crate) name: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) default_project_id: Change<String>,
    pub(crate) password: Change<Secret>,
    /// Changed options; `null` takes one away.
    pub(crate) options: Extra,
    pub(crate) extra: Extra,
}

/// Options with some of them changed.
///
/// # Errors
/// 400 for unknown options and wrong types.
pub(crate) fn changed_options(old: &UserOptions, changes: Extra) -> Result<UserOptions> {
    let refused =
        |error: serde_json::Error| Error::Invalid(format!("Invalid input for field 'options': {error}"));
    let serde_json::Value::Object(mut all) = serde_json::to_value(old).map_err(refused)? else {
        return Ok(old.clone());
    };
    all.extend(changes);
    all.retain(|_, value| !value.is_null());
    let options: UserOptions = serde_json::from_value(serde_json::Value::Object(all)).map_err(refused)?;
    for rule in bounded(options.multi_factor_auth_rules.as_ref())? {
        for method in bounded(Some(rule))? {
            checked_id("options", method)?;
        }
    }
    Ok(options)
}

/// The rules of an option, or the methods of a rule.
fn bounded<T>(list: Option<&Vec<T>>) -> Result<&[T]> {
    const MOST: usize = 16;
    let list = list.map_or(&[][..], Vec::as_slice);
    checked_count("options", list.len(), MOST).map(|()| list)
}

impl Identity {
    /// The domain of something new: as asked for, that of the caller's token, or the default.
    pub(super) fn domain_for_new(caller: &Caller, asked: Option<String>) -> String {
        let own = || caller.domain_id().map_or_else(|| "default".to_owned(), ToString::to_string);
        asked.unwrap_or_else(own)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the domain, 409 for the name, 400 for rules.
    pub(crate) async fn create_user(&self, caller: &Caller, new: NewUser) -> Result<Arc<User>> {
        let domain_id = Self::domain_for_new(caller, new.domain_id.clone());
        let asked = new.domain_id.unwrap_or_else(|| "None".to_owned());
        allow(caller, &policy::CREATE_USER, &Target::none().attr("target.user.domain_id", asked))?;
        let name = checked_name("name", &new.name, NAME)?;
        let passwords = match &new.password {
            Some(password) => {
                vec![self.stored(self.hash_new(Client::of(caller), password).await?, false, &new.options)]
            }
            None => Vec::new(),
        };
        let user = User {
            id: new_id(),
            name,
            domain_id,
            enabled: new.enabled,
            default_project_id: new.default_project_id,
            passwords,
            options: new.options,
            created_at: self.clock().now().as_micros(),
            extra: checked_extra(new.extra)?,
        };
        self.write(|draft| {
            if draft.domain(&user.domain_id).is_none() {
                return Err(Error::not_found("domain", &user.domain_id));
            }
            draft.put_user(user.clone())
        })
        .await
    }

    /// The users of a list; with a domain's token those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_users(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<User>>> {
        allow(caller, &policy::LIST_USERS, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let seen = snapshot.users.iter().filter(|user| is_seen(caller, &user.domain_id));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// A user.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_user(&self, caller: &Caller, id: &str) -> Result<Arc<User>> {
        let found = self.snapshot().users.get(id).cloned();
        allow_or_missing(
            caller,
            &policy::GET_USER,
            found,
            |user| with_user(Target::none(), user),
            || Error::not_found("user", id),
        )
    }

    /// Changes a user. A new password or a disabled account ends all tokens.
    ///
    /// # Errors
    /// As for [`Identity::create_user`].
    pub(crate) async fn update_user(
        &self,
        caller: &Caller,
        id: &str,
        update: UserUpdate,
    ) -> Result<Arc<User>> {
        let found = self.snapshot().users.get(id).cloned();
        let before = allow_or_missing(
            caller,
            &policy::UPDATE_USER,
            found,
            |u| with_user(Target::none(), u),
            || Error::not_found("user", id),
        )?;
        if update.domain_id.as_ref().is_some_and(|domain| *domain != before.domain_id) {
            return Err(Error::invalid("Cannot change Domain ID"));
        }
        let hash = match &update.password {
            Change::Set(password) => Some(self.hash_new(Client::of(caller), password).await?),
            Change::Keep | Change::Clear => None,
        };
        let name = update.name.as_deref().map(|name| checked_name("name", name, NAME)).transpose()?;
        self.write(|draft| {
            let old = draft.users.get(id).cloned().ok_or_else(|| Error::not_found("user", id))?;
            let mut user = (*old).clone();
            user.name = name.unwrap_or(user.name);
            user.enabled = update.enabled.unwrap_or(user.enabled);
            user.default_project_id = update.default_project_id.apply(user.default_project_id);
            user.options = changed_options(&old.options, update.options)?;
            user.extra = merge(&user.extra, update.extra)?;
            let password = hash.map(|hash| self.stored(hash, false, &user.options));
            let reset = password.is_some() || matches!(update.password, Change::Clear);
            user = match password {
                Some(password) => self.with_password(&user, password),
                None if reset => User { passwords: Vec::new(), ..user },
                None => user,
            };
            if reset || (old.enabled && !user.enabled) {
                draft.revoke_user(id);
            }
            draft.put_user(user)
        })
        .await
    }

    /// Removes a user with all that is theirs here; their tokens end.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_user(&self, caller: &Caller, id: &str) -> Result<()> {
        let found = self.snapshot().users.get(id).cloned();
        allow_or_missing(
            caller,
            &policy::DELETE_USER,
            found,
            |user| with_user(Target::none(), user),
            || Error::not_found("user", id),
        )?;
        self.write(|draft| {
            draft.users.get(id).ok_or_else(|| Error::not_found("user", id))?;
            draft.remove_user(id);
            Ok(())
        })
        .await
    }

    /// The projects on which a user has a role; of somebody else with a domain's token those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such user.
    pub(crate) fn projects_of_user(
        &self,
        caller: &Caller,
        id: &str,
        query: &ListQuery,
    ) -> Result<Listed<Arc<Project>>> {
        let snapshot = self.snapshot();
        let found = snapshot.users.get(id).cloned();
        allow_or_missing(
            caller,
            &policy::LIST_USER_PROJECTS,
            found,
            |user| with_user(Target::none(), user),
            || Error::not_found("user", id),
        )?;
        let ids = snapshot.project_ids_of(id);
        let projects = ids.iter().filter_map(|id| snapshot.projects.get(id));
        let own = caller.user.id.as_str() == id;
        let seen = projects.filter(|project| own || is_seen(caller, project.domain()));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }
}

impl Draft {
    /// Writes a user after looking at the name and the default project.
    fn put_user(&mut self, user: User) -> Result<Arc<User>> {
        if self.user_named(&user.domain_id, &user.name).is_some_and(|other| other.id != user.id) {
            return Err(Error::duplicate("user", &user.name));
        }
        let default = user.default_project_id.as_deref();
        if let Some(domain) = default.and_then(|id| self.domain(id)) {
            let because = format!("User's default project ID cannot be a domain ID: {}", domain.id);
            return Err(Error::Invalid(because));
        }
        default.map_or(Ok(()), |id| checked_id("default_project_id", id))?;
        self.put(user.clone());
        Ok(Arc::new(user))
    }

    /// Removes a user: memberships, assignments, credentials, access rules; tokens end.
    pub(super) fn remove_user(&mut self, id: &str) {
        let memberships = format!("{id}|");
        let memberships: Vec<String> = self
            .memberships
            .with_prefix(&memberships)
            .map(|row| format!("{}|{}", row.user_id, row.group_id))
            .collect();
        memberships.iter().for_each(|key| self.delete(Kind::Membership, key));
        self.remove_assignments_of(&Actor::User(id.to_owned()));
        self.remove_application_credentials(|credential| credential.user_id == id);
        let rules: Vec<String> =
            self.access_rules.iter().filter(|rule| rule.user_id == id).map(|rule| rule.id.clone()).collect();
        rules.iter().for_each(|rule| self.delete(Kind::AccessRule, rule));
        self.remove_credentials(|credential| credential.user_id == id);
        self.delete(Kind::User, id);
        self.revoke_user(id);
    }
}
