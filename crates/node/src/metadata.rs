//! What guests may learn about themselves, by server: the data plane asks, the actors fill.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kogge_dataplane::MetadataSource;
use kogge_ids::ServerId;
use kogge_node_api::GuestMetadata;

/// The metadata of all instances of a node. Make it first and give it to the data plane and to the node. Cheap to
/// clone; all clones are the same.
#[derive(Clone, Default)]
pub struct MetadataBook(Arc<RwLock<HashMap<ServerId, GuestMetadata>>>);

impl MetadataBook {
    pub(crate) fn write(&self, metadata: GuestMetadata) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(metadata.server, metadata);
    }

    pub(crate) fn forget(&self, id: ServerId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl MetadataSource for MetadataBook {
    fn for_server(&self, id: ServerId) -> Option<GuestMetadata> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}
