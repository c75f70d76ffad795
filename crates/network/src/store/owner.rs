//! The project that something belongs to, if there is one.

use kogge_db::{Column, DbError, Row, Value};

/// The project that something belongs to, or none. The column is older than the `Option`: none is the empty text there,
/// and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner(pub Option<String>);

impl Owner {
    /// The project's id, if there is one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Column for Owner {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        Ok(row.opt_text(column)?.map(|project| Self(Some(project).filter(|project| !project.is_empty()))))
    }
    fn bind_some(value: Option<&Self>) -> Value {
        value.map(|owner| owner.0.clone().unwrap_or_default()).into()
    }
}
