//! Running statements, inside and outside of a transaction.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use crate::{Db, DbError, Query, Row, Value};

/// Runs statements: `&Db` outside of a transaction (reads only on SQLite), `&mut Tx` inside one.
#[async_trait]
pub trait Executor: Send + Sized {
    /// All rows.
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError>;

    /// The first row, if any.
    async fn optional(self, query: Query) -> Result<Option<Row>, DbError>;

    /// Runs a statement and answers how many rows it changed.
    async fn execute(self, query: Query) -> Result<u64, DbError>;

    /// The first row of a query that always has one (`count(*)` …).
    async fn one(self, query: Query) -> Result<Row, DbError> {
        self.optional(query).await?.ok_or(DbError::Driver(sqlx::Error::RowNotFound))
    }
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx(pub(crate) Inner);

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes all of it last.
    ///
    /// # Errors
    /// Where the database cannot: then nothing of it happened.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes all of it back.
    ///
    /// # Errors
    /// Where the connection is gone; the database then rolls back by itself.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.rollback().await?,
            Inner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

macro_rules! prepared {
    ($query:expr) => {{
        let Query { sql, values } = $query;
        let mut prepared = sqlx::query(AssertSqlSafe(sql.into_owned()));
        for value in values {
            prepared = match value {
                Value::Text(v) => prepared.bind(v),
                Value::Int(v) => prepared.bind(v),
                Value::Bool(v) => prepared.bind(v),
                Value::Real(v) => prepared.bind(v),
            };
        }
        prepared
    }};
}

fn lite(row: sqlx::sqlite::SqliteRow) -> Row {
    Row::Sqlite(Box::new(row))
}

fn pg(row: sqlx::postgres::PgRow) -> Row {
    Row::Postgres(Box::new(row))
}

#[async_trait]
impl Executor for &Db {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        Ok(match self {
            Db::Sqlite(db) => prepared!(query).fetch_all(&db.read).await?.into_iter().map(lite).collect(),
            Db::Postgres(pool) => prepared!(query).fetch_all(pool).await?.into_iter().map(pg).collect(),
        })
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        Ok(match self {
            Db::Sqlite(db) => prepared!(query).fetch_optional(&db.read).await?.map(lite),
            Db::Postgres(pool) => prepared!(query).fetch_optional(pool).await?.map(pg),
        })
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        Ok(match self {
            Db::Sqlite(db) => prepared!(query).execute(&db.write).await?.rows_affected(),
            Db::Postgres(pool) => prepared!(query).execute(pool).await?.rows_affected(),
        })
    }
}

#[async_trait]
impl Executor for &mut Tx {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        Ok(match &mut self.0 {
            Inner::Sqlite(tx) => prepared!(query).fetch_all(&mut **tx).await?.into_iter().map(lite).collect(),
            Inner::Postgres(tx) => prepared!(query).fetch_all(&mut **tx).await?.into_iter().map(pg).collect(),
        })
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        Ok(match &mut self.0 {
            Inner::Sqlite(tx) => prepared!(query).fetch_optional(&mut **tx).await?.map(lite),
            Inner::Postgres(tx) => prepared!(query).fetch_optional(&mut **tx).await?.map(pg),
        })
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        Ok(match &mut self.0 {
            Inner::Sqlite(tx) => prepared!(query).execute(&mut **tx).await?.rows_affected(),
            Inner::Postgres(tx) => prepared!(query).execute(&mut **tx).await?.rows_affected(),
        })
    }
}
