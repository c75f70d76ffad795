//! What happens behind the requests: each volume has its own queue, and costs no other one anything.
//!
//! | task | keyed by | what |
//! |---|---|---|
//! | `work_volumes` | volume | what is being done to a volume is done at its backend |
//! | `work_snapshots` | snapshot | the same of snapshots |

mod snapshots;
pub(crate) mod stop;
pub(crate) mod volumes;

use std::sync::Arc;

use kogge_task::{KeyedTask, TaskError};

use crate::Volumes;
use crate::error::Error;

/// The tasks of each volume and each snapshot.
pub(crate) fn keyed(volumes: &Volumes) -> Vec<Arc<dyn KeyedTask>> {
    vec![Arc::new(volumes::WorkVolumes(volumes.clone())), Arc::new(snapshots::WorkSnapshots(volumes.clone()))]
}

/// An error of the service as one of a task.
pub(crate) fn failed(error: Error) -> TaskError {
    TaskError(error.to_string(), Some(Box::new(error)))
}
