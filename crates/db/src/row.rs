//! A row of either database.

use kogge_clock::Timestamp;
use sqlx::{Column as _, Row as _};

use crate::DbError;

/// A row of a result. Columns are read by name.
#[derive(Debug)]
pub enum Row {
    /// From SQLite.
    Sqlite(Box<sqlx::sqlite::SqliteRow>),
    /// From PostgreSQL.
    Postgres(Box<sqlx::postgres::PgRow>),
}

macro_rules! getter {
    ($name:ident, $opt:ident, $type:ty, $what:literal) => {
        #[doc = $what]
        ///
        /// # Errors
        /// [`DbError::Column`] where the column is missing, NULL or of another type.
        pub fn $name(&self, column: &str) -> Result<$type, DbError> {
            match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(|e| DbError::column(column, e))
        }

        #[doc = $what]
        /// `None` for NULL.
        ///
        /// # Errors
        /// [`DbError::Column`] where the column is missing or of another type.
        pub fn $opt(&self, column: &str) -> Result<Option<$type>, DbError> {
            match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(|e| DbError::column(column, e))
        }
    };
}

impl Row {
    getter!(text, opt_text, String, "A `TEXT` column.");
    getter!(int, opt_int, i64, "A `BIGINT` column.");
    getter!(bool, opt_bool, bool, "A `BOOLEAN` column.");
    getter!(real, opt_real, f64, "A `DOUBLE PRECISION` column.");

    /// A time: a `BIGINT` column of microseconds.
    ///
    /// # Errors
    /// [`DbError::Column`] as for [`Row::int`].
    pub fn time(&self, column: &str) -> Result<Timestamp, DbError> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// A time, or `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] as for [`Row::opt_int`].
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }

    /// An id or anything else that a text parses to.
    ///
    /// # Errors
    /// [`DbError::Column`] where the text does not parse.
    pub fn parse<T>(&self, column: &str) -> Result<T, DbError>
    where
        T: std::str::FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(column)?.parse().map_err(|e| DbError::column(column, e))
    }

    /// As [`Row::parse`], `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] where the text does not parse.
    pub fn opt_parse<T>(&self, column: &str) -> Result<Option<T>, DbError>
    where
        T: std::str::FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.opt_text(column)?.map(|text| text.parse().map_err(|e| DbError::column(column, e))).transpose()
    }

    /// A JSON document in a `TEXT` column.
    ///
    /// # Errors
    /// [`DbError::Column`] where it is not JSON of this shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, DbError> {
        document(column, &self.text(column)?)
    }

    /// As [`Row::json`], `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] where it is not JSON of this shape.
    pub fn opt_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>, DbError> {
        self.opt_text(column)?.map(|text| document(column, &text)).transpose()
    }

    /// What names this row to people: its `id`, else its first two columns.
    #[must_use]
    pub fn key(&self) -> String {
        if let Ok(id) = self.text("id") {
            return id;
        }
        let names: Vec<String> = match self {
            Self::Sqlite(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
            Self::Postgres(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
        };
        let shown = |name: &String| {
            self.text(name)
                .or_else(|_| self.int(name).map(|number| number.to_string()))
                .unwrap_or("?".to_owned())
        };
        names.iter().take(2).map(shown).collect::<Vec<_>>().join("/")
    }
}

/// Reads JSON. What is wrong is told without the text, which may be a secret.
fn document<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "JSON of another shape",
            _ => "no JSON",
        };
        DbError::column(column, format!("{what}, at line {} column {}", error.line(), error.column()))
    })
}
