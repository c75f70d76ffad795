//! Quotas: what a project may have. Counted inside the transaction that adds.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::Tx;

use super::{permit, permit_change};
use crate::error::{Error, Result};
use crate::store::quotas as store;
use crate::{Networking, policy};
use kogge_db::Source;

/// A resource that quotas know, with upstream's default.
pub(crate) const DEFAULTS: &[(&str, i64)] = &[
    ("floatingip", 50),
    ("network", 100),
    ("port", 500),
    ("rbac_policy", 10),
    ("router", 10),
    ("security_group", 10),
    ("security_group_rule", 100),
    ("subnet", 100),
    ("subnetpool", -1),
];

/// Most per project of what upstream has no quota for, or none by default: nothing grows without end. An admin who
/// sets a quota of -1 for a project lifts it there.
const CEILINGS: &[(&str, i64)] = &[("address_scope", 100), ("subnetpool", 500)];

/// Limit and use of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Most; -1 for no limit.
    pub limit: i64,
    /// In use.
    pub used: i64,
}

impl Networking {
    /// The defaults.
    #[must_use]
    pub fn default_quotas(&self) -> BTreeMap<String, i64> {
        let configured = &self.config().quotas;
        DEFAULTS
            .iter()
            .map(|(name, amount)| ((*name).to_owned(), configured.get(*name).copied().unwrap_or(*amount)))
            .collect()
    }

    /// Asks the policy about a project that is not the caller's own: everybody may see the limits of that one.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`.
    pub(crate) fn may_see_quotas(&self, caller: &Caller, project: &str) -> Result<()> {
        if super::is_own(caller, project) {
            return Ok(());
        }
        permit(caller, &policy::GET_QUOTA, &Target::project(project))
    }

    /// The limits of a project, for whom may see them.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`.
    pub async fn quotas(&self, caller: &Caller, project: &str) -> Result<BTreeMap<String, i64>> {
        self.may_see_quotas(caller, project)?;
        self.limits(&mut self.db().into(), project).await
    }

    /// Limits and uses of a project.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`.
    pub async fn quota_usage(&self, caller: &Caller, project: &str) -> Result<BTreeMap<String, Usage>> {
        self.may_see_quotas(caller, project)?;
        let mut source: Source<'_> = self.db().into();
        let mut found = BTreeMap::new();
        for (name, limit) in self.limits(&mut source, project).await? {
            let used = store::count(&mut source, project, &name).await?;
            found.insert(name, Usage { limit, used });
        }
        Ok(found)
    }

    /// Every project with limits of its own.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`.
    pub async fn all_quotas(&self, caller: &Caller) -> Result<Vec<(String, BTreeMap<String, i64>)>> {
        permit(caller, &policy::GET_QUOTA, &Target::none())?;
        let mut source: Source<'_> = self.db().into();
        let mut found = Vec::new();
        for project in store::projects(&mut source).await? {
            let limits = self.limits(&mut source, &project).await?;
            found.push((project, limits));
        }
        Ok(found)
    }

    /// Sets limits. Without `force` none is set below what the project has.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`; 400 for an unknown resource, an amount below -1 or below what is in use.
    pub async fn set_quotas(
        &self,
        caller: &Caller,
        project: &str,
        amounts: &BTreeMap<String, i64>,
        force: bool,
    ) -> Result<BTreeMap<String, i64>> {
        permit_change(caller, &policy::UPDATE_QUOTA, &policy::GET_QUOTA, &Target::project(project), || {
            Error::Policy(policy::UPDATE_QUOTA.name.to_owned())
        })?;
        let mut tx = self.db().begin().await?;
        for (name, amount) in amounts {
            if !DEFAULTS.iter().any(|(known, _)| known == name) {
                return Err(Error::Attribute(format!("Unrecognized attribute(s) '{name}'")));
            }
            if !(-1..=i64::from(i32::MAX)).contains(amount) {
                return Err(Error::Attribute(format!(
                    "Invalid input for {name}. Reason: '{amount}' is not in [-1, 2147483647]."
                )));
            }
            if *amount >= 0 && !force {
                self.not_below_use(&mut tx, project, name, *amount).await?;
            }
            store::set(&mut tx, project, name, *amount).await?;
        }
        let limits = self.limits(&mut (&mut tx).into(), project).await?;
        tx.commit().await?;
        Ok(limits)
    }

    /// Back to the defaults.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `TenantQuotaNotFound`.
    pub async fn reset_quotas(&self, caller: &Caller, project: &str) -> Result<()> {
        permit(caller, &policy::DELETE_QUOTA, &Target::project(project))?;
        let mut tx = self.db().begin().await?;
        let had = store::reset(&mut tx, project).await?;
        tx.commit().await?;
        if had { Ok(()) } else { Err(Error::quota_not_found(project)) }
    }

    /// Refuses a limit below what the project has of a resource; nobody adds to that until the transaction ends.
    async fn not_below_use(&self, tx: &mut Tx, project: &str, resource: &str, limit: i64) -> Result<()> {
        store::lock(tx, project, resource).await?;
        let used = store::count(&mut tx.into(), project, resource).await?;
        if used <= limit {
            return Ok(());
        }
        Err(Error::Attribute(format!(
            "Quota limit {limit} for {resource} must be greater than or equal to already used {used}"
        )))
    }

    async fn limits(&self, source: &mut Source<'_>, project: &str) -> Result<BTreeMap<String, i64>> {
        let mut limits = self.default_quotas();
        limits.extend(store::of_project(source, project).await?);
        Ok(limits)
    }

    /// Whether an admin set this limit for the project.
    async fn is_lifted(&self, tx: &mut Tx, project: &str, resource: &str) -> Result<bool> {
        Ok(store::of_project(&mut tx.into(), project).await?.contains_key(resource))
    }

    /// Makes sure that `project` may have `more` of `resource`; call it before the insert, in its transaction.
    pub(crate) async fn charge(&self, tx: &mut Tx, project: &str, resource: &str, more: i64) -> Result<()> {
        store::lock(tx, project, resource).await?;
        if resource == store::COUNTED {
            store::add_up(tx, project).await?;
        }
        let limits = self.limits(&mut (&mut *tx).into(), project).await?;
        let ceiling = CEILINGS.iter().find(|(name, _)| *name == resource).map(|(_, most)| *most);
        let limit = match (limits.get(resource).copied(), ceiling) {
            (Some(limit), Some(most)) if limit < 0 && !self.is_lifted(tx, project, resource).await? => most,
            (Some(limit), _) => limit,
            (None, most) => most.unwrap_or(-1),
        };
        if limit >= 0 && store::count(&mut tx.into(), project, resource).await? + more > limit {
            return Err(Error::over_quota(resource));
        }
        Ok(())
    }
}
