//! The scope that a login asks for.

use super::DomainRef;
use crate::error::{Error, Result};
use crate::model::User;
use crate::snapshot::Snapshot;
use crate::token::TokenScope;

/// What a login asks for.
#[derive(Debug, Clone)]
pub(crate) enum RequestedScope {
    /// Nothing: the user's default project, or none.
    Default,
    /// Explicitly nothing.
    Unscoped,
    /// A project.
    Project(ProjectRef),
    /// A domain.
    Domain(DomainRef),
    /// The system.
    System,
}

/// Which project is meant.
#[derive(Debug, Clone)]
pub(crate) enum ProjectRef {
    Id(String),
    Name { name: String, domain: DomainRef },
}

impl RequestedScope {
    /// The scope itself; 401 for what is not there or disabled, as for what one has no role on.
    pub(super) fn find(&self, snapshot: &Snapshot, user: &User) -> Result<TokenScope> {
        match self {
            Self::Default => Ok(default_scope(snapshot, user)),
            Self::Unscoped => Ok(TokenScope::Unscoped),
            Self::System => Ok(TokenScope::System),
            Self::Domain(domain) => domain.find(snapshot).map(TokenScope::Domain).ok_or(Error::Unauthorized),
            Self::Project(project) => {
                project.find(snapshot).map(TokenScope::Project).ok_or(Error::Unauthorized)
            }
        }
    }
}

impl ProjectRef {
    fn find(&self, snapshot: &Snapshot) -> Option<String> {
        let found = match self {
            Self::Id(id) => snapshot.projects.get(id),
            Self::Name { name, domain } => snapshot.project_named(&domain.find(snapshot)?, name),
        };
        let usable = found.filter(|project| !project.is_domain && snapshot.is_project_enabled(project));
        usable.map(|project| project.id.clone())
    }
}

/// The default project where it is enabled and the user has a role on it. Upstream: `_check_and_set_default_scoping`.
fn default_scope(snapshot: &Snapshot, user: &User) -> TokenScope {
    let wanted = user.default_project_id.as_deref().and_then(|id| snapshot.projects.get(id));
    let usable = wanted.filter(|project| !project.is_domain && snapshot.is_project_enabled(project));
    let scope = usable.map(|project| TokenScope::Project(project.id.clone()));
    scope.filter(|scope| !snapshot.token_roles(&user.id, scope).is_empty()).unwrap_or(TokenScope::Unscoped)
}
