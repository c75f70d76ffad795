//! An offer of a volume to another project.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{ProjectId, TransferId, VolumeId};
use sha2::{Digest as _, Sha256};

record! {
    /// An offer of a volume to whoever knows its key.
    pub Transfer in "volume_transfers" {
        /// Its id.
        id: TransferId,
        /// The volume.
        volume_id: VolumeId,
        /// Whose the volume is.
        project_id: ProjectId,
        /// Display name.
        name: Option<String>,
        /// Goes into the hash.
        salt: String,
        /// What proves the key: in hex.
        hash: String,
        /// The volume's snapshots stay.
        no_snapshots: bool,
        /// When it was made.
        created_at: Timestamp,
    }
}

/// Bytes of a key, and of a salt.
const KEY: usize = 8;

/// A key that people can type, with its salt and hash.
#[must_use]
pub fn new_key() -> (String, String, String) {
    let (key, salt): ([u8; KEY], [u8; KEY]) = (rand::random(), rand::random());
    let (key, salt) = (hex::encode(key), hex::encode(salt));
    let hash = hex::encode(digest(&salt, &key));
    (key, salt, hash)
}

fn digest(salt: &str, key: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(":").chain_update(key).finalize().into()
}

impl Transfer {
    /// Whether this is the key. It takes the same time whatever is wrong with it.
    #[must_use]
    pub fn opens_with(&self, key: &str) -> bool {
        let wanted = hex::decode(&self.hash).unwrap_or_default();
        let found = digest(&self.salt, key);
        let differs = wanted.iter().zip(found).fold(0, |all, (one, other)| all | (one ^ other));
        wanted.len() == found.len() && differs == 0
    }
}
