//! From a token's text to what it is good for now. No SQL, no hashing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Identity;
use crate::error::{Error, Result};
use crate::model::{AccessRule, ApplicationCredential, Project, User};
use crate::snapshot::{RoleName, Snapshot};
use crate::token::{Token, TokenScope};

/// A token that holds, with all that it refers to.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// What it says.
    pub(crate) token: Token,
    /// Whose it is.
    pub(crate) user: Arc<User>,
    /// The user's domain.
    pub(crate) user_domain: Arc<Project>,
    /// What it is good for.
    pub(crate) scope: ResolvedScope,
    /// The roles in that scope, ordered by name.
    pub(crate) roles: Vec<RoleName>,
    /// The application credential that it came from.
    pub(crate) credential: Option<Arc<ApplicationCredential>>,
    /// The credential's access rules; `None` allows everything.
    pub(crate) access_rules: Option<Vec<Arc<AccessRule>>>,
}

/// A scope with its objects.
#[derive(Debug, Clone)]
pub(crate) enum ResolvedScope {
    Unscoped,
    Project { project: Arc<Project>, domain: Arc<Project> },
    Domain(Arc<Project>),
    System,
}

impl ResolvedScope {
    /// The project of the scope.
    pub(crate) fn project_id(&self) -> Option<&str> {
        match self {
            Self::Project { project, .. } => Some(&project.id),
            _ => None,
        }
    }
}

impl Identity {
    /// Reads a token's text and checks it: not expired (for longer than `grace_seconds`), not revoked, everything that
    /// it refers to still there and enabled.
    ///
    /// # Errors
    /// [`Error::Missing`] in Keystone's words, whatever is wrong.
    pub(crate) fn validate(&self, text: &str, grace_seconds: u64) -> Result<Resolved> {
        let failed = || Error::Missing("Failed to validate token".to_owned());
        let token = Token::open(text, &self.0.token_keys.ring()).map_err(|_| failed())?;
        let end = token.expires_at.plus(Duration::from_secs(grace_seconds));
        if self.clock().now() >= end {
            return Err(failed());
        }
        let snapshot = self.0.state.load();
        if snapshot.is_revoked(&token) {
            return Err(failed());
        }
        self.resolve(&snapshot, token).ok_or_else(failed)
    }

    /// Looks up what a token refers to; `None` where any of it is gone, disabled, or carries no role.
    pub(super) fn resolve(&self, snapshot: &Snapshot, token: Token) -> Option<Resolved> {
        let user = Arc::clone(snapshot.users.get(&token.user_id)?);
        let user_domain = Arc::clone(snapshot.domain(&user.domain_id)?);
        if !user.enabled || !user_domain.enabled {
            return None;
        }
        let scope = resolve_scope(snapshot, &token.scope)?;
        let credential = match &token.application_credential_id {
            Some(id) => Some(Arc::clone(snapshot.application_credentials.get(id)?)),
            None => None,
        };
        let roles = match &credential {
            Some(credential) => credential_roles(snapshot, credential),
            None => snapshot.token_roles(&user.id, &token.scope),
        };
        if roles.is_empty() && token.scope != TokenScope::Unscoped {
            return None;
        }
        let access_rules = credential
            .as_ref()
            .and_then(|credential| credential.access_rules.as_ref())
            .map(|ids| ids.iter().filter_map(|id| snapshot.access_rules.get(id)).cloned().collect());
        Some(Resolved { token, user, user_domain, scope, roles, credential, access_rules })
    }
}

fn resolve_scope(snapshot: &Snapshot, scope: &TokenScope) -> Option<ResolvedScope> {
    Some(match scope {
        TokenScope::Unscoped => ResolvedScope::Unscoped,
        TokenScope::System => ResolvedScope::System,
        TokenScope::Domain(id) => {
            ResolvedScope::Domain(Arc::clone(snapshot.domain(id).filter(|domain| domain.enabled)?))
        }
        TokenScope::Project(id) => {
            let project = snapshot.projects.get(id).filter(|project| snapshot.is_project_enabled(project))?;
            let domain = Arc::clone(snapshot.projects.get(project.domain())?);
            ResolvedScope::Project { project: Arc::clone(project), domain }
        }
    })
}

/// The credential's roles that its user still has on the project.
fn credential_roles(snapshot: &Snapshot, credential: &ApplicationCredential) -> Vec<RoleName> {
    let has = snapshot.role_ids(&credential.user_id, &TokenScope::Project(credential.project_id.clone()));
    let ids: BTreeSet<String> = credential.roles.iter().filter(|id| has.contains(*id)).cloned().collect();
    snapshot.named(&ids)
}
