//! Numbers that rise: ids by which old clients know things.

use kogge_db::{DbError, Executor, Query, Tx};

const NEXT: &str = "INSERT INTO compute_numbers (name, last) VALUES ($1, 1)
    ON CONFLICT (name) DO UPDATE SET last = compute_numbers.last + 1 RETURNING last";

/// The next number for `name`, from 1.
pub(crate) async fn next(tx: &mut Tx, name: &str) -> Result<i64, DbError> {
    tx.one(Query::new(NEXT).bind(name)).await?.int("last")
}
