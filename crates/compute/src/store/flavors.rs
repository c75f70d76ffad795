//! Which flavors were made without anybody's asking.

use kogge_db::{DbError, Executor, Query, Tx};

/// Notes that the flavor `name` was seeded; false where it was before.
pub(crate) async fn note_seed(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let insert = Query::new("INSERT INTO flavor_seeds (name) VALUES ($1) ON CONFLICT (name) DO NOTHING");
    Ok(tx.execute(insert.bind(name)).await? == 1)
}
