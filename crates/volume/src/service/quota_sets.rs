//! Limits of projects and classes, as administrators set them and projects see them.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::{Executor, Tx};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::quota::{Limits, PER_TYPE, RESOURCES, Usage};
use crate::store::{types, usage as store};
use crate::{Volumes, policy};

/// Largest limit of Cinder's columns.
const MOST: i64 = 0x7fff_ffff;
/// What stands in a quota set and is no limit.
const NO_LIMITS: [&str; 2] = ["tenant_id", "id"];

/// Limits by resource, and how much of each is in use.
pub(crate) struct QuotaSet {
    /// The limits.
    pub(crate) limits: Limits,
    /// What is in use.
    pub(crate) used: BTreeMap<String, i64>,
}

impl Volumes {
    /// The quota set of a project.
    pub(crate) async fn quota_set(&self, caller: &Caller, project: &str) -> Result<QuotaSet> {
        caller.allow(&policy::QUOTAS_SHOW, &Target::project(project))?;
        self.limits_and_usage(project).await
    }

    /// The limits of a project for which nobody set any.
    pub(crate) async fn default_quota_set(&self, caller: &Caller, project: &str) -> Result<Limits> {
        caller.allow(&policy::QUOTAS_SHOW, &Target::project(project))?;
        let names = names(self.db()).await?;
        self.shown(self.db(), &names, store::EVERYBODY).await
    }

    /// The limits of a project that holds for the caller, or of another for an administrator who asks; and what is in use,
    /// where the caller may know.
    pub(crate) async fn project_limits(
        &self,
        caller: &Caller,
        other: Option<&str>,
    ) -> Result<(Limits, Option<Usage>)> {
        let project = match other {
            Some(other) => other,
            None => caller.require_project(&policy::USED_LIMITS)?.as_str(),
        };
        let limits = store::limits(self.db(), project, &self.config().quota).await?;
        if !caller.may_on_own(&policy::USED_LIMITS) {
            return Ok((limits, None));
        }
        Ok((limits, Some(store::usage(self.db(), project, None).await?)))
    }

    async fn limits_and_usage(&self, project: &str) -> Result<QuotaSet> {
        let names = names(self.db()).await?;
        let limits = self.shown(self.db(), &names, project).await?;
        let kinds = types::names(self.db()).await?;
        let used = used(self.db(), project, &kinds).await?;
        Ok(QuotaSet { limits, used })
    }

    async fn shown(&self, db: impl Executor, names: &[String], key: &str) -> Result<Limits> {
        let limits = store::limits(db, key, &self.config().quota).await?;
        Ok(names.iter().map(|name| (name.clone(), limits.get(name).copied().unwrap_or(-1))).collect())
    }

    /// Sets limits of a project; none goes below what is in use.
    pub(crate) async fn set_quota(
        &self,
        caller: &Caller,
        project: &str,
        wanted: &Map<String, Value>,
    ) -> Result<Limits> {
        caller.allow(&policy::QUOTAS_UPDATE, &Target::project(project))?;
        check_project(project)?;
        let mut tx = self.db().begin().await?;
        store::take_turn(&mut tx, project).await?;
        let (names, kinds) = (names(&mut tx).await?, types::names(&mut tx).await?);
        let wanted = read(wanted, &names, "quota set")?;
        let used = used_in(&mut tx, project, &kinds).await?;
        for (resource, limit) in &wanted {
            let least = used.get(resource).copied().unwrap_or(0);
            if *limit != -1 && *limit < least {
                return Err(Error::Invalid(format!(
                    "Quota {resource} limit must be equal or greater than existing resources. Current usage is {least} and \
                     the requested limit is {limit}."
                )));
            }
            store::put(&mut tx, project, resource, *limit).await?;
        }
        let limits = self.shown(&mut tx, &names, project).await?;
        tx.commit().await?;
        Ok(limits)
    }

    /// Takes all limits of a project back to the defaults.
    pub(crate) async fn reset_quota(&self, caller: &Caller, project: &str) -> Result<()> {
        caller.allow(&policy::QUOTAS_DELETE, &Target::project(project))?;
        check_project(project)?;
        let mut tx = self.db().begin().await?;
        store::delete(&mut tx, project).await?;
        Ok(tx.commit().await?)
    }

