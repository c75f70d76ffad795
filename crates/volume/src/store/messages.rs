//! Messages to users.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor as _, Query, Tx};

/// Removes those that are kept no longer; answers how many.
pub(crate) async fn forget(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute(Query::new("DELETE FROM volume_messages WHERE expires_at < $1").bind(now)).await
}
