//! A type of volumes.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{QosSpecId, VolumeTypeId};
use serde::{Deserialize, Serialize};

record! {
    /// A type of volumes.
    pub VolumeType in "volume_types" {
        /// Its id.
        id: VolumeTypeId,
        /// Its name; no two have the same.
        name: String,
        /// A word for people; SCS-0114 reads aspects there.
        description: Option<String>,
        /// Every project sees it; else those that were given access.
        is_public: bool,
        /// What it asks of backends, and other words of administrators.
        extra_specs: Json<BTreeMap<String, String>>,
        /// Its qualities of service.
        qos_id: Option<QosSpecId>,
        /// How its volumes are encrypted.
        encryption: Option<Json<Encryption>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
    }
}

/// How the volumes of a type are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// Its id.
    pub id: String,
    /// `luks`, or what administrators of other clouds write for it.
    pub provider: String,
    /// The cipher, as dm-crypt names it: `aes-xts-plain64`.
    pub cipher: Option<String>,
    /// Bits of the key.
    pub key_size: Option<i64>,
    /// `front-end`: where the guest runs.
    pub control_location: String,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it changed last, in microseconds.
    #[serde(default)]
    pub updated_at: Option<i64>,
}

/// The type of volumes for which nobody named one.
pub const DEFAULT: &str = "__DEFAULT__";
/// Extra spec: the backend that is wanted.
pub const BACKEND_NAME: &str = "volume_backend_name";
/// Extra spec: `<is> True` lets several servers use a volume.
pub const MULTIATTACH: &str = "multiattach";

impl VolumeType {
    /// Whether several servers may use its volumes at the same time.
    #[must_use]
    pub fn is_multiattach(&self) -> bool {
        self.extra_specs.get(MULTIATTACH).is_some_and(|spec| spec.eq_ignore_ascii_case("<is> true"))
    }

    /// The backend that it asks for.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.extra_specs.get(BACKEND_NAME).map(String::as_str)
    }
}
