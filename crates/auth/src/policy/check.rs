//! A parsed check string and its evaluation.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use crate::{Caller, Scope, Target};

/// A check. Upstream: oslo.policy `_checks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    Always,
    Never,
    Not(Box<Check>),
    All(Vec<Check>),
    Any(Vec<Check>),
    Role(Template),
    Rule(String),
    /// `field:networks:shared=True` of Neutron.
    Field {
        name: String,
        value: String,
    },
    /// `left:right`: a literal or an attribute of the caller against text with attributes of the target.
    Equals {
        left: Left,
        right: Template,
    },
}

/// The left side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Left {
    Literal(String),
    Attribute(String),
}

/// Text with at most one `%(name)s` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) before: String,
    pub(crate) attribute: Option<String>,
    pub(crate) after: String,
}

impl Template {
    fn fill<'t>(&'t self, target: &'t Target<'_>) -> Option<Cow<'t, str>> {
        let Some(name) = &self.attribute else { return Some(Cow::Borrowed(&self.before)) };
        let value = target.get(name)?;
        if self.before.is_empty() && self.after.is_empty() {
            return Some(Cow::Borrowed(value));
        }
        Some(Cow::Owned(format!("{}{value}{}", self.before, self.after)))
    }
}

/// How deep rules may refer to rules; deeper ones deny.
const DEPTH: u32 = 128;
/// How many checks one decision may take; longer ones deny. Rules that name others twice each would take for ever.
const STEPS: u32 = 10_000;

/// Evaluates `check`. A missing attribute or an unknown rule does not hold. What cannot be decided (a circle of rules, too
/// many steps) denies, and no `not` around it turns that into a yes.
pub(crate) fn evaluate(
    check: &Check,
    rules: &HashMap<String, Check>,
    caller: &Caller,
    target: &Target<'_>,
) -> bool {
    Evaluation { rules, caller, target, steps: Cell::new(0) }.holds(check, 0).unwrap_or(false)
}

struct Evaluation<'a> {
    rules: &'a HashMap<String, Check>,
    caller: &'a Caller,
    target: &'a Target<'a>,
    steps: Cell<u32>,
}

impl Evaluation<'_> {
    /// `None` where it cannot be decided.
    fn holds(&self, check: &Check, depth: u32) -> Option<bool> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if depth > DEPTH || steps > STEPS {
            return None;
        }
        Some(match check {
            Check::Always => true,
            Check::Never => false,
            Check::Not(inner) => !self.holds(inner, depth + 1)?,
            Check::All(parts) => !self.any_is(false, parts, depth)?,
            Check::Any(parts) => self.any_is(true, parts, depth)?,
            Check::Role(name) => name.fill(self.target).is_some_and(|name| self.caller.has_role(&name)),
            Check::Rule(name) => match self.rules.get(name) {
                Some(rule) => self.holds(rule, depth + 1)?,
                None => false,
            },
            Check::Field { name, value } => self.target.get(name).is_some_and(|found| {
                // `=~^network:` of Neutron: the only pattern in upstream's tables is a prefix
                match value.strip_prefix("~^") {
                    Some(prefix) => found.starts_with(prefix),
                    None => found.eq_ignore_ascii_case(value),
                }
            }),
            Check::Equals { left, right } => self.equals(left, right),
        })
    }

    /// Whether one of `parts` comes out as `wanted`; the rest is not looked at then.
    fn any_is(&self, wanted: bool, parts: &[Check], depth: u32) -> Option<bool> {
        for part in parts {
            if self.holds(part, depth + 1)? == wanted {
                return Some(true);
            }
        }
        Some(false)
    }

    fn equals(&self, left: &Left, right: &Template) -> bool {
        let Some(wanted) = right.fill(self.target) else { return false };
        match left {
            Left::Literal(literal) => *literal == wanted,
            Left::Attribute(name) => attribute(self.caller, name).is_some_and(|found| found == wanted),
        }
    }
}

/// An attribute of the caller, as oslo.context and Keystone's token data name them.
fn attribute<'a>(caller: &'a Caller, name: &str) -> Option<&'a str> {
    let (project, domain, system) = match &caller.scope {
        Scope::Project(project) => (Some(project), None, None),
        Scope::Domain(domain) => (None, Some(domain), None),
        Scope::System => (None, None, Some("all")),
        Scope::Unscoped => (None, None, None),
    };
    match name {
        "user_id" | "user" | "token.user.id" => Some(caller.user.id.as_str()),
        "user_domain_id" | "token.user.domain.id" => Some(caller.user.domain.id.as_str()),
        "project_id" | "tenant_id" | "tenant" | "token.project.id" => project.map(|p| p.id.as_str()),
        "project_domain_id" | "token.project.domain.id" => project.map(|p| p.domain.id.as_str()),
        "domain_id" | "token.domain.id" => domain.map(|d| d.id.as_str()),
        "system_scope" => system,
        "token.system.all" => system.map(|_| "True"),
        "is_admin" | "is_admin_project" => Some("False"),
        _ => None,
    }
}
