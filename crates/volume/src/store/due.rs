//! Rows with something to do.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Select};

/// Most that are due at once; the others come with the next look.
const BATCH: u32 = 500;

/// The ids of the rows of a table that have something to do now, the longest due first.
pub(crate) async fn due(
    db: impl Executor,
    table: &'static str,
    now: Timestamp,
) -> Result<Vec<String>, DbError> {
    let select = Select::new("id", table)
        .and("due_at <= ?", now)
        .order_by("due_at", Direction::Ascending)
        .slice(BATCH, 0);
    db.list(table, select.query(), |row| row.text("id")).await
}
