//! Asking the policy.

use kogge_auth::{Caller, Rule, Target};

use crate::error::{Error, Result};
use crate::model::{Group, Project, Role, User};

/// Asks whether `rule` lets the caller act on `target`, with a token of such a scope at all.
///
/// # Errors
/// [`Error::Forbidden`] naming the rule.
pub(super) fn allow(caller: &Caller, rule: &Rule, target: &Target<'_>) -> Result<()> {
    if caller.may(rule, target) { Ok(()) } else { Err(Error::Forbidden { action: rule.name.to_owned() }) }
}

/// How policies see nothing.
fn or_none(text: Option<&str>) -> String {
    text.unwrap_or("None").to_owned()
}

/// Adds what policies ask of a user.
pub(crate) fn with_user(target: Target<'static>, user: &User) -> Target<'static> {
    let target = target.attr("target.user.id", user.id.clone());
    target.attr("target.user.domain_id", user.domain_id.clone()).attr("user_id", user.id.clone())
}

/// Adds what policies ask of a group.
pub(crate) fn with_group(target: Target<'static>, group: &Group) -> Target<'static> {
    target.attr("target.group.id", group.id.clone()).attr("target.group.domain_id", group.domain_id.clone())
}

/// Adds what policies ask of a project.
pub(crate) fn with_project(target: Target<'static>, project: &Project) -> Target<'static> {
    let domain_id = or_none(project.domain_id.as_deref());
    target.attr("target.project.id", project.id.clone()).attr("target.project.domain_id", domain_id)
}

/// Adds what policies ask of a domain.
pub(crate) fn with_domain(target: Target<'static>, domain_id: &str) -> Target<'static> {
    target.attr("target.domain.id", domain_id.to_owned())
}

/// Adds what policies ask of a credential.
pub(crate) fn with_owner(target: Target<'static>, user_id: &str) -> Target<'static> {
    target.attr("target.credential.user_id", user_id.to_owned())
}

/// Adds what policies ask of a role.
pub(crate) fn with_role(target: Target<'static>, role: &Role) -> Target<'static> {
    let domain_id = or_none(role.domain_id.as_deref());
    target.attr("target.role.name", role.name.clone()).attr("target.role.domain_id", domain_id)
}

/// Whether a list shows what belongs to that domain: with a domain's token it shows that domain's own, whatever its user may see
/// with another token.
pub(crate) fn is_seen(caller: &Caller, domain_id: &str) -> bool {
    caller.domain_id().is_none_or(|own| own.as_str() == domain_id)
}

/// The domain of something new: as asked for, that of the caller's token, or the default.
pub(crate) fn domain_for_new(caller: &Caller, asked: Option<String>) -> String {
    let own = || caller.domain_id().map_or_else(|| "default".to_owned(), ToString::to_string);
    asked.unwrap_or_else(own)
}

/// The target of a list: the domain of the caller's token, if it is one.
pub(crate) fn own_domain(caller: &Caller) -> Target<'static> {
    match caller.domain_id() {
        Some(id) => Target::none()
            .attr("target.domain_id", id.to_string())
            .attr("target.domain.id", id.to_string())
            .attr("target.group.domain_id", id.to_string())
            .attr("domain_id", id.to_string()),
        None => Target::none(),
    }
}
