//! Proving who one is: password, token, application credential.

use std::sync::Arc;

use super::guesses::Guess;
use super::{Client, Identity, Resolved};
use crate::error::{Error, Result};
use crate::model::{ApplicationCredential, User, credential_key};
use crate::secret::Secret;
use crate::snapshot::Snapshot;
use crate::token::{Method, Token, TokenScope};

/// One proof out of a login request.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A user's password.
    Password { user: UserRef, password: Secret },
    /// An earlier token.
    Token(Secret),
    /// The secret of an application credential.
    ApplicationCredential { credential: CredentialRef, secret: Secret },
}

/// Which user is meant.
#[derive(Debug, Clone)]
pub(crate) enum UserRef {
    Id(String),
    Name { name: String, domain: DomainRef },
}

/// Which domain is meant.
#[derive(Debug, Clone)]
pub(crate) enum DomainRef {
    Id(String),
    Name(String),
}

/// Which application credential is meant.
#[derive(Debug, Clone)]
pub(crate) enum CredentialRef {
    Id(String),
    Name { name: String, user: UserRef },
}

/// What a proof showed.
pub(super) struct Proven {
    pub(super) user_id: String,
    pub(super) methods: Vec<Method>,
    /// The token that it was, for its end and its chain.
    pub(super) token: Option<Token>,
    pub(super) credential: Option<Arc<ApplicationCredential>>,
}

impl DomainRef {
    pub(super) fn find(&self, snapshot: &Snapshot) -> Option<String> {
        let found = match self {
            Self::Id(id) => snapshot.domain(id),
            Self::Name(name) => snapshot.domain_named(name),
        };
        found.filter(|domain| domain.enabled).map(|domain| domain.id.clone())
    }

    fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Name(text) => text,
        }
    }
}

impl UserRef {
    fn find<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Arc<User>> {
        match self {
            Self::Id(id) => snapshot.users.get(id),
            Self::Name { name, domain } => snapshot.user_named(&domain.find(snapshot)?, name),
        }
    }

    /// What tries are counted by where there is no such user.
    fn account(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Name { name, domain } => format!("{}/{name}", domain.text()),
        }
    }
}

impl CredentialRef {
    fn find<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Arc<ApplicationCredential>> {
        match self {
            Self::Id(id) => snapshot.application_credentials.get(id),
            Self::Name { name, user } => {
                let key = credential_key(&user.find(snapshot)?.id, name);
                snapshot.application_credentials.by_key(&key)
            }
        }
    }

    fn account(&self) -> String {
        match self {
            Self::Id(id) => id.clone(),
            Self::Name { name, user } => format!("{}/{name}", user.account()),
        }
    }
}

/// What the wrong passwords of a user are counted for; `None` where the account never locks.
pub(super) fn lock_of_user(user: &User) -> Option<String> {
    (user.options.ignore_lockout_failure_attempts != Some(true)).then(|| format!("user {}", user.id))
}

/// What the wrong secrets of an application credential are counted for.
fn lock_of_credential(id: &str) -> String {
    format!("application credential {id}")
}

/// Whether what wrong secrets were counted for is still there.
pub(super) fn exists(snapshot: &Snapshot, counted_for: &str) -> bool {
    match counted_for.strip_prefix("user ") {
        Some(id) => snapshot.users.get(id).is_some(),
        None => counted_for
            .strip_prefix("application credential ")
            .is_some_and(|id| snapshot.application_credentials.get(id).is_some()),
    }
}

impl Identity {
    pub(super) async fn prove(&self, client: Client, proof: Proof) -> Result<Proven> {
        match proof {
            Proof::Password { user, password } => self.prove_password(client, &user, password).await,
            Proof::Token(text) => self.prove_token(&text),
            Proof::ApplicationCredential { credential, secret } => {
                self.prove_credential(client, &credential, secret).await
            }
        }
    }

    /// An unknown, locked or disabled user takes as long as a wrong password and answers the same.
    async fn prove_password(&self, client: Client, user: &UserRef, password: Secret) -> Result<Proven> {
        let snapshot = self.snapshot();
        let now = self.clock().now();
        let found = user.find(&snapshot);
        let account = found.map_or_else(|| user.account(), |user| user.id.clone());
        self.0.logins.try_once(&client, &account)?;
        let usable = found.filter(|user| snapshot.is_user_enabled(user));
        let hash = usable.and_then(|user| user.password()).map(|password| password.hash.clone());
        let counted_for = usable.and_then(|user| lock_of_user(user));
        let guess = Guess { client, account: &account, counted_for, secret: password, hash };
        let right = self.is_right(guess, now).await?;
        let user = usable.filter(|_| right).ok_or(Error::Unauthorized)?;
        if user.password().and_then(|password| password.expires_at).is_some_and(|end| end <= now.as_micros())
        {
            return Err(Error::PasswordExpired { user_id: user.id.clone() });
        }
        Ok(Proven {
            user_id: user.id.clone(),
            methods: vec![Method::Password],
            token: None,
            credential: None,
        })
    }

    /// A token may be exchanged for one of another scope, but not if it stands for less than its user. Upstream:
    /// `keystone/auth/plugins/token.py`.
    fn prove_token(&self, text: &Secret) -> Result<Proven> {
        let Resolved { token, .. } = self.validate(text.reveal(), 0)?;
        if token.application_credential_id.is_some() || token.methods.contains(&Method::Ec2) {
            let action = "Using a delegated token to create another token is not allowed.".to_owned();
            return Err(Error::Forbidden { action });
        }
        let mut methods = token.methods.clone();
        methods.push(Method::Token);
        Ok(Proven { user_id: token.user_id.clone(), methods, token: Some(token), credential: None })
    }

    async fn prove_credential(
        &self,
        client: Client,
        credential: &CredentialRef,
        secret: Secret,
    ) -> Result<Proven> {
        let snapshot = self.snapshot();
        let now = self.clock().now();
        let found = credential.find(&snapshot);
        let account = found.map_or_else(|| credential.account(), |found| found.id.clone());
        self.0.logins.try_once(&client, &account)?;
        let usable =
            found.filter(|found| found.expires_at.is_none_or(|end| end > now.as_micros())).filter(|found| {
                snapshot.users.get(&found.user_id).is_some_and(|user| snapshot.is_user_enabled(user))
            });
        let hash = usable.map(|found| found.secret_hash.clone());
        let counted_for = usable.map(|found| lock_of_credential(&found.id));
        let right =
            self.is_right(Guess { client, account: &account, counted_for, secret, hash }, now).await?;
        let found = usable.filter(|_| right).ok_or(Error::Unauthorized)?;
        Ok(Proven {
            user_id: found.user_id.clone(),
            methods: vec![Method::ApplicationCredential],
            token: None,
            credential: Some(Arc::clone(found)),
        })
    }

    /// A token that was exchanged may not grow: from the system's to a project's or domain's is refused.
    pub(super) fn may_rescope(from: &Token, to: &TokenScope) -> Result<()> {
        if from.scope == TokenScope::System && matches!(to, TokenScope::Project(_) | TokenScope::Domain(_)) {
            let action = "Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.";
            return Err(Error::Forbidden { action: action.to_owned() });
        }
        Ok(())
    }
}
