//! Running statements, inside and outside of a transaction.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use crate::connect::Pools;
use crate::damage::DamageBook;
use crate::error::Outage;
use crate::postgres::{STATEMENT, Server};
use crate::query::{POSTGRES_LIST, SQLITE_LIST};
use crate::turn::Turn;
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

    /// Where rows that cannot be read are noted.
    fn damage_book(&self) -> DamageBook;

    /// What `read` makes of all rows, which are of `table`. A row that it cannot read is passed over and noted: one
    /// bad row must not cost the others. Where the answer decides what is destroyed, take [`Executor::all`].
    async fn list<T: Send>(
        self,
        table: &'static str,
        query: Query,
        read: impl for<'r> Fn(&'r Row) -> Result<T, DbError> + Send,
    ) -> Result<Vec<T>, DbError> {
        let damage = self.damage_book();
        readable(&damage, table, &self.all(query).await?, read)
    }

    /// What `read` makes of the first row, if any. One that it cannot read is noted, and is the error.
    async fn find<T: Send>(
        self,
        table: &'static str,
        query: Query,
        read: impl for<'r> Fn(&'r Row) -> Result<T, DbError> + Send,
    ) -> Result<Option<T>, DbError> {
        let damage = self.damage_book();
        let Some(row) = self.optional(query).await? else { return Ok(None) };
        read(&row).inspect_err(|error| damage.note(table, &row, error)).map(Some)
    }
}

/// The items of the rows that can be read; the others are noted.
pub(crate) fn readable<T>(
    damage: &DamageBook,
    table: &str,
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, DbError>,
) -> Result<Vec<T>, DbError> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(item) => items.push(item),
            Err(error @ DbError::Column { .. }) => damage.note(table, row, &error),
            Err(error) => return Err(error),
        }
    }
    Ok(items)
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
///
/// Once the database could not do a statement of it (a full disk, a server that is gone), all that follows is refused
/// with the same answer: SQLite has taken the transaction back by itself then, and a further statement would stand
/// alone.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    damage: DamageBook,
    failed: Option<(Outage, String)>,
    // given back after the connection is
    _turn: Option<Turn>,
    pub(crate) patience: Duration,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>, Server),
}

impl Tx {
    pub(crate) const fn new(inner: Inner, turn: Option<Turn>, damage: DamageBook) -> Self {
        Self { inner, damage, failed: None, _turn: turn, patience: STATEMENT }
    }

    /// Makes all of it last.
    ///
    /// # Errors
    /// Where the database cannot: then nothing of it happened.
    pub async fn commit(self) -> Result<(), DbError> {
        self.unbroken()?;
        match self.inner {
            Inner::Sqlite(tx) => Ok(tx.commit().await?),
            Inner::Postgres(tx, server) => server.run(self.patience, tx.commit()).await,
        }
    }

    /// Takes all of it back.
    ///
    /// # Errors
    /// Where the connection is gone; the database then rolls back by itself.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(tx) => Ok(tx.rollback().await?),
            Inner::Postgres(tx, server) => server.run(self.patience, tx.rollback()).await,
        }
    }

    fn unbroken(&self) -> Result<(), DbError> {
        match &self.failed {
            Some((outage, because)) => Err(DbError::out(*outage, because)),
            None => Ok(()),
        }
    }

    /// Remembers an outage.
    fn noted<T>(&mut self, done: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError::Outage { outage, because }) = &done {
            self.failed = Some((*outage, because.clone()));
        }
        done
    }
}

macro_rules! prepared {
    ($query:expr, $words:expr) => {{
        let Query { sql, values, lists } = $query;
        let mut prepared = sqlx::query(AssertSqlSafe(Query::text(sql, lists, $words)));
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

/// Asks by one method of the driver and makes rows of ours of its answer.
macro_rules! on_pools {
    ($db:expr, $query:expr, $method:ident, $lite:expr, $pg:expr) => {
        match &$db.pools {
            Pools::Sqlite(db) => Ok(prepared!($query, SQLITE_LIST).$method(&db.read).await.map($lite)?),
            Pools::Postgres(server) => {
                let mut connection = server.acquire().await?;
                server
                    .run(STATEMENT, prepared!($query, POSTGRES_LIST).$method(&mut *connection))
                    .await
                    .map($pg)
            }
        }
    };
}

macro_rules! on_tx {
    ($tx:expr, $query:expr, $method:ident, $lite:expr, $pg:expr) => {{
        let tx: &mut Tx = $tx;
        tx.unbroken()?;
        let done = match &mut tx.inner {
            Inner::Sqlite(tx) => {
                prepared!($query, SQLITE_LIST).$method(&mut **tx).await.map($lite).map_err(DbError::from)
            }
            Inner::Postgres(on, server) => {
                server.run(tx.patience, prepared!($query, POSTGRES_LIST).$method(&mut **on)).await.map($pg)
            }
        };
        tx.noted(done)
    }};
}

fn all_lite(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(lite).collect()
}

fn all_pg(rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(pg).collect()
}

#[async_trait]
impl Executor for &Db {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        on_pools!(self, query, fetch_all, all_lite, all_pg)
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        on_pools!(self, query, fetch_optional, |row| row.map(lite), |row| row.map(pg))
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        match &self.pools {
            Pools::Sqlite(db) => {
                let done = db.turns.wait(prepared!(query, SQLITE_LIST).execute(&db.write)).await?;
                Ok(done.rows_affected())
            }
            Pools::Postgres(server) => {
                let mut connection = server.acquire().await?;
                let done =
                    server.run(STATEMENT, prepared!(query, POSTGRES_LIST).execute(&mut *connection)).await?;
                Ok(done.rows_affected())
            }
        }
    }

    fn damage_book(&self) -> DamageBook {
        self.damage.clone()
    }
}

#[async_trait]
impl Executor for &mut Tx {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        on_tx!(self, query, fetch_all, all_lite, all_pg)
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        on_tx!(self, query, fetch_optional, |row| row.map(lite), |row| row.map(pg))
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        on_tx!(self, query, execute, |done| done.rows_affected(), |done| done.rows_affected())
    }

    fn damage_book(&self) -> DamageBook {
        self.damage.clone()
    }
}
