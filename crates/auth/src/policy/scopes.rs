//! Which scopes of tokens a rule takes.

use crate::Scope;

/// Upstream's `scope_types` of a rule, always enforced (oslo.policy `enforce_scope`, on by default since 2023.2).
///
/// All rules of Nova, Neutron, Glance and Placement take a project's tokens only; Keystone has others too. oslo.policy
/// takes a token without scope for one of a project: the check string decides, and its owner may read what is the user's
/// own (Horizon lists the projects of a user so). [`Scopes::Project`] is stricter and refuses it: what no project stands
/// behind would otherwise meet lists and quotas of "no project".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scopes {
    /// Every scope, none too.
    Any,
    /// System and project, and none.
    SystemProject,
    /// System, domain and project, and none.
    SystemDomainProject,
    /// Project only.
    Project,
}

impl Scopes {
    /// True where a token of that scope is taken.
    #[must_use]
    pub const fn take(self, scope: &Scope) -> bool {
        matches!(
            (self, scope),
            (Self::Any, _)
                | (_, Scope::Project(_))
                | (Self::SystemProject | Self::SystemDomainProject, Scope::System | Scope::Unscoped)
                | (Self::SystemDomainProject, Scope::Domain(_))
        )
    }
}
