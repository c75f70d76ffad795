//! A PostgreSQL server: a pool that says who refused, and never waits long for a server that is gone.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres};

use crate::DbError;
use crate::error::Outage;

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longest wait for an answer when it is asked why there is no connection.
const QUESTION: Duration = Duration::from_secs(2);
/// A server that did not answer is not asked again for so long: whoever comes in between gets the same answer at once.
const REST: Duration = Duration::from_secs(1);
/// Longest statement. The server stops it first; where the server is gone without a word, we do.
pub(crate) const STATEMENT: Duration = Duration::from_secs(20);

/// A server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) pool: PgPool,
    options: Arc<PgConnectOptions>,
    address: Arc<str>,
    down: Arc<Mutex<Option<(Instant, String)>>>,
}

impl Server {
    pub(crate) async fn open(url: &str, connections: u32) -> Result<Self, DbError> {
        Self::with(PgConnectOptions::from_str(url)?, connections).await
    }

    pub(crate) async fn with(options: PgConnectOptions, connections: u32) -> Result<Self, DbError> {
        let options = options.options([
            ("statement_timeout", "15000"),
            // a process that vanished must not keep its locks
            ("idle_in_transaction_session_timeout", "60000"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .max_lifetime(Duration::from_secs(1800))
            .idle_timeout(Duration::from_secs(300))
            .after_release(|connection, _| Box::pin(is_sound(connection)))
            .connect_lazy_with(options.clone());
        let server =
            Self { pool, address: address(&options), options: Arc::new(options), down: Arc::default() };
        server.acquire().await?;
        Ok(server)
    }

    /// How it is reached.
    pub(crate) fn options(&self) -> PgConnectOptions {
        (*self.options).clone()
    }

    /// A connection.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, DbError> {
        if let Some(because) = self.still_down() {
            return Err(DbError::out(Outage::Unreachable, because));
        }
        let asked = Instant::now();
        let acquired = self.pool.acquire().await;
        metrics::histogram!("kogge_db_wait_seconds", "pool" => "postgres")
            .record(asked.elapsed().as_secs_f64());
        match acquired {
            Ok(connection) => Ok(connection),
            Err(sqlx::Error::PoolTimedOut) => Err(self.why_none().await),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Waits for `work`, a statement, and says whose answer it was.
    pub(crate) async fn run<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, DbError> {
        match tokio::time::timeout(patience, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => {
                let because = format!("{}: no answer within {} s", self.address, patience.as_secs());
                Err(DbError::out(Outage::Unreachable, because))
            }
        }
    }

    fn failed(&self, error: sqlx::Error) -> DbError {
        match DbError::from(error) {
            DbError::Outage { outage: Outage::Unreachable, because } => {
                self.drain();
                DbError::out(Outage::Unreachable, format!("{}: {because}", self.address))
            }
            other => other,
        }
    }

    /// Connections that idle were broken by the same restart: each would fail one more request.
    fn drain(&self) {
        while let Some(mut idle) = self.pool.try_acquire() {
            idle.close_on_drop();
        }
    }

    /// No connection was to be had in time: are all in use, or is nobody there?
    async fn why_none(&self) -> DbError {
        let because = match tokio::time::timeout(QUESTION, PgConnection::connect_with(&self.options)).await {
            Ok(Ok(connection)) => {
                let _ = tokio::time::timeout(QUESTION, connection.close()).await;
                let most = self.pool.options().get_max_connections();
                return DbError::out(Outage::Busy, format!("all {most} connections are in use"));
            }
            Ok(Err(error)) => format!("{}: {error}", self.address),
            Err(_) => format!("{}: no answer within {} s", self.address, QUESTION.as_secs()),
        };
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), because.clone()));
        DbError::out(Outage::Unreachable, because)
    }

    fn still_down(&self) -> Option<String> {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        match &*down {
            Some((since, because)) if since.elapsed() < REST => Some(because.clone()),
            _ => {
                *down = None;
                None
            }
        }
    }
}

fn address(options: &PgConnectOptions) -> Arc<str> {
    options.get_socket().map_or_else(
        || format!("{}:{}", options.get_host(), options.get_port()).into(),
        |socket| socket.display().to_string().into(),
    )
}

/// True where the connection still answers, which a server that vanished does not say by itself for a quarter of an
/// hour.
async fn is_sound(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(QUESTION, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
