//! The caller of a request.

use std::sync::Arc;

use kogge_clock::Timestamp;
use kogge_ids::{ApplicationCredentialId, DomainId, ProjectId, UserId};

use crate::{Denied, Policies, Rule, Target};

/// Who calls, in which scope, with which roles. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// What the token is good for.
    pub scope: Scope,
    /// Names of the roles in this scope, implied ones included.
    pub roles: Arc<[String]>,
    /// Facts about the token.
    pub token: Arc<TokenFacts>,
    /// Id of the request, `req-…`.
    pub request_id: String,
    pub(crate) policies: Arc<Policies>,
}

/// A user with domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// The domain it belongs to.
    pub domain: Domain,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Its name.
    pub name: String,
}

/// A project with domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The domain it belongs to.
    pub domain: Domain,
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Only for asking for a better one.
    Unscoped,
    /// A project.
    Project(Project),
    /// A domain.
    Domain(Domain),
    /// The whole system.
    System,
}

/// Facts about a token, for the identity service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its own audit id, then that of the first token of its chain.
    pub audit_ids: Vec<String>,
    /// How the user proved who it is.
    pub methods: Vec<String>,
    /// The application credential it was made with.
    pub application_credential: Option<ApplicationCredentialId>,
    /// False for an application credential that may not make others.
    pub unrestricted: bool,
}

impl Caller {
    /// A caller; `policies` is what [`Caller::allow`] asks.
    #[must_use]
    pub fn new(
        user: User,
        scope: Scope,
        roles: Arc<[String]>,
        token: Arc<TokenFacts>,
        policies: Arc<Policies>,
    ) -> Self {
        Self { user, scope, roles, token, request_id: String::new(), policies }
    }

    /// Id of the project of the scope, if it is one.
    #[must_use]
    pub const fn project_id(&self) -> Option<&ProjectId> {
        match &self.scope {
            Scope::Project(project) => Some(&project.id),
            _ => None,
        }
    }

    /// As [`Caller::project_id`], for what cannot be done without a project. There is no empty project.
    ///
    /// # Errors
    /// [`Denied`] with the name of the rule that was asked for, where the token is not of a project.
    pub const fn require_project(&self, rule: &Rule) -> Result<&ProjectId, Denied> {
        match self.project_id() {
            Some(project) => Ok(project),
            None => Err(Denied { rule: rule.name }),
        }
    }

    /// Id of the domain of the scope, if it is one.
    #[must_use]
    pub const fn domain_id(&self) -> Option<&DomainId> {
        match &self.scope {
            Scope::Domain(domain) => Some(&domain.id),
            _ => None,
        }
    }

    /// True with a role of this name.
    #[must_use]
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.eq_ignore_ascii_case(name))
    }

    /// Whether `rule` lets the caller act on `target`.
    #[must_use]
    pub fn may(&self, rule: &Rule, target: &Target<'_>) -> bool {
        self.policies.check(rule, self, target)
    }

    /// As [`Caller::may`], as a result.
    ///
    /// # Errors
    /// [`Denied`] with the rule's name.
    pub fn allow(&self, rule: &Rule, target: &Target<'_>) -> Result<(), Denied> {
        if self.may(rule, target) { Ok(()) } else { Err(Denied { rule: rule.name }) }
    }

    /// Whether `rule` allows something that belongs to the caller's own project and user: what one may do at all.
    #[must_use]
    pub fn may_on_own(&self, rule: &Rule) -> bool {
        self.may(rule, &Target::own(self))
    }

    /// As [`Caller::may_on_own`], as a result.
    ///
    /// # Errors
    /// [`Denied`] with the rule's name.
    pub fn allow_on_own(&self, rule: &Rule) -> Result<(), Denied> {
        self.allow(rule, &Target::own(self))
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("user", &self.user.id)
            .field("scope", &self.scope)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
