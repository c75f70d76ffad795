//! Limits of projects, and what they use.

use kogge_auth::{Caller, Target};

use crate::error::{Error, Result};
use crate::model::quota::{Limits, RESOURCES, Usage};
use crate::store::quotas as store;
use crate::{Compute, policy};

/// Limits with usage.
pub(crate) type LimitsAndUsage = (Limits, Usage);

impl Compute {
    /// The limits of a project and what it uses, for its limits page.
    pub(crate) async fn project_limits(
        &self,
        caller: &Caller,
        other: Option<&str>,
    ) -> Result<LimitsAndUsage> {
        caller.allow(&policy::LIMITS, &Target::none())?;
        let own = caller.require_project(&policy::LIMITS)?.as_str();
        if other.is_some() {
            caller.allow(&policy::LIMITS_OTHER, &Target::own(caller))?;
        }
        self.limits_and_usage(other.unwrap_or(own)).await
    }

    /// The quota set of a project; `detail` is its own rule.
    pub(crate) async fn quota_set(
        &self,
        caller: &Caller,
        project: &str,
        detail: bool,
    ) -> Result<LimitsAndUsage> {
        let rule = if detail { &policy::QUOTA_DETAIL } else { &policy::QUOTA_SHOW };
        caller.allow(rule, &Target::project(project))?;
        self.limits_and_usage(project).await
    }

    /// The limits of a project that nobody set any for.
    pub(crate) async fn default_quota_set(&self, caller: &Caller, project: &str) -> Result<Limits> {
        caller.allow(&policy::QUOTA_DEFAULTS, &Target::project(project))?;
        Ok(store::limits(self.db(), store::EVERYBODY, &self.config().quota).await?)
    }

    /// Sets limits of a project. Without `force` none goes below what is in use.
    pub(crate) async fn set_quota(
        &self,
        caller: &Caller,
        project: &str,
        wanted: &Limits,
        force: bool,
    ) -> Result<Limits> {
        caller.allow(&policy::QUOTA_UPDATE, &Target::project(project))?;
        let mut tx = self.db().begin().await?;
        let used = store::usage(&mut tx, project).await?;
        for (resource, limit) in wanted {
            let least = used.of(resource);
            if !force && *limit >= 0 && *limit < least {
                return Err(Error::Invalid(format!(
                    "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved \
                     {least}."
                )));
            }
            store::put(&mut tx, project, resource, *limit).await?;
        }
        let limits = store::limits(&mut tx, project, &self.config().quota).await?;
        tx.commit().await?;
        Ok(limits)
    }

    /// Takes all limits of a project back to the defaults.
    pub(crate) async fn reset_quota(&self, caller: &Caller, project: &str) -> Result<()> {
        caller.allow(&policy::QUOTA_DELETE, &Target::project(project))?;
        let mut tx = self.db().begin().await?;
        store::delete(&mut tx, project).await?;
        Ok(tx.commit().await?)
    }

    /// The limits of a quota class; only `default` has an effect.
    pub(crate) async fn quota_class(&self, caller: &Caller, class: &str) -> Result<Limits> {
        caller.allow(&policy::QUOTA_CLASS_SHOW, &Target::none().attr("quota_class", class))?;
        self.class_limits(class).await
    }

    /// Sets limits of a quota class.
    pub(crate) async fn set_quota_class(
        &self,
        caller: &Caller,
        class: &str,
        wanted: &Limits,
    ) -> Result<Limits> {
        caller.allow(&policy::QUOTA_CLASS_UPDATE, &Target::none().attr("quota_class", class))?;
        let mut tx = self.db().begin().await?;
        for (resource, limit) in wanted {
            store::put(&mut tx, &class_key(class), resource, *limit).await?;
        }
        tx.commit().await?;
        self.class_limits(class).await
    }

    async fn class_limits(&self, class: &str) -> Result<Limits> {
        let set = store::set_limits(self.db(), &class_key(class)).await?;
        let default = |name: &str, fallback: i64| self.config().quota.get(name).copied().unwrap_or(fallback);
        let limits = RESOURCES.iter().map(|resource| {
            let limit = set.get(resource.name).copied();
            (resource.name.to_owned(), limit.unwrap_or_else(|| default(resource.name, resource.default)))
        });
        Ok(limits.collect())
    }

    async fn limits_and_usage(&self, project: &str) -> Result<LimitsAndUsage> {
        let limits = store::limits(self.db(), project, &self.config().quota).await?;
        Ok((limits, store::usage(self.db(), project).await?))
    }
}

fn class_key(class: &str) -> String {
    format!("class:{class}")
}
