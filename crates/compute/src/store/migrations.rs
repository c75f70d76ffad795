//! Migrations of servers.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Query, Record as _, Tx};
use kogge_ids::{MigrationId, ServerId};

use super::numbers;
use crate::model::bounds;
use crate::model::migration::{Migration, MigrationKind, MigrationStatus};
use crate::model::server::Server;

/// Notes that a server moves to another shape or host.
pub(crate) async fn begin(
    tx: &mut Tx,
    server: &Server,
    kind: MigrationKind,
    (from, to): (Option<&str>, Option<&str>),
    now: Timestamp,
) -> Result<(), DbError> {
    let status = match kind {
        MigrationKind::Resize | MigrationKind::Migration => MigrationStatus::Migrating,
        MigrationKind::LiveMigration => MigrationStatus::Running,
        MigrationKind::Evacuation => MigrationStatus::Accepted,
    };
    let migration = Migration {
        id: MigrationId::random(),
        number: numbers::next(tx, "migration").await?,
        server: server.id,
        user_id: server.user.clone(),
        project_id: server.project.clone(),
        kind,
        status,
        source_host: from.map(str::to_owned),
        dest_host: to.map(str::to_owned),
        created_at: now,
        updated_at: now,
    };
    migration.insert(tx).await?;
    let oldest = Query::new(
        "DELETE FROM server_migrations WHERE server_id = $1 AND created_at < \
         (SELECT created_at FROM server_migrations WHERE server_id = $1 ORDER BY created_at DESC LIMIT 1 OFFSET $2)",
    );
    tx.execute(oldest.bind(server.id).bind(bounds::ACTIONS)).await.map(drop)
}

/// Writes down how far the move of a server is, which has one that did not end.
pub(crate) async fn follow(
    tx: &mut Tx,
    server: ServerId,
    status: MigrationStatus,
    now: Timestamp,
) -> Result<(), DbError> {
    let update = Query::new(
        "UPDATE server_migrations SET status = $2, updated_at = $3 \
         WHERE server_id = $1 AND status <> $2 \
         AND status NOT IN ('confirmed', 'reverted', 'completed', 'done', 'cancelled')",
    );
    tx.execute(update.bind(server).bind(status.as_str()).bind(now)).await.map(drop)
}

/// All moves of a server, the oldest first.
pub(crate) async fn all(db: impl Executor, server: ServerId) -> Result<Vec<Migration>, DbError> {
    let select = Migration::select().and("server_id = ?", server);
    Migration::all(db, select.order_by("created_at", Direction::Ascending)).await
}

/// Live migrations of a server under way, the newest first.
pub(crate) async fn under_way(db: impl Executor, server: ServerId) -> Result<Vec<Migration>, DbError> {
    let select = Migration::select().and("server_id = ?", server).and_fixed("kind = 'live-migration'");
    let select = select.and_fixed("status = 'running'").order_by("created_at", Direction::Descending);
    Migration::all(db, select).await
}

/// A move of a server by its number.
pub(crate) async fn numbered(
    db: impl Executor,
    server: ServerId,
    number: i64,
) -> Result<Option<Migration>, DbError> {
    let select = Migration::select().and("server_id = ?", server).and("number = ?", number);
    Ok(Migration::all(db, select).await?.pop())
}

/// Whether a server was evacuated from a host.
pub(crate) async fn was_evacuated(db: impl Executor, server: ServerId, host: &str) -> Result<bool, DbError> {
    let select = Migration::select().and("server_id = ?", server).and("source_host = ?", host);
    Ok(!Migration::all(db, select.and_fixed("kind = 'evacuation'")).await?.is_empty())
}

/// Forgets the moves of a server that nobody asks for any more.
pub(crate) async fn forget(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM server_migrations WHERE server_id = $1").bind(server)).await.map(drop)
}
