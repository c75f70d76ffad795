//! The rules that need the database: who may, what fits, what is in use. One transaction per request.

pub(crate) mod agents;
pub(crate) mod counts;
pub(crate) mod floating_ips;
pub(crate) mod groups;
pub(crate) mod ipam;
pub(crate) mod networks;
pub(crate) mod ports;
pub(crate) mod quotas;
pub(crate) mod router_interfaces;
pub(crate) mod routers;
pub(crate) mod seed;
pub(crate) mod story;
pub(crate) mod subnet_pools;
pub(crate) mod subnets;
pub(crate) mod usage;

use kogge_auth::{Caller, Rule, Target};

use crate::error::{Error, Result};
use crate::policy;
use crate::store::rows::SecurityGroup;
use kogge_db::filter::Whose;
use kogge_db::{BadFilter, ListError};

/// Whose things the caller sees in lists.
pub(crate) fn scope(caller: &Caller) -> Whose<'_> {
    match project_of(caller) {
        _ if sees_all(caller) => Whose::Everybodys,
        Some(project) => Whose::Of(project),
        None => Whose::Nobodys,
    }
}

/// The caller's project; none for a token of a domain, of the system, or of nothing.
pub(crate) fn project_of(caller: &Caller) -> Option<&str> {
    caller.project_id().map(kogge_ids::ProjectId::as_str)
}

/// True where `project` is the caller's own.
pub(crate) fn is_own(caller: &Caller, project: &str) -> bool {
    project_of(caller) == Some(project)
}

/// Admins and services see the things of every project.
pub(crate) fn sees_all(caller: &Caller) -> bool {
    is_admin(caller) || caller.may(&policy::SERVICE_API, &Target::none())
}

/// Upstream's `context.is_admin`.
pub(crate) fn is_admin(caller: &Caller) -> bool {
    caller.may(&policy::CONTEXT_IS_ADMIN, &Target::none())
}

/// The project a new thing belongs to: the caller's own, or any for admins.
pub(crate) fn owner(caller: &Caller, wished: Option<String>) -> Result<String> {
    match wished {
        Some(project) if is_own(caller, &project) || (sees_all(caller) && !project.is_empty()) => Ok(project),
        Some(_) => Err(Error::Attribute(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin \
             privileges"
                .to_owned(),
        )),
        None => project_of(caller).map(str::to_owned).ok_or_else(|| {
            Error::Attribute("Running without keystone AuthN requires that tenant_id is specified".to_owned())
        }),
    }
}

/// Asks one rule.
pub(crate) fn permit(caller: &Caller, rule: &Rule, target: &Target<'_>) -> Result<()> {
    if caller.may(rule, target) { Ok(()) } else { Err(Error::Policy(rule.name.to_owned())) }
}

/// Asks the rules of the fields that a request named: `create_port:mac_address` …
pub(crate) fn permit_fields(
    caller: &Caller,
    action: &str,
    fields: &[String],
    target: &Target<'_>,
) -> Result<()> {
    for field in fields {
        if let Some(rule) = policy::named(&format!("{action}:{field}")) {
            permit(caller, rule, target)?;
        }
    }
    Ok(())
}

/// Asks the rule of a change; who may not even read gets `missing`.
pub(crate) fn permit_change(
    caller: &Caller,
    rule: &Rule,
    read: &Rule,
    target: &Target<'_>,
    missing: impl FnOnce() -> Error,
) -> Result<()> {
    if caller.may(rule, target) {
        return Ok(());
    }
    if caller.may(read, target) { Err(Error::Policy(rule.name.to_owned())) } else { Err(missing()) }
}

/// What policies may ask of a group.
pub(crate) fn group_target(group: &SecurityGroup) -> Target<'_> {
    Target::project(&group.project_id).attr("security_group:project_id", group.project_id.as_str())
}

/// Checks `If-Match`.
pub(crate) fn check_revision(expected: Option<i64>, present: i64) -> Result<()> {
    match expected {
        Some(expected) if expected != present => Err(Error::Revision { expected, present }),
        _ => Ok(()),
    }
}

/// `True` or `False`, as policies spell it.
pub(crate) const fn spelled(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Db(error) => error.into(),
            ListError::Filter(bad) => bad.into(),
        }
    }
}

impl From<BadFilter> for Error {
    fn from(bad: BadFilter) -> Self {
        match bad.value {
            None => Self::Attribute(format!("['{}'] is invalid attribute for filtering", bad.name)),
            Some(value) => Self::Attribute(format!(
                "Invalid input for {}. Reason: '{value}' cannot be converted for filtering.",
                bad.name
            )),
        }
    }
}
