//! What other services ask of identity.

use kogge_ids::{DomainId, ProjectId, UserId};

use super::Identity;
use crate::model::{Project, User};

/// A project in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSummary {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its domain (itself, if it is one).
    pub domain_id: DomainId,
    /// True where it and its domain are enabled.
    pub enabled: bool,
}

/// A user in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their domain.
    pub domain_id: DomainId,
    /// True where they and their domain are enabled.
    pub enabled: bool,
}

impl Identity {
    /// The project of that id.
    #[must_use]
    pub fn project(&self, id: &ProjectId) -> Option<ProjectSummary> {
        let snapshot = self.snapshot();
        let project = snapshot.projects.get(id.as_str())?;
        project_summary(project, snapshot.is_project_enabled(project))
    }

    /// The project (not domain) of that name in a domain.
    #[must_use]
    pub fn project_named(&self, domain_id: &DomainId, name: &str) -> Option<ProjectSummary> {
        let snapshot = self.snapshot();
        let project = snapshot.project_named(domain_id.as_str(), name)?;
        project_summary(project, snapshot.is_project_enabled(project))
    }

    /// All projects that are no domains, ordered by id.
    #[must_use]
    pub fn projects(&self) -> Vec<ProjectSummary> {
        let snapshot = self.snapshot();
        let all = snapshot.projects.iter().filter(|project| !project.is_domain);
        all.filter_map(|project| project_summary(project, snapshot.is_project_enabled(project))).collect()
    }

    /// The user of that id.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<UserSummary> {
        let snapshot = self.snapshot();
        let user = snapshot.users.get(id.as_str())?;
        user_summary(user, snapshot.is_user_enabled(user))
    }

    /// The user of that name in a domain.
    #[must_use]
    pub fn user_named(&self, domain_id: &DomainId, name: &str) -> Option<UserSummary> {
        let snapshot = self.snapshot();
        let user = snapshot.user_named(domain_id.as_str(), name)?;
        user_summary(user, snapshot.is_user_enabled(user))
    }
}

fn project_summary(project: &Project, enabled: bool) -> Option<ProjectSummary> {
    let (id, domain_id) = (project.id.parse().ok()?, project.domain().parse().ok()?);
    Some(ProjectSummary { id, name: project.name.clone(), domain_id, enabled })
}

fn user_summary(user: &User, enabled: bool) -> Option<UserSummary> {
    let (id, domain_id) = (user.id.parse().ok()?, user.domain_id.parse().ok()?);
    Some(UserSummary { id, name: user.name.clone(), domain_id, enabled })
}
