//! Migrations: what became of a server's moves to another shape.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{MigrationId, ProjectId, ServerId, UserId};
use kogge_resource::words;

use crate::model::server::{Doing, Server};

words! {
    /// Nova's `migration_type`.
    pub enum MigrationKind {
        /// To another shape.
        Resize = "resize",
        /// To another host.
        Migration = "migration",
        /// … while it runs.
        LiveMigration = "live-migration",
        /// Away from a dead one.
        Evacuation = "evacuation",
    }
}

words! {
    /// How far it is, in Nova's words.
    pub enum MigrationStatus {
        /// An evacuation under way.
        Accepted = "accepted",
        /// A live migration under way.
        Running = "running",
        /// A live migration that ended.
        Completed = "completed",
        /// A live migration that was given up.
        Cancelled = "cancelled",
        /// An evacuation that ended.
        Done = "done",
        /// Under way.
        Migrating = "migrating",
        /// There, and waits to be confirmed or reverted.
        Finished = "finished",
        /// Under way back.
        Reverting = "reverting",
        /// It failed; what was wrong may pass.
        Error = "error",
        /// Ended: it stays there.
        Confirmed = "confirmed",
        /// Ended: it is back.
        Reverted = "reverted",
    }
}

record! {
    /// A move of a server.
    pub Migration in "server_migrations" {
        /// Its id, shown since 2.59.
        id: MigrationId,
        /// The number by which older versions know it.
        number: i64,
        /// Which server.
        server as "server_id": ServerId,
        /// Whose server.
        user_id: UserId,
        /// Of which project.
        project_id: ProjectId,
        /// What kind of move.
        kind: MigrationKind,
        /// How far it is.
        status: MigrationStatus,
        /// From which host.
        source_host: Option<String>,
        /// To which host.
        dest_host: Option<String>,
        /// When it was asked for.
        created_at: Timestamp,
        /// When its status changed last.
        updated_at: Timestamp,
    }
}

/// How far the last move of a server is, where the server tells; a confirmed one leaves nothing to tell by.
#[must_use]
pub fn progress(server: &Server) -> Option<MigrationStatus> {
    let intent = &server.intent;
    let moving = server.observed.reached < intent.generation;
    let is_resized = intent.resized_from.is_some();
    Some(match (is_resized, intent.doing) {
        // who deletes a server leaves nothing to go back to
        (true, _) if intent.gone => MigrationStatus::Confirmed,
        (true, Doing::Resizing) if server.fault().is_some() => MigrationStatus::Error,
        (true, Doing::Resizing) if moving => MigrationStatus::Migrating,
        (true, _) => MigrationStatus::Finished,
        (false, Doing::Reverting) if server.fault().is_some() => MigrationStatus::Error,
        (false, Doing::Reverting) if moving => MigrationStatus::Reverting,
        (false, Doing::Reverting) => MigrationStatus::Reverted,
        (false, _) => return None,
    })
}
