//! Aggregates, all at once: there are few, and what asks for them wants the zones of hosts.

use kogge_db::{DbError, Direction, Executor, Record as _};

use crate::model::host::Aggregate;

/// All aggregates by number.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<Aggregate>, DbError> {
    Aggregate::all(db, Aggregate::select().order_by("number", Direction::Ascending)).await
}
