//! What administrators said of services.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Record as _, Tx, record};

record! {
    /// What administrators said of a service.
    pub(crate) Said in "volume_services" {
        key {
            /// Where it runs: `host`, or `host@backend`.
            host: String,
            /// What it is: `cinder-volume`.
            kind: String,
        }
        /// It takes nothing new.
        disabled: bool,
        /// Why.
        reason: Option<String>,
        /// Nothing on it is to be changed.
        frozen: bool,
        /// When they said it.
        updated_at: Timestamp,
    }
}

/// All that was said.
pub(crate) async fn all(db: impl Executor) -> Result<Vec<Said>, DbError> {
    Said::all(db, Said::select()).await
}

/// Notes what was said.
pub(crate) async fn put(tx: &mut Tx, said: &Said) -> Result<(), DbError> {
    if !said.insert(tx).await? {
        said.save(tx).await?;
    }
    Ok(())
}
