//! What is counted instead of being added up each time: quotas, and the room on hosts.
//!
//! The counts are moved by the transactions that move what is counted. Where one is wrong nevertheless (somebody edited the
//! database), `kogge doctor --deep` says so, and the next start mends it.

use kogge_db::{Db, DbError};

/// All counts that are wrong, each in a sentence.
pub(crate) async fn wrong(db: &Db) -> Result<Vec<String>, DbError> {
    let mut all = kogge_placement::miscounted(db).await?;
    all.extend(kogge_network::miscounted(db).await?);
    all.extend(kogge_compute::miscounted(db).await?);
    Ok(all)
}

/// Makes them right.
pub(crate) async fn mend(db: &Db) -> Result<(), DbError> {
    let mut mended = kogge_placement::recount(db).await?;
    mended.extend(kogge_network::recount(db).await?);
    mended.extend(kogge_compute::recount(db).await?);
    for count in mended {
        tracing::warn!(count, "a count was wrong and is right again");
    }
    Ok(())
}
