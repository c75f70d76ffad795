//! Finding things by name, and memberships.

use std::sync::Arc;

use super::Snapshot;
use crate::model::{Group, Project, Role, User, name_key};

impl Snapshot {
    /// The domain of that id.
    #[must_use]
    pub fn domain(&self, id: &str) -> Option<&Arc<Project>> {
        self.projects.get(id).filter(|project| project.is_domain)
    }

    /// The domain of that name.
    #[must_use]
    pub fn domain_named(&self, name: &str) -> Option<&Arc<Project>> {
        self.projects.by_key(&name_key(None, name)).filter(|project| project.is_domain)
    }

    /// The project of that name in a domain.
    #[must_use]
    pub fn project_named(&self, domain_id: &str, name: &str) -> Option<&Arc<Project>> {
        self.projects.by_key(&name_key(Some(domain_id), name))
    }

    /// The user of that name in a domain.
    #[must_use]
    pub fn user_named(&self, domain_id: &str, name: &str) -> Option<&Arc<User>> {
        self.users.by_key(&name_key(Some(domain_id), name))
    }

    /// The group of that name in a domain.
    #[must_use]
    pub fn group_named(&self, domain_id: &str, name: &str) -> Option<&Arc<Group>> {
        self.groups.by_key(&name_key(Some(domain_id), name))
    }

    /// The global role of that name.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.by_key(&name_key(None, name))
    }

    /// The groups that a user is in, by id.
    pub fn group_ids_of(&self, user_id: &str) -> Vec<String> {
        let prefix = format!("{user_id}|");
        self.memberships.with_prefix(&prefix).map(|member| member.group_id.clone()).collect()
    }

    /// The users of a group, by id.
    pub fn user_ids_in(&self, group_id: &str) -> Vec<String> {
        self.memberships.among("group_id", group_id, "").map(|member| member.user_id.clone()).collect()
    }

    /// True where the user and their domain are enabled.
    #[must_use]
    pub fn is_user_enabled(&self, user: &User) -> bool {
        user.enabled && self.domain(&user.domain_id).is_some_and(|domain| domain.enabled)
    }

    /// True where the project and its domain are enabled.
    #[must_use]
    pub fn is_project_enabled(&self, project: &Project) -> bool {
        project.enabled && self.projects.get(project.domain()).is_some_and(|domain| domain.enabled)
    }
}
