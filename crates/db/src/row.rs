//! A row of either database.

use kogge_clock::Timestamp;
use sqlx::Row as _;

use crate::DbError;
use crate::sqlite::{Misread, SqliteRow};

/// A row of a result. Columns are read by name, fastest in the order in which they were selected.
#[derive(Debug)]
pub struct Row(Of);

/// Takes the rows of an answer, one after the other.
pub type Take<'a> = dyn FnMut(&Row) -> Result<(), DbError> + Send + 'a;

#[derive(Debug)]
enum Of {
    Sqlite(SqliteRow),
    Postgres(Box<sqlx::postgres::PgRow>),
}

macro_rules! getter {
    ($name:ident, $opt:ident, $type:ty, $what:literal) => {
        #[doc = $what]
        ///
        /// # Errors
        /// [`DbError::Column`] where the column is missing, NULL or of another type.
        pub fn $name(&self, column: &str) -> Result<$type, DbError> {
            self.$opt(column)?.ok_or_else(|| DbError::column(column, Misread::Null))
        }

        #[doc = $what]
        /// `None` for NULL.
        ///
        /// # Errors
        /// [`DbError::Column`] where the column is missing or of another type.
        pub fn $opt(&self, column: &str) -> Result<Option<$type>, DbError> {
            match &self.0 {
                Of::Sqlite(row) => row.$name(column).map_err(|e| DbError::column(column, e)),
                Of::Postgres(row) => row.try_get(column).map_err(|e| DbError::column(column, e)),
            }
        }
    };
}

impl Row {
    pub(crate) const fn sqlite(row: SqliteRow) -> Self {
        Self(Of::Sqlite(row))
    }

    pub(crate) fn postgres(row: sqlx::postgres::PgRow) -> Self {
        Self(Of::Postgres(Box::new(row)))
    }

    getter!(int, opt_int, i64, "A `BIGINT` column.");
    getter!(bool, opt_bool, bool, "A `BOOLEAN` column.");
    getter!(real, opt_real, f64, "A `DOUBLE PRECISION` column.");

    /// A `TEXT` column.
    ///
    /// # Errors
    /// [`DbError::Column`] where the column is missing, NULL or of another type.
    pub fn text(&self, column: &str) -> Result<String, DbError> {
        self.str(column).map(str::to_owned)
    }

    /// A `TEXT` column. `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] where the column is missing or of another type.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, DbError> {
        Ok(self.opt_str(column)?.map(str::to_owned))
    }

    /// As [`Row::text`], without copying it.
    ///
    /// # Errors
    /// [`DbError::Column`] as for [`Row::text`].
    pub fn str(&self, column: &str) -> Result<&str, DbError> {
        self.opt_str(column)?.ok_or_else(|| DbError::column(column, Misread::Null))
    }

    /// As [`Row::opt_text`], without copying it.
    ///
    /// # Errors
    /// [`DbError::Column`] as for [`Row::opt_text`].
    pub fn opt_str(&self, column: &str) -> Result<Option<&str>, DbError> {
        match &self.0 {
            Of::Sqlite(row) => row.text(column).map_err(|e| DbError::column(column, e)),
            Of::Postgres(row) => row.try_get(column).map_err(|e| DbError::column(column, e)),
        }
    }

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
        self.str(column)?.parse().map_err(|e| DbError::column(column, e))
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
        self.opt_str(column)?.map(|text| text.parse().map_err(|e| DbError::column(column, e))).transpose()
    }

    /// A JSON document in a `TEXT` column.
    ///
    /// # Errors
    /// [`DbError::Column`] where it is not JSON of this shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, DbError> {
        document(column, self.str(column)?)
    }

    /// As [`Row::json`], `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] where it is not JSON of this shape.
    pub fn opt_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>, DbError> {
        self.opt_str(column)?.map(|text| document(column, text)).transpose()
    }

    /// What names this row to people: its `id`, else its first two columns.
    #[must_use]
    pub fn key(&self) -> String {
        if let Ok(id) = self.text("id") {
            return id;
        }
        let names: Vec<&str> = match &self.0 {
            Of::Sqlite(row) => row.names().collect(),
            Of::Postgres(row) => row.columns().iter().map(sqlx::Column::name).collect(),
        };
        let shown = |name: &&str| {
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
