//! Roles and what they imply.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::bounds::{checked_description, checked_extra};
use super::names::{NAME, checked_name, new_id};
use super::patch::merge;
use super::permission::{allow, allow_or_missing, own_domain, with_role};
use super::{Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Extra, Implication, Kind, Role};
use crate::policy;

/// A role to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewRole {
    pub(crate) name: String,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) immutable: Option<bool>,
    pub(crate) extra: Extra,
}

/// A change of a role.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleUpdate {
    pub(crate) name: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: super::Change<String>,
    /// `Some(None)` takes the option away.
    pub(crate) immutable: Option<Option<bool>>,
    pub(crate) extra: Extra,
}

/// A role and those that it implies directly.
pub(crate) type Implied = (Arc<Role>, Vec<Arc<Role>>);

/// Keystone forbids a role that gives `admin` by implication.
const NEVER_IMPLIED: &str = "admin";

fn global_or_domain(domain_id: Option<&str>, global: Rule, domain: Rule) -> Rule {
    if domain_id.is_some() { domain } else { global }
}

impl Identity {
    fn allowed_role(&self, caller: &Caller, global: Rule, domain: Rule, id: &str) -> Result<Arc<Role>> {
        let found = self.snapshot().roles.get(id).cloned();
        let rule =
            global_or_domain(found.as_ref().and_then(|role| role.domain_id.as_deref()), global, domain);
        allow_or_missing(
            caller,
            &rule,
            found,
            |role| with_role(Target::none(), role),
            || Error::not_found("role", id),
        )
    }

    /// Makes a role.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the domain, 409 for the name.
    pub(crate) async fn create_role(&self, caller: &Caller, new: NewRole) -> Result<Arc<Role>> {
        let rule =
            global_or_domain(new.domain_id.as_deref(), policy::CREATE_ROLE, policy::CREATE_DOMAIN_ROLE);
        allow(caller, &rule, &Target::none())?;
        let name = checked_name("name", &new.name, NAME)?;
        let NewRole { domain_id, description, immutable, extra, .. } = new;
        let description = description.map(checked_description).transpose()?;
        let extra = checked_extra(extra)?;
        let role = Role { id: new_id(), name, domain_id, description, immutable, extra };
        self.write(|draft| {
            if let Some(domain_id) = role.domain_id.as_deref().filter(|id| draft.domain(id).is_none()) {
                return Err(Error::not_found("domain", domain_id));
            }
            draft.put_role(role.clone())
        })
        .await
    }

    /// The roles of a list: the global ones, or with `domain_id` those of that domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_roles(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Role>>> {
        let of_domain = query.has("domain_id");
        let rule = if of_domain { policy::LIST_DOMAIN_ROLES } else { policy::LIST_ROLES };
        allow(caller, &rule, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let seen = snapshot.roles.iter().filter(|role| of_domain || role.domain_id.is_none());
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// A role.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_role(&self, caller: &Caller, id: &str) -> Result<Arc<Role>> {
        self.allowed_role(caller, policy::GET_ROLE, policy::GET_DOMAIN_ROLE, id)
    }

