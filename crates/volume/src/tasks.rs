//! What happens behind the requests.

use std::sync::Arc;

use kogge_task::KeyedTask;

use crate::Volumes;

/// The tasks of each volume and each snapshot.
pub(crate) fn keyed(_volumes: &Volumes) -> Vec<Arc<dyn KeyedTask>> {
    Vec::new()
}
