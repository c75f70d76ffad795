//! The object of an action, as policies see it.

use std::borrow::Cow;

use crate::{Caller, Scope};

/// Attributes of the object that a rule is asked about: `project_id`, `user_id`, `target.user.domain_id` …
#[derive(Debug, Clone, Default)]
pub struct Target<'a> {
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Target<'a> {
    /// Something without owner.
    #[must_use]
    pub const fn none() -> Self {
        Self { attributes: Vec::new() }
    }

    /// Something that belongs to a project.
    #[must_use]
    pub fn project(id: &'a str) -> Self {
        Self::none().attr("project_id", id).attr("tenant_id", id)
    }

    /// Something that would belong to the caller.
    #[must_use]
    pub fn own(caller: &'a Caller) -> Self {
        let target = match &caller.scope {
            Scope::Project(project) => Self::project(project.id.as_str()),
            Scope::Domain(domain) => Self::none().attr("domain_id", domain.id.as_str()),
            Scope::Unscoped | Scope::System => Self::none(),
        };
        target.user(caller.user.id.as_str())
    }

    /// … and to a user.
    #[must_use]
    pub fn user(self, id: &'a str) -> Self {
        self.attr("user_id", id)
    }

    /// … and to a domain.
    #[must_use]
    pub fn domain(self, id: &'a str) -> Self {
        self.attr("domain_id", id)
    }

    /// Adds any attribute; booleans are written `True` and `False`, as upstream's policies spell them.
    #[must_use]
    pub fn attr(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}
