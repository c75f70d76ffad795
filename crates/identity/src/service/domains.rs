//! Domains: projects that own projects, users and groups.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::bounds::{checked_description, checked_extra};
use super::names::{PROJECT_NAME, checked_name, new_id};
use super::permission::{allow, allow_or_missing, is_seen, own_domain, with_domain};
use super::projects::{checked_tags, refuse_immutable};
use super::{Draft, Identity, ListQuery, Listed, NewProject, ProjectUpdate};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::policy;

impl Identity {
    fn allowed_domain(&self, caller: &Caller, rule: &Rule, id: &str) -> Result<Arc<Project>> {
        let found = self.snapshot().domain(id).cloned();
        allow_or_missing(
            caller,
            rule,
            found,
            |domain| with_domain(Target::none(), &domain.id),
            || Error::not_found("domain", id),
        )
    }

    /// Makes a domain; `explicit_id` is 32 hex digits.
    ///
    /// # Errors
    /// 403 by the policy, 400 for the id, 409 for name and id.
    pub(crate) async fn create_domain(
        &self,
        caller: &Caller,
        new: NewProject,
        explicit_id: Option<String>,
    ) -> Result<Arc<Project>> {
        allow(caller, &policy::CREATE_DOMAIN, &Target::none())?;
        if explicit_id.as_deref().is_some_and(|id| !is_simple_uuid(id)) {
            return Err(Error::invalid("Domain ID does not conform to required UUID format."));
        }
        let domain = Project {
            id: explicit_id.unwrap_or_else(new_id),
            name: checked_name("name", &new.name, PROJECT_NAME)?,
            domain_id: None,
            parent_id: None,
            is_domain: true,
            description: checked_description(new.description)?,
            enabled: new.enabled,
            tags: checked_tags(&new.tags)?,
            immutable: new.immutable,
            extra: checked_extra(new.extra)?,
        };
        self.write(|draft| {
            if draft.projects.get(&domain.id).is_some() {
                let because = format!("Duplicate entry found with ID {}", domain.id);
                return Err(Error::Conflict { kind: "domain", because });
            }
            draft.put_project(domain.clone())
        })
        .await
    }

    /// The domains of a list; a domain's token sees its own.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_domains(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Project>>> {
        allow(caller, &policy::LIST_DOMAINS, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let seen = snapshot.projects.iter().filter(|found| found.is_domain && is_seen(caller, &found.id));
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// A domain.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_domain(&self, caller: &Caller, id: &str) -> Result<Arc<Project>> {
        self.allowed_domain(caller, &policy::GET_DOMAIN, id)
    }

    /// Changes a domain. A disabled one refuses all logins and tokens of its users and projects.
    ///
    /// # Errors
    /// 403 by the policy and for immutable ones, 409 for the name.
    pub(crate) async fn update_domain(
        &self,
        caller: &Caller,
        id: &str,
        update: ProjectUpdate,
    ) -> Result<Arc<Project>> {
        self.allowed_domain(caller, &policy::UPDATE_DOMAIN, id)?;
        self.write(|draft| {
            let old = draft.domain(id).cloned().ok_or_else(|| Error::not_found("domain", id))?;
            draft.change_project(&old, update)
        })
        .await
    }

    /// Removes a disabled domain with everything in it.
    ///
    /// # Errors
    /// 403 by the policy, for enabled and for immutable ones.
    pub(crate) async fn delete_domain(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed_domain(caller, &policy::DELETE_DOMAIN, id)?;
        self.write(|draft| {
            let domain = draft.domain(id).cloned().ok_or_else(|| Error::not_found("domain", id))?;
            refuse_immutable(&domain, "delete", false)?;
            if domain.enabled {
                let because = "Cannot delete a domain that is enabled, please disable it first.";
                return Err(Error::Refused(because.to_owned()));
            }
            draft.remove_domain(id);
            Ok(())
        })
        .await
    }
}

fn is_simple_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl Draft {
    fn remove_domain(&mut self, id: &str) {
        let projects: Vec<String> = self
            .projects
            .iter()
            .filter(|project| project.domain_id.as_deref() == Some(id))
            .map(|project| project.id.clone())
            .collect();
        projects.iter().for_each(|id| self.remove_project(id));
        let users: Vec<String> =
            self.users.iter().filter(|user| user.domain_id == id).map(|user| user.id.clone()).collect();
        users.iter().for_each(|id| self.remove_user(id));
        let groups: Vec<String> =
            self.groups.iter().filter(|group| group.domain_id == id).map(|group| group.id.clone()).collect();
        groups.iter().for_each(|id| self.remove_group(id));
        let roles: Vec<String> = self
            .roles
            .iter()
            .filter(|role| role.domain_id.as_deref() == Some(id))
            .map(|role| role.id.clone())
            .collect();
        roles.iter().for_each(|id| self.remove_role(id));
        self.remove_project(id);
    }
}
