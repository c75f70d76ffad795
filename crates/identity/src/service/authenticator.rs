//! What the front door asks: token in, caller out.

use std::sync::Arc;

use async_trait::async_trait;
use kogge_auth::{AuthError, Authenticate, Caller, Domain, Project, RequestFacts, Scope, TokenFacts, User};

use super::path_pattern::matches;
use super::{Identity, Resolved, ResolvedScope};
use crate::model;

#[async_trait]
impl Authenticate for Identity {
    async fn authenticate(&self, token: &str, request: RequestFacts<'_>) -> Result<Caller, AuthError> {
        let resolved = self.validate(token, 0).map_err(|_| AuthError::Unauthorized)?;
        if !allowed_by_rules(&resolved, request) {
            return Err(AuthError::Unauthorized);
        }
        self.caller(&resolved).ok_or(AuthError::Unauthorized)
    }
}

/// Whether the access rules of the application credential, if any, cover the request. Upstream: keystonemiddleware.
fn allowed_by_rules(resolved: &Resolved, request: RequestFacts<'_>) -> bool {
    resolved.access_rules.as_ref().is_none_or(|rules| {
        rules.iter().any(|rule| {
            rule.service == request.service
                && rule.method == request.method
                && matches(&rule.path, request.path)
        })
    })
}

impl Identity {
    /// The caller behind a token that holds. `None` only for ids that are none.
    pub(crate) fn caller(&self, resolved: &Resolved) -> Option<Caller> {
        let user = User {
            id: resolved.user.id.parse().ok()?,
            name: resolved.user.name.clone(),
            domain: domain(&resolved.user_domain)?,
        };
        let scope = match &resolved.scope {
            ResolvedScope::Unscoped => Scope::Unscoped,
            ResolvedScope::System => Scope::System,
            ResolvedScope::Domain(found) => Scope::Domain(domain(found)?),
            ResolvedScope::Project { project, domain: of } => Scope::Project(Project {
                id: project.id.parse().ok()?,
                name: project.name.clone(),
                domain: domain(of)?,
            }),
        };
        let roles: Arc<[String]> = resolved.roles.iter().map(|role| role.name.clone()).collect();
        Some(Caller::new(user, scope, roles, Arc::new(facts(resolved)?), Arc::clone(&self.0.policies)))
    }
}

fn domain(found: &model::Project) -> Option<Domain> {
    Some(Domain { id: found.id.parse().ok()?, name: found.name.clone() })
}

fn facts(resolved: &Resolved) -> Option<TokenFacts> {
    let token = &resolved.token;
    let credential = resolved.credential.as_ref();
    Some(TokenFacts {
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        audit_ids: token.audit_ids.clone(),
        methods: token.methods.iter().map(|method| method.as_str().to_owned()).collect(),
        application_credential: credential.map(|credential| credential.id.parse()).transpose().ok()?,
        unrestricted: credential.is_none_or(|credential| credential.unrestricted),
    })
}