    /// Changes a role.
    ///
    /// # Errors
    /// 403 by the policy and for immutable ones, 409 for the name.
    pub(crate) async fn update_role(
        &self,
        caller: &Caller,
        id: &str,
        update: RoleUpdate,
    ) -> Result<Arc<Role>> {
        self.allowed_role(caller, policy::UPDATE_ROLE, policy::UPDATE_DOMAIN_ROLE, id)?;
        let name = update.name.as_deref().map(|name| checked_name("name", name, NAME)).transpose()?;
        self.write(|draft| {
            let old = draft.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id))?;
            let unlocks = update.immutable.is_some_and(|value| value != Some(true)) && name.is_none();
            refuse_immutable(&old, "update", unlocks)?;
            if update.domain_id.is_some() && update.domain_id != old.domain_id {
                return Err(Error::invalid("Update of `domain_id` is not allowed."));
            }
            let mut role = (*old).clone();
            role.name = name.unwrap_or(role.name);
            if let super::Change::Set(description) = &update.description {
                checked_description(description.clone())?;
            }
            role.description = update.description.apply(role.description);
            role.immutable = update.immutable.unwrap_or(role.immutable);
            role.extra = merge(&role.extra, update.extra)?;
            draft.put_role(role)
        })
        .await
    }

    /// Removes a role with its assignments and implications.
    ///
    /// # Errors
    /// 403 by the policy and for immutable ones, 404 where there is none.
    pub(crate) async fn delete_role(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed_role(caller, policy::DELETE_ROLE, policy::DELETE_DOMAIN_ROLE, id)?;
        self.write(|draft| {
            let role = draft.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id))?;
            refuse_immutable(&role, "delete", false)?;
            draft.remove_role(id);
            Ok(())
        })
        .await
    }

    /// A role and those that it implies directly.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such role.
    pub(crate) fn implied_by(&self, caller: &Caller, prior: &str) -> Result<Implied> {
        allow(caller, &policy::LIST_IMPLIED_ROLES, &Target::none())?;
        let snapshot = self.snapshot();
        let role = snapshot.roles.get(prior).ok_or_else(|| Error::not_found("role", prior))?;
        let prefix = format!("{prior}|");
        let implied = snapshot.implications.with_prefix(&prefix);
        let implied = implied.filter_map(|row| snapshot.roles.get(&row.implied)).cloned().collect();
        Ok((Arc::clone(role), implied))
    }

    /// All implications: each role with those that it implies directly.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn implications(&self, caller: &Caller) -> Result<Vec<Implied>> {
        allow(caller, &policy::LIST_ROLE_INFERENCE_RULES, &Target::none())?;
        let snapshot = self.snapshot();
        let mut rules: BTreeMap<&str, Vec<Arc<Role>>> = BTreeMap::new();
        for row in snapshot.implications.iter() {
            rules.entry(&row.prior).or_default().extend(snapshot.roles.get(&row.implied).cloned());
        }
        Ok(rules
            .into_iter()
            .filter_map(|(id, implied)| Some((snapshot.roles.get(id)?.clone(), implied)))
            .collect())
    }

    /// Two roles of which the first implies the second.
    ///
    /// # Errors
    /// 403 by `rule`, 404 where it does not.
    pub(crate) fn implication(
        &self,
        caller: &Caller,
        rule: &Rule,
        prior: &str,
        implied: &str,
    ) -> Result<(Arc<Role>, Arc<Role>)> {
        allow(caller, rule, &Target::none())?;
        let snapshot = self.snapshot();
        snapshot
            .implications
            .get(&format!("{prior}|{implied}"))
            .ok_or_else(|| does_not_imply(prior, implied))?;
        let role = |id: &str| snapshot.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id));
        Ok((role(prior)?, role(implied)?))
    }

    /// Lets a role imply another.
    ///
    /// # Errors
    /// 403 by the policy, for `admin` as the implied role and for a global role that would imply a domain's; 404 for roles.
    pub(crate) async fn imply(
        &self,
        caller: &Caller,
        prior: &str,
        implied: &str,
    ) -> Result<(Arc<Role>, Arc<Role>)> {
        allow(caller, &policy::CREATE_IMPLIED_ROLE, &Target::none())?;
        self.write(|draft| {
            let role = |id: &str| draft.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id));
            let (before, after) = (role(prior)?, role(implied)?);
            let global_to_domain = before.domain_id.is_none() && after.domain_id.is_some();
            if after.name == NEVER_IMPLIED || global_to_domain {
                return Err(Error::Refused(format!("{implied} cannot be an implied roles.")));
            }
            if draft.implications.get(&format!("{prior}|{implied}")).is_none() {
                draft.put(Implication { prior: prior.to_owned(), implied: implied.to_owned() });
            }
            Ok((before, after))
        })
        .await
    }

    /// Ends an implication.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn no_longer_imply(&self, caller: &Caller, prior: &str, implied: &str) -> Result<()> {
        allow(caller, &policy::DELETE_IMPLIED_ROLE, &Target::none())?;
        self.write(|draft| {
            let key = format!("{prior}|{implied}");
            draft.implications.get(&key).ok_or_else(|| does_not_imply(prior, implied))?;
            draft.delete(Kind::Implication, &key);
            Ok(())
        })
        .await
    }
}

fn does_not_imply(prior: &str, implied: &str) -> Error {
    Error::Missing(format!("{prior} does not imply {implied}."))
}

fn refuse_immutable(role: &Role, action: &str, unlocks: bool) -> Result<()> {
    if role.immutable != Some(true) || unlocks {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "Unable to {action} immutable role resource: `{}. Set resource option \"immutable\" to false first.",
        role.id
    )))
}

impl Draft {
    fn put_role(&mut self, role: Role) -> Result<Arc<Role>> {
        let key = crate::model::name_key(role.domain_id.as_deref(), &role.name);
        if self.roles.by_key(&key).is_some_and(|other| other.id != role.id) {
            return Err(Error::duplicate("role", &role.name));
        }
        self.put(role.clone());
        Ok(Arc::new(role))
    }
}
