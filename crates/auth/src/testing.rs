//! Callers for tests: one per persona, and an authenticator that knows them by name.

use std::sync::Arc;

use async_trait::async_trait;
use kogge_clock::Timestamp;

use crate::{
    AuthError, Authenticate, Caller, Domain, Policies, Project, RequestFacts, Scope, TokenFacts, User,
};

/// The personas of the isolation tests. The token of each is its [`Persona::token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persona {
    /// Member of project `demo`.
    Member,
    /// Reader of project `demo`.
    Reader,
    /// Member of another project.
    OtherMember,
    /// Reader of the other project.
    OtherReader,
    /// Manager of the domain `default`.
    DomainManager,
    /// Admin, scoped to project `admin`.
    Admin,
    /// Admin with system scope.
    SystemAdmin,
    /// An admin's token that is good for nothing yet.
    Unscoped,
}

impl Persona {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Member,
        Self::Reader,
        Self::OtherMember,
        Self::OtherReader,
        Self::DomainManager,
        Self::Admin,
        Self::SystemAdmin,
        Self::Unscoped,
    ];

    /// Those whose token is not of a project.
    pub const WITHOUT_PROJECT: [Self; 3] = [Self::DomainManager, Self::SystemAdmin, Self::Unscoped];

    /// Its token for [`Personas`].
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Reader => "reader",
            Self::OtherMember => "other-member",
            Self::OtherReader => "other-reader",
            Self::DomainManager => "domain-manager",
            Self::Admin => "admin",
            Self::SystemAdmin => "system-admin",
            Self::Unscoped => "unscoped",
        }
    }

    /// Id of the project of its scope; 32 hex digits.
    #[must_use]
    pub fn project_id(self) -> String {
        let digit = match self {
            Self::Member | Self::Reader => "a",
            Self::OtherMember | Self::OtherReader => "b",
            _ => "c",
        };
        digit.repeat(32)
    }

    /// The caller.
    ///
    /// # Panics
    /// Never: the ids are constants.
    #[must_use]
    #[expect(clippy::expect_used, reason = "constants parse")]
    pub fn caller(self, policies: &Arc<Policies>) -> Caller {
        let domain = Domain { id: "default".parse().expect("constant"), name: "Default".to_owned() };
        let project = Project {
            id: self.project_id().parse().expect("constant"),
            name: self.token().to_owned(),
            domain: domain.clone(),
        };
        let user_id = format!("{:0>32}", hex_of(self.token()));
        let (scope, roles): (Scope, &[&str]) = match self {
            Self::Member | Self::OtherMember => (Scope::Project(project), &["member", "reader"]),
            Self::Reader | Self::OtherReader => (Scope::Project(project), &["reader"]),
            Self::DomainManager => (Scope::Domain(domain.clone()), &["manager", "member", "reader"]),
            Self::Admin => (Scope::Project(project), &["admin", "manager", "member", "reader"]),
            Self::SystemAdmin => (Scope::System, &["admin", "manager", "member", "reader"]),
            Self::Unscoped => (Scope::Unscoped, &[]),
        };
        let token = TokenFacts {
            issued_at: Timestamp::from_seconds(0),
            expires_at: Timestamp::from_seconds(1 << 40),
            audit_ids: vec![self.token().to_owned()],
            methods: vec!["password".to_owned()],
            application_credential: None,
            unrestricted: true,
        };
        let user = User { id: user_id.parse().expect("constant"), name: self.token().to_owned(), domain };
        let roles: Arc<[String]> = roles.iter().map(|role| (*role).to_owned()).collect();
        Caller::new(user, scope, roles, Arc::new(token), Arc::clone(policies))
    }
}

fn hex_of(name: &str) -> String {
    name.bytes().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the name of a persona as its token.
pub struct Personas(pub Arc<Policies>);

#[async_trait]
impl Authenticate for Personas {
    async fn authenticate(&self, token: &str, _: RequestFacts<'_>) -> Result<Caller, AuthError> {
        let found = Persona::ALL.into_iter().find(|persona| persona.token() == token);
        found.map(|persona| persona.caller(&self.0)).ok_or(AuthError::Unauthorized)
    }
}
