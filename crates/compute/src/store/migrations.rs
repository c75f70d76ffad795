//! Migrations of servers.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor as _, Query, Record as _, Tx};
use kogge_ids::{MigrationId, ServerId};

use super::numbers;
use crate::model::bounds;
use crate::model::migration::{Migration, MigrationKind, MigrationStatus};
use crate::model::server::Server;

/// Notes that a server moves to another shape on its host.
pub(crate) async fn begin(tx: &mut Tx, server: &Server, now: Timestamp) -> Result<(), DbError> {
    let migration = Migration {
        id: MigrationId::random(),
        number: numbers::next(tx, "migration").await?,
        server: server.id,
        user_id: server.user.clone(),
        project_id: server.project.clone(),
        kind: MigrationKind::Resize,
        status: MigrationStatus::Migrating,
        source_host: server.placed.host.clone(),
        dest_host: server.placed.host.clone(),
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
         WHERE server_id = $1 AND status <> $2 AND status <> 'confirmed' AND status <> 'reverted'",
    );
    tx.execute(update.bind(server).bind(status.as_str()).bind(now)).await.map(drop)
}

/// Forgets the moves of a server that nobody asks for any more.
pub(crate) async fn forget(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM server_migrations WHERE server_id = $1").bind(server)).await.map(drop)
}
