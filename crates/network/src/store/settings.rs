//! What was done once in the life of the cloud.

use kogge_db::{DbError, Executor, Query, Tx};

/// Notes that something is done; false where it was done before.
pub(crate) async fn once(tx: &mut Tx, name: &str, content: &str) -> Result<bool, DbError> {
    let query =
        Query::new("INSERT INTO network_settings (name, content) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    Ok(tx.execute(query.bind(name).bind(content)).await? == 1)
}
