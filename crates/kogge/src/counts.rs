//! What is counted: the guests of a machine; and what is counted instead of being added up each time, quotas and the
//! room on hosts.
//!
//! The latter counts are moved by the transactions that move what is counted. Where one is wrong nevertheless (somebody edited the
//! database), `kogge doctor --deep` says so, and the next start mends it.

use std::path::Path;

use kogge_db::{Db, DbError};
use serde::{Deserialize, Serialize};

/// The guests of a machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guests {
    /// How many are there, running or not.
    pub here: usize,
    /// How many of them run.
    pub running: usize,
}

impl Guests {
    /// Those of a node's data directory, whether or not a cloud runs there.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn found(place: &Path) -> std::io::Result<Self> {
        Ok(Self { here: kogge_node::instances(place)?, running: kogge_node::running(place) })
    }
}

/// All counts that are wrong, each in a sentence.
pub(crate) async fn wrong(db: &Db) -> Result<Vec<String>, DbError> {
    let mut all = kogge_placement::miscounted(db).await?;
    all.extend(kogge_network::miscounted(db).await?);
    all.extend(kogge_volume::miscounted(db).await?);
    all.extend(kogge_compute::miscounted(db).await?);
    Ok(all)
}

/// Makes them right.
pub(crate) async fn mend(db: &Db) -> Result<(), DbError> {
    let mut mended = kogge_placement::recount(db).await?;
    mended.extend(kogge_network::recount(db).await?);
    mended.extend(kogge_volume::recount(db).await?);
    mended.extend(kogge_compute::recount(db).await?);
    for count in mended {
        tracing::warn!(count, "a count was wrong and is right again");
    }
    Ok(())
}
