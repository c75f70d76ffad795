//! Running statements, inside and outside of a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::connect::Pools;
use crate::damage::DamageBook;
use crate::error::Outage;
use crate::postgres::{STATEMENT, Server};
use crate::query::POSTGRES_LIST;
use crate::sqlite::SqliteTx;
use crate::turn::Turn;
use crate::watch::{Touched, Watchers};
use crate::{Db, DbError, Query, Row, Take, Value};

/// Runs statements: `&Db` outside of a transaction (reads only on SQLite), `&mut Tx` inside one.
#[async_trait]
pub trait Executor: Send + Sized {
    /// All rows.
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError>;

    /// Shows all rows to `take`, which asks the database nothing: where rows are kept nowhere else, long lists cost no
    /// memory for all of them.
    async fn each(self, query: Query, take: &mut Take<'_>) -> Result<(), DbError> {
        self.all(query).await?.iter().try_for_each(take)
    }

    /// The first row, if any.
    async fn optional(self, query: Query) -> Result<Option<Row>, DbError>;

    /// Runs a statement and answers how many rows it changed.
    async fn execute(self, query: Query) -> Result<u64, DbError>;

    /// The first row of a query that always has one (`count(*)` …).
    async fn one(self, query: Query) -> Result<Row, DbError> {
        self.optional(query)
            .await?
            .ok_or_else(|| DbError::Driver("a query that always has a row had none".into()))
    }

    /// Where rows that cannot be read are noted.
    fn damage_book(&self) -> DamageBook;

    /// What `read` makes of all rows, which are of `table`. A row that it cannot read is passed over and noted: one
    /// bad row must not cost the others. Where the answer decides what is destroyed, take [`Executor::all`].
    async fn list<T: Send>(
        self,
        table: &'static str,
        query: Query,
        mut read: impl for<'r> FnMut(&'r Row) -> Result<T, DbError> + Send,
    ) -> Result<Vec<T>, DbError> {
        let (damage, mut items) = (self.damage_book(), Vec::new());
        self.each(query, &mut |row| keep(&damage, table, row, read(row), &mut items)).await?;
        Ok(items)
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

/// Keeps what was read of a row; a row that cannot be read is noted.
pub(crate) fn keep<T>(
    damage: &DamageBook,
    table: &str,
    row: &Row,
    read: Result<T, DbError>,
    items: &mut Vec<T>,
) -> Result<(), DbError> {
    match read {
        Ok(item) => items.push(item),
        Err(error @ DbError::Column { .. }) => damage.note(table, row, &error),
        Err(error) => return Err(error),
    }
    Ok(())
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
    statements: Arc<AtomicU64>,
    failed: Option<(Outage, String)>,
    pub(crate) touched: Touched,
    watchers: Watchers,
    // given back after the connection is
    _turn: Option<Turn>,
    pub(crate) patience: Duration,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>, Server),
}

impl Db {
    /// Starts a transaction that may write. On SQLite it is the only one while it lasts.
    ///
    /// # Errors
    /// Where no connection is to be had.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let (inner, turn) = match &self.pools {
            Pools::Sqlite(db) => {
                let (tx, turn) = db.begin().await?;
                (Inner::Sqlite(tx), Some(turn))
            }
            Pools::Postgres(server) => {
                let connection = server.acquire().await?;
                let tx = server.run(STATEMENT, Transaction::begin(connection, None)).await?;
                (Inner::Postgres(tx, server.clone()), None)
            }
        };
        Ok(Tx::new(inner, turn, self))
    }

    /// Runs a statement that writes and answers a row, if it wrote one.
    pub(crate) async fn returning(&self, query: Query) -> Result<Option<Row>, DbError> {
        let mut tx = self.begin().await?;
        let row = (&mut tx).optional(query).await?;
        tx.commit().await?;
        Ok(row)
    }
}

impl Tx {
    pub(crate) fn new(inner: Inner, turn: Option<Turn>, db: &Db) -> Self {
        let (damage, statements) = (db.damage.clone(), Arc::clone(&db.statements));
        Self {
            inner,
            damage,
            statements,
            failed: None,
            touched: Touched::new(),
            watchers: db.watchers.clone(),
            _turn: turn,
            patience: STATEMENT,
        }
    }

    /// Makes all of it last.
    ///
    /// # Errors
    /// Where the database cannot: then nothing of it happened.
    pub async fn commit(self) -> Result<(), DbError> {
        self.unbroken()?;
        let done = match self.inner {
            Inner::Sqlite(tx) => tx.commit(),
            Inner::Postgres(tx, server) => server.run(self.patience, tx.commit()).await,
        };
        // a commit whose answer was lost may have happened
        self.watchers.say(&self.touched);
        done
    }

    /// Takes all of it back.
    ///
    /// # Errors
    /// Where the connection is gone; the database then rolls back by itself.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.rollback(),
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

/// The statement for PostgreSQL.
macro_rules! prepared {
    ($query:expr) => {{
        let text = $query.text(POSTGRES_LIST).into_owned();
        let mut prepared = sqlx::query(AssertSqlSafe(text));
        for value in $query.values {
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

/// Asks by one method of SQLite or of the driver of PostgreSQL, whose answer `made` takes.
macro_rules! on_pools {
    ($db:expr, $query:expr, $lite:ident, $pg:ident, $made:expr) => {{
        $db.statements.fetch_add(1, Ordering::Relaxed);
        match &$db.pools {
            Pools::Sqlite(file) => file.$lite(&$query).await,
            Pools::Postgres(server) => {
                let mut connection = server.acquire().await?;
                server.run(STATEMENT, prepared!($query).$pg(&mut *connection)).await.map($made)
            }
        }
    }};
}

macro_rules! on_tx {
    ($tx:expr, $query:expr, $lite:ident, $pg:ident, $made:expr) => {{
        let tx: &mut Tx = $tx;
        tx.unbroken()?;
        tx.statements.fetch_add(1, Ordering::Relaxed);
        // whoever writes all day lets others have their turn now and then
        tokio::task::coop::consume_budget().await;
        let done = match &mut tx.inner {
            Inner::Sqlite(tx) => tx.$lite(&$query),
            Inner::Postgres(on, server) => {
                server.run(tx.patience, prepared!($query).$pg(&mut **on)).await.map($made)
            }
        };
        tx.noted(done)
    }};
}

fn rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::postgres).collect()
}

#[async_trait]
impl Executor for &Db {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        on_pools!(self, query, all, fetch_all, rows)
    }

    async fn each(self, query: Query, take: &mut Take<'_>) -> Result<(), DbError> {
        match &self.pools {
            Pools::Sqlite(file) => {
                self.statements.fetch_add(1, Ordering::Relaxed);
                file.each(&query, take).await
            }
            Pools::Postgres(_) => self.all(query).await?.iter().try_for_each(take),
        }
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        on_pools!(self, query, optional, fetch_optional, |row| row.map(Row::postgres))
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        on_pools!(self, query, execute, execute, |done| done.rows_affected())
    }

    fn damage_book(&self) -> DamageBook {
        self.damage.clone()
    }
}

#[async_trait]
impl Executor for &mut Tx {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        on_tx!(self, query, all, fetch_all, rows)
    }

    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        on_tx!(self, query, optional, fetch_optional, |row| row.map(Row::postgres))
    }

    async fn execute(self, query: Query) -> Result<u64, DbError> {
        on_tx!(self, query, execute, execute, |done| done.rows_affected())
    }

    fn damage_book(&self) -> DamageBook {
        self.damage.clone()
    }
}
