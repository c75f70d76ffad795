//! Rights to open consoles.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Record as _, Tx};
use kogge_ids::ServerId;

use crate::model::bounds;
use crate::model::console::ConsoleToken;

/// Notes one. A server has so many at most; the oldest go.
pub(crate) async fn insert(tx: &mut Tx, token: &ConsoleToken) -> Result<(), DbError> {
    token.insert(tx).await?;
    let oldest = Query::new(
        "DELETE FROM console_tokens WHERE server_id = $1 AND hash NOT IN \
         (SELECT hash FROM console_tokens WHERE server_id = $1 ORDER BY created_at DESC, hash LIMIT $2)",
    );
    tx.execute(oldest.bind(token.server).bind(bounds::CONSOLE_TOKENS)).await.map(drop)
}

/// The one with this hash, where it has not ended.
pub(crate) async fn valid(
    db: impl Executor,
    hash: &str,
    now: Timestamp,
) -> Result<Option<ConsoleToken>, DbError> {
    let found = ConsoleToken::get(db, &hash.to_owned()).await?;
    Ok(found.filter(|token| token.expires_at > now))
}

/// Forgets those of a server.
pub(crate) async fn forget(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM console_tokens WHERE server_id = $1").bind(server)).await.map(drop)
}

/// Forgets those that ended.
pub(crate) async fn forget_ended(db: impl Executor, now: Timestamp) -> Result<(), DbError> {
    db.execute(Query::new("DELETE FROM console_tokens WHERE expires_at <= $1").bind(now)).await.map(drop)
}
