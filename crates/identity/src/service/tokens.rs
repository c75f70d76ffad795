//! Looking at tokens and revoking them, for callers.

use kogge_auth::{Caller, Target};

use super::permission::{allow, own_domain};
use super::{Draft, Identity, Resolved};
use crate::error::{Error, Result};
use crate::model::{Kind, Revocation};
use crate::policy;

/// The version of access rules that a service must understand to be shown a token that has some.
const ACCESS_RULES_VERSION: f32 = 1.0;

/// Most revocations that one write forgets.
pub(crate) const PURGED_AT_ONCE: usize = 500;

/// How a service asks for a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// `X-Subject-Token`.
    pub(crate) text: Option<&'a str>,
    /// Whether it holds is all that is asked: `HEAD`.
    pub(crate) only_checks: bool,
    /// `allow_expired`: also one that ended lately.
    pub(crate) allow_expired: bool,
    /// `OpenStack-Identity-Access-Rules`.
    pub(crate) access_rules_version: Option<&'a str>,
}

impl Identity {
    /// Shows a token to whom the policy lets see it.
    ///
    /// # Errors
    /// 404 for one that does not hold, before the policy is asked, as Keystone does.
    pub(crate) fn look_at_token(&self, caller: &Caller, look: Look<'_>) -> Result<Resolved> {
        let rule = if look.only_checks { policy::CHECK_TOKEN } else { policy::VALIDATE_TOKEN };
        let text = look.text.ok_or_else(|| Error::Missing("No token in the request".to_owned()))?;
        let grace = if look.allow_expired { self.config().allow_expired_seconds } else { 0 };
        let found = self.validate(text, grace)?;
        let target = Target::none().attr("target.token.user_id", found.token.user_id.clone());
        allow(caller, &rule, &target)?;
        let understood = look.access_rules_version.and_then(|version| version.trim().parse::<f32>().ok());
        if found.access_rules.is_some() && understood.is_none_or(|version| version < ACCESS_RULES_VERSION) {
            return Err(Error::Missing("Failed to validate token".to_owned()));
        }
        Ok(found)
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// 404 for one that does not hold, 403 by the policy, [`Error::TooManyTries`] where its user revokes one after the other.
    pub(crate) async fn revoke_token(&self, caller: &Caller, text: Option<&str>) -> Result<()> {
        let text = text.ok_or_else(|| Error::Missing("No token in the request".to_owned()))?;
        let token = self.validate(text, 0)?.token;
        allow(
            caller,
            &policy::REVOKE_TOKEN,
            &Target::none().attr("target.token.user_id", token.user_id.clone()),
        )?;
        self.0.revocations.check(&token.user_id)?;
        let audit_id = token.audit_ids.first().cloned();
        self.write(|draft| {
            draft.revoke(|event| Revocation { audit_id, ..event });
            Ok(())
        })
        .await
    }

    /// Revocations that still matter, newest last.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn revocations(&self, caller: &Caller, since: Option<i64>) -> Result<Vec<Revocation>> {
        allow(caller, &policy::LIST_REVOKE_EVENTS, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let mut events: Vec<Revocation> = snapshot
            .revocations
            .iter()
            .filter(|event| since.is_none_or(|since| event.revoked_at >= since))
            .map(|event| (**event).clone())
            .collect();
        events.sort_by_key(|event| event.revoked_at);
        Ok(events)
    }

    /// Forgets revocations of tokens that have all ended by now, so many at a time that no other write waits long; answers
    /// how many.
    pub(crate) async fn purge_revocations(&self) -> Result<usize> {
        let kept =
            self.config().token_life() + std::time::Duration::from_secs(self.config().allow_expired_seconds);
        self.write(|draft| {
            let before = draft.now.minus(kept + std::time::Duration::from_secs(1800)).as_micros();
            let old: Vec<String> = draft
                .revocations
                .iter()
                .filter(|event| event.revoked_at < before)
                .take(PURGED_AT_ONCE)
                .map(|event| event.id.clone())
                .collect();
            old.iter().for_each(|id| draft.delete(Kind::Revocation, id));
            Ok(old.len())
        })
        .await
    }
}

impl Draft {
    /// Adds a revocation of everything issued up to this second, narrowed by `shape`.
    pub(super) fn revoke(&mut self, shape: impl FnOnce(Revocation) -> Revocation) {
        let now = kogge_clock::Timestamp::from_seconds(self.now.as_seconds()).as_micros();
        let event = Revocation {
            id: kogge_ids::UserId::random().into(),
            audit_id: None,
            user_id: None,
            project_id: None,
            issued_before: now,
            revoked_at: now,
        };
        self.put(shape(event));
    }

    /// Ends all tokens of a user.
    pub(crate) fn revoke_user(&mut self, user_id: &str) {
        let user_id = Some(user_id.to_owned());
        self.revoke(|event| Revocation { user_id, ..event });
    }

    /// Ends all tokens for a project.
    pub(crate) fn revoke_project(&mut self, project_id: &str) {
        let project_id = Some(project_id.to_owned());
        self.revoke(|event| Revocation { project_id, ..event });
    }
}
