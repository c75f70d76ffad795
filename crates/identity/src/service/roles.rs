//! What roles imply.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogge_auth::{Caller, Target};

use super::Identity;
use super::permission::allow;
use crate::error::{Error, Result};
use crate::model::{Implication, Kind, Role};
use crate::policy;

/// A role and those that it implies directly.
pub(crate) type Implied = (Arc<Role>, Vec<Arc<Role>>);

/// Keystone forbids a role that gives `admin` by implication.
const NEVER_IMPLIED: &str = "admin";

impl Identity {
    /// A role and those that it implies directly.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such role.
    pub(crate) fn implied_by(&self, caller: &Caller, prior: &str) -> Result<Implied> {
        allow(caller, &policy::LIST_IMPLIED_ROLES, &Target::none())?;
        let snapshot = self.snapshot();
        let role = snapshot.roles.get(prior).ok_or_else(|| Error::not_found("role", prior))?;
        let prefix = format!("{prior}|");
        let implied = snapshot.implications.with_prefix(&prefix);
        let implied = implied.filter_map(|row| snapshot.roles.get(&row.implied)).cloned().collect();
        Ok((Arc::clone(role), implied))
    }

    /// All implications: each role with those that it implies directly.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn implications(&self, caller: &Caller) -> Result<Vec<Implied>> {
        allow(caller, &policy::LIST_ROLE_INFERENCE_RULES, &Target::none())?;
        let snapshot = self.snapshot();
        let mut rules: BTreeMap<&str, Vec<Arc<Role>>> = BTreeMap::new();
        for row in snapshot.implications.iter() {
            rules.entry(&row.prior).or_default().extend(snapshot.roles.get(&row.implied).cloned());
        }
        Ok(rules
            .into_iter()
            .filter_map(|(id, implied)| Some((snapshot.roles.get(id)?.clone(), implied)))
            .collect())
    }

    /// Two roles of which the first implies the second; `only_checks` where that it does is all that is asked.
    ///
    /// # Errors
    /// 403 by the policy, 404 where it does not.
    pub(crate) fn implication(
        &self,
        caller: &Caller,
        only_checks: bool,
        prior: &str,
        implied: &str,
    ) -> Result<(Arc<Role>, Arc<Role>)> {
        let rule = if only_checks { policy::CHECK_IMPLIED_ROLE } else { policy::GET_IMPLIED_ROLE };
        allow(caller, &rule, &Target::none())?;
        let snapshot = self.snapshot();
        snapshot
            .implications
            .get(&format!("{prior}|{implied}"))
            .ok_or_else(|| does_not_imply(prior, implied))?;
        let role = |id: &str| snapshot.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id));
        Ok((role(prior)?, role(implied)?))
    }

    /// Lets a role imply another.
    ///
    /// # Errors
    /// 403 by the policy, for `admin` as the implied role and for a global role that would imply a domain's; 404 for roles.
    pub(crate) async fn imply(
        &self,
        caller: &Caller,
        prior: &str,
        implied: &str,
    ) -> Result<(Arc<Role>, Arc<Role>)> {
        allow(caller, &policy::CREATE_IMPLIED_ROLE, &Target::none())?;
        self.write(|draft| {
            let role = |id: &str| draft.roles.get(id).cloned().ok_or_else(|| Error::not_found("role", id));
            let (before, after) = (role(prior)?, role(implied)?);
            let global_to_domain = before.domain_id.is_none() && after.domain_id.is_some();
            if after.name == NEVER_IMPLIED || global_to_domain {
                return Err(Error::Refused(format!("{implied} cannot be an implied roles.")));
            }
            if draft.implications.get(&format!("{prior}|{implied}")).is_none() {
                draft.put(Implication { prior: prior.to_owned(), implied: implied.to_owned() });
            }
            Ok((before, after))
        })
        .await
    }

    /// Ends an implication.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn no_longer_imply(&self, caller: &Caller, prior: &str, implied: &str) -> Result<()> {
        allow(caller, &policy::DELETE_IMPLIED_ROLE, &Target::none())?;
        self.write(|draft| {
            let key = format!("{prior}|{implied}");
            draft.implications.get(&key).ok_or_else(|| does_not_imply(prior, implied))?;
            draft.delete(Kind::Implication, &key);
            Ok(())
        })
        .await
    }
}

fn does_not_imply(prior: &str, implied: &str) -> Error {
    Error::Missing(format!("{prior} does not imply {implied}."))
}
