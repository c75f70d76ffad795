//! A statement with its values.

use std::borrow::Cow;

use crate::Value;

/// An SQL text and the values of its placeholders `$1`, `$2` … The text is written by us, never by a user: that is
/// why [`Query::new`] takes only what stands in the program. Built texts come from [`crate::Select`].
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

impl Query {
    /// A statement without values.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self { sql: Cow::Borrowed(sql), values: Vec::new() }
    }

    pub(crate) const fn built(sql: String, values: Vec<Value>) -> Self {
        Self { sql: Cow::Owned(sql), values }
    }

    /// Adds the value of the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}