    /// The limits of a quota class; only `default` has an effect.
    pub(crate) async fn quota_class(&self, caller: &Caller, class: &str) -> Result<Limits> {
        caller.allow_on_own(&policy::QUOTA_CLASSES_GET)?;
        let names = names(self.db()).await?;
        self.shown(self.db(), &names, &format!("class:{class}")).await
    }

    /// Sets limits of a quota class.
    pub(crate) async fn set_quota_class(
        &self,
        caller: &Caller,
        class: &str,
        wanted: &Map<String, Value>,
    ) -> Result<Limits> {
        caller.allow_on_own(&policy::QUOTA_CLASSES_UPDATE)?;
        if class.chars().count() > 255 {
            return Err(Error::input("quota_class_name has more than 255 characters."));
        }
        let key = format!("class:{class}");
        let mut tx = self.db().begin().await?;
        let names = names(&mut tx).await?;
        for (resource, limit) in read(wanted, &names, "quota class set")? {
            store::put(&mut tx, &key, &resource, limit).await?;
        }
        let limits = self.shown(&mut tx, &names, &key).await?;
        tx.commit().await?;
        Ok(limits)
    }
}

/// Ids of projects have no colon; keys of classes do.
fn check_project(project: &str) -> Result<()> {
    let good = !project.contains(':') && (1..=255).contains(&project.chars().count());
    if good { Ok(()) } else { Err(Error::input("quota_set_name is no id of a project.")) }
}

/// The names of all that has a limit.
async fn names(db: impl Executor) -> Result<Vec<String>> {
    let mut names: Vec<String> = RESOURCES.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (_, kind) in types::names(db).await? {
        names.extend(PER_TYPE.iter().map(|resource| format!("{resource}_{kind}")));
    }
    Ok(names)
}

async fn used_in(tx: &mut Tx, project: &str, kinds: &[(String, String)]) -> Result<BTreeMap<String, i64>> {
    let (whole, each) =
        (store::usage(&mut *tx, project, None).await?, store::by_type(&mut *tx, project).await?);
    Ok(table(whole, &each, store::groups(&mut *tx, project).await?, kinds))
}

async fn used(db: &kogge_db::Db, project: &str, kinds: &[(String, String)]) -> Result<BTreeMap<String, i64>> {
    let (whole, each) = (store::usage(db, project, None).await?, store::by_type(db, project).await?);
    Ok(table(whole, &each, store::groups(db, project).await?, kinds))
}

fn table(
    whole: Usage,
    each: &BTreeMap<String, Usage>,
    groups: i64,
    kinds: &[(String, String)],
) -> BTreeMap<String, i64> {
    let mut used: BTreeMap<String, i64> =
        RESOURCES.iter().map(|(name, _)| ((*name).to_owned(), whole.of(name))).collect();
    used.insert("groups".to_owned(), groups);
    for (id, kind) in kinds {
        let of_kind = each.get(id).copied().unwrap_or_default();
        used.extend(PER_TYPE.iter().map(|resource| (format!("{resource}_{kind}"), of_kind.of(resource))));
    }
    used
}

/// The limits of a body.
fn read(wanted: &Map<String, Value>, names: &[String], set: &str) -> Result<Limits> {
    let (mut limits, mut bad) = (Limits::new(), Vec::new());
    for (name, value) in wanted.iter().filter(|(name, _)| !NO_LIMITS.contains(&name.as_str())) {
        if !names.contains(name) {
            bad.push(name.as_str());
            continue;
        }
        let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        let number = number.ok_or_else(|| Error::Invalid(format!("{name} must be an integer")))?;
        if number < -1 {
            return Err(Error::Invalid(format!("{name} must be >= -1")));
        }
        if number > MOST {
            return Err(Error::Invalid(format!("{name} must be <= {MOST}")));
        }
        limits.insert(name.clone(), number);
    }
    if bad.is_empty() {
        Ok(limits)
    } else {
        Err(Error::input(format!("Bad key(s) in {set}: {}", bad.join(", "))))
    }
}
