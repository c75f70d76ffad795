//! Policy rules: tables with upstream's names, check strings in the syntax of oslo.policy.

mod check;
mod parse;
mod policies;
mod scopes;

pub use policies::{Policies, PolicyError};
pub use scopes::Scopes;

/// A rule: what may be done, who may by default, and with a token of which scope.
///
/// `default` is a check string of oslo.policy, e.g. `rule:project_member_or_admin`,
/// `role:admin and system_scope:all`, `user_id:%(user_id)s`, `@` (everybody), `!` (nobody).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The service whose table it stands in; rules of different services may share a name.
    pub service: &'static str,
    /// Upstream's name.
    pub name: &'static str,
    /// The check string.
    pub default: &'static str,
    /// Whose tokens it takes at all, whatever the check string says; an operator's override does not widen it.
    pub scopes: Scopes,
}

impl Rule {
    /// A rule of a service's table, for tokens of a project only.
    #[must_use]
    pub const fn new(service: &'static str, name: &'static str, default: &'static str) -> Self {
        Self { service, name, default, scopes: Scopes::Project }
    }

    /// The same rule for other scopes.
    #[must_use]
    pub const fn taking(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }
}

/// The rule table of one service, base rules (`admin_required` …) included.
#[derive(Debug, Clone, Copy)]
pub struct RuleSet {
    /// The service.
    pub service: &'static str,
    /// Its rules.
    pub rules: &'static [Rule],
}

/// The policy says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Policy doesn't allow {rule} to be performed.")]
pub struct Denied {
    /// The rule that said so.
    pub rule: &'static str,
}

/// Base rules that most services share, for their tables: `project_member_or_admin` and its like, as in Nova.
#[must_use]
pub const fn base_rules(service: &'static str) -> [Rule; 9] {
    [
        Rule::new(service, "admin_required", "role:admin"),
        Rule::new(service, "context_is_admin", "role:admin"),
        Rule::new(service, "admin_api", "role:admin"),
        Rule::new(service, "project_member_api", "role:member and project_id:%(project_id)s"),
        Rule::new(service, "project_reader_api", "role:reader and project_id:%(project_id)s"),
        Rule::new(service, "project_manager_api", "role:manager and project_id:%(project_id)s"),
        Rule::new(service, "project_member_or_admin", "rule:project_member_api or rule:context_is_admin"),
        Rule::new(service, "project_reader_or_admin", "rule:project_reader_api or rule:context_is_admin"),
        Rule::new(service, "project_manager_or_admin", "rule:project_manager_api or rule:context_is_admin"),
    ]
}

/// Both lists as one: a table of rules. `N` is the sum of their lengths.
#[must_use]
pub const fn joined<const N: usize>(base: &[Rule], own: &[Rule]) -> [Rule; N] {
    let mut all = [base[0]; N];
    let mut index = 0;
    while index < N {
        all[index] = if index < base.len() { base[index] } else { own[index - base.len()] };
        index += 1;
    }
    all
}
