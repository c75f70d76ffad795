//! Sealed keys of encrypted volumes.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{ProjectId, SecretId};

record! {
    /// A key, sealed.
    pub(crate) SealedKey in "volume_keys" {
        /// Its id.
        id: SecretId,
        /// Whose volume it is for.
        project_id: ProjectId,
        /// The key, sealed.
        sealed: String,
        /// When it was made.
        created_at: Timestamp,
    }
}
