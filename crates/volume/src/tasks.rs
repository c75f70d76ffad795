//! What happens behind the requests: each volume has its own queue, and costs no other one anything.
//!
//! | task | keyed by | what |
//! |---|---|---|
//! | `work_volumes` | volume | what is being done to a volume is done at its backend |
//! | `work_snapshots` | snapshot | the same of snapshots |
//! | `work_backups` | backup | data go into the store of backups, or from there onto a volume |
//! | `forget_volume_messages` | the cloud | messages to users are removed once they expired |

mod messages;

mod backups;
mod manage;
mod revert;
mod snapshots;
pub(crate) mod stop;
pub(crate) mod volumes;
mod work;

use std::sync::Arc;

use kogge_task::{KeyedTask, Task, TaskError};

use self::work::Work;
use crate::Volumes;
use crate::error::Error;
use crate::model::backup::Backup;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;

/// The tasks about the whole cloud.
pub(crate) fn whole(volumes: &Volumes) -> Vec<Arc<dyn Task>> {
    vec![Arc::new(messages::ForgetMessages::new(volumes.clone()))]
}

/// The tasks of each volume and each snapshot.
pub(crate) fn keyed(volumes: &Volumes) -> Vec<Arc<dyn KeyedTask>> {
    vec![
        Arc::new(Work::<Volume>::new(volumes)),
        Arc::new(Work::<Snapshot>::new(volumes)),
        Arc::new(Work::<Backup>::new(volumes)),
    ]
}

/// An error of the service as one of a task.
pub(crate) fn failed(error: Error) -> TaskError {
    TaskError(error.to_string(), Some(Box::new(error)))
}
