//! Logging in: proofs in, token out.

use std::sync::Arc;

use kogge_clock::Timestamp;

use super::proofs::Proven;
use super::{Client, Identity, KeyPair, Proof, RequestedScope, Resolved};
use crate::error::{Error, Result};
use crate::model::{ApplicationCredential, User};
use crate::token::{Method, Token, TokenScope, new_audit_id, ordered};

/// A login request.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// All of them must hold, and for the same user.
    pub(crate) proofs: Vec<Proof>,
    /// What the token shall be good for.
    pub(crate) scope: RequestedScope,
}

impl Identity {
    /// Checks the proofs and issues a token; answers its text and what it says.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for everything that is wrong about user, proof or scope, [`Error::PasswordExpired`],
    /// [`Error::TooManyTries`], [`Error::Busy`], [`Error::Forbidden`] where a token may not be exchanged.
    pub(crate) async fn log_in(&self, client: Client, login: Login) -> Result<(String, Resolved)> {
        let mut all = Vec::with_capacity(login.proofs.len());
        for proof in login.proofs {
            all.push(self.prove(client.clone(), proof).await?);
        }
        let first = all.first().ok_or(Error::Unauthorized)?;
        if all.iter().any(|proven| proven.user_id != first.user_id) {
            return Err(Error::Unauthorized);
        }
        let snapshot = self.snapshot();
        let user = snapshot.users.get(&first.user_id).ok_or(Error::Unauthorized)?;
        let methods = ordered(&all.iter().flat_map(|proven| proven.methods.clone()).collect::<Vec<_>>());
        enough_methods(user, &methods)?;
        let credential = all.iter().find_map(|proven| proven.credential.clone());
        let scope = match &credential {
            Some(credential) => TokenScope::Project(credential.project_id.clone()),
            None => login.scope.find(&snapshot, user)?,
        };
        let token = self.new_token(&all, methods, scope, credential.as_deref())?;
        let text = token.seal(&self.0.token_keys.ring());
        let resolved = self.resolve(&snapshot, token).ok_or(Error::Unauthorized)?;
        Ok((text, resolved))
    }

    /// A token for the user and project of a key pair whose signature was checked; with the bounds of the application
    /// credential that made the pair.
    pub(super) fn issue_for_signature(&self, pair: &KeyPair) -> Result<(String, Resolved)> {
        let snapshot = self.snapshot();
        let now = self.clock().now().as_micros();
        let credential = match &pair.application_credential_id {
            Some(id) => {
                let found = snapshot.application_credentials.get(id);
                let bound = found.filter(|found| Some(&found.project_id) == pair.project_id.as_ref());
                Some(Arc::clone(
                    bound
                        .filter(|found| found.expires_at.is_none_or(|end| end > now))
                        .ok_or(Error::Unauthorized)?,
                ))
            }
            None => None,
        };
        let user_id = pair.user_id.clone();
        let proven =
            Proven { user_id, methods: vec![Method::Ec2], token: None, credential: credential.clone() };
        let scope = TokenScope::Project(pair.project_id.clone().ok_or(Error::Unauthorized)?);
        let token = self.new_token(&[proven], vec![Method::Ec2], scope, credential.as_deref())?;
        let text = token.seal(&self.0.token_keys.ring());
        let resolved = self.resolve(&snapshot, token).ok_or(Error::Unauthorized)?;
        Ok((text, resolved))
    }

    fn new_token(
        &self,
        all: &[Proven],
        methods: Vec<Method>,
        scope: TokenScope,
        credential: Option<&ApplicationCredential>,
    ) -> Result<Token> {
        let issued_at = Timestamp::from_seconds(self.clock().now().as_seconds());
        let before = all.iter().find_map(|proven| proven.token.as_ref());
        if let Some(before) = before {
            Self::may_rescope(before, &scope)?;
        }
        // an exchanged token ends when the first one does, or one could live for ever
        let mut expires_at =
            before.map_or(issued_at.plus(self.config().token_life()), |before| before.expires_at);
        if let Some(end) = credential.and_then(|credential| credential.expires_at) {
            expires_at = expires_at.min(Timestamp::from_micros(end));
        }
        let mut audit_ids = vec![new_audit_id()];
        audit_ids.extend(before.and_then(|before| before.audit_ids.last().cloned()));
        Ok(Token {
            user_id: all.first().map(|proven| proven.user_id.clone()).ok_or(Error::Unauthorized)?,
            methods,
            scope,
            application_credential_id: credential.map(|credential| credential.id.clone()),
            issued_at,
            expires_at,
            audit_ids,
        })
    }
}

/// A user's multi-factor rules: one whole set of methods must have been used. Methods that nobody here offers do not
/// count, and rules without any other are void. Upstream: `UserMFARulesValidator`.
fn enough_methods(user: &Arc<User>, methods: &[Method]) -> Result<()> {
    let Some(rules) = &user.options.multi_factor_auth_rules else { return Ok(()) };
    if user.options.multi_factor_auth_enabled == Some(false) {
        return Ok(());
    }
    let known = |name: &String| Method::ALL.iter().any(|method| method.as_str() == name);
    let used = |name: &&String| methods.iter().any(|method| method.as_str() == name.as_str());
    let mut rules = rules.iter().map(|rule| rule.iter().filter(|name| known(name)).collect::<Vec<_>>());
    let mut any = false;
    let enough = rules.any(|rule| {
        any |= !rule.is_empty();
        !rule.is_empty() && rule.iter().all(used)
    });
    if enough || !any { Ok(()) } else { Err(Error::Unauthorized) }
}
