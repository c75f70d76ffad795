//! A statement with its values.

use std::borrow::Cow;

use crate::Value;

/// An SQL text and the values of its placeholders `$1`, `$2` … The text is written by us, never by a user: that is
/// why [`Query::new`] takes only what stands in the program. Built texts come from [`crate::Select`].
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    /// It has lists ([`LIST`]), which the databases spell differently.
    pub(crate) lists: bool,
}

/// Around the placeholder of a list: a JSON array of texts, whose items `IN (…)` compares with.
pub(crate) const LIST: (&str, &str) = ("@[", "]@");

/// How a database takes a list apart: what stands before and behind the placeholder.
pub(crate) type ListWords = (&'static str, &'static str);
pub(crate) const SQLITE_LIST: ListWords = ("SELECT value FROM json_each(", ")");
pub(crate) const POSTGRES_LIST: ListWords = ("SELECT jsonb_array_elements_text(CAST(", " AS jsonb))");

impl Query {
    /// A statement without values.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self { sql: Cow::Borrowed(sql), values: Vec::new(), lists: false }
    }

    pub(crate) const fn built(sql: String, values: Vec<Value>) -> Self {
        Self { sql: Cow::Owned(sql), values, lists: false }
    }

    /// The text in the words of a database.
    pub(crate) fn text(&self, words: ListWords) -> Cow<'_, str> {
        if !self.lists {
            return Cow::Borrowed(&self.sql);
        }
        Cow::Owned(self.sql.replace(LIST.0, words.0).replace(LIST.1, words.1))
    }

    /// Adds the value of the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}
