//! What a database can answer instead of rows.

/// A database error. Conflicts are told apart, since callers act on them; the rest is trouble of ours.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique constraint refused the row.
    #[error("a row with the same key exists ({constraint})")]
    Unique {
        /// The constraint or the columns, as the database names them.
        constraint: String,
    },
    /// A foreign key refused the change.
    #[error("a row that others refer to, or that refers to a missing one")]
    Reference,
    /// A column has another type than was asked for, or is missing.
    #[error("column {column} could not be read")]
    Column {
        /// Its name.
        column: String,
        /// What the driver says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was made by a newer or a different Kogge.
    #[error("migration {version} of {owner} {because}")]
    Migration {
        /// The crate whose tables these are.
        owner: &'static str,
        /// The migration's number.
        version: i64,
        /// What is wrong.
        because: String,
    },
    /// Anything else.
    #[error("the database failed")]
    Driver(#[source] sqlx::Error),
}

impl DbError {
    /// True where a unique constraint refused the row.
    #[must_use]
    pub const fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// A [`DbError::Column`] from any error.
    pub fn column(name: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Column { column: name.to_owned(), source: source.into() }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let Some(db) = error.as_database_error() else { return Self::Driver(error) };
        if db.is_unique_violation() {
            let constraint = db.constraint().unwrap_or_else(|| db.message()).to_owned();
            return Self::Unique { constraint };
        }
        if db.is_foreign_key_violation() {
            return Self::Reference;
        }
        Self::Driver(error)
    }
}
