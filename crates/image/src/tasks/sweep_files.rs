//! Puts the files of images where they belong: away, into quarantine, or back out of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::Images;

/// How far removals from the quarantine are apart, and how long after a start the first ones come: there is time to
/// see what happens and to stop it.
const PAUSE: Duration = Duration::from_secs(3600);

/// The task `sweep_image_files`.
pub(crate) struct SweepFiles {
    images: Images,
    wake: Wake,
    /// When something may be removed from the quarantine again.
    removing: Mutex<Timestamp>,
}

impl SweepFiles {
    pub(crate) fn new(images: Images) -> Self {
        let removing = Mutex::new(images.now().plus(PAUSE));
        Self { images, wake: Wake::new(), removing }
    }

    /// True once in an hour.
    fn removes(&self, now: Timestamp) -> bool {
        let mut next = self.removing.lock().unwrap_or_else(PoisonError::into_inner);
        let due = *next <= now;
        if due {
            *next = now.plus(PAUSE);
        }
        due
    }
}

#[async_trait]
impl Task for SweepFiles {
    kogge_task::named!("sweep_image_files", every 300 s);

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let keep = self.images.config().quarantine_keep.filter(|_| self.removes(self.images.now()));
        let swept = self.images.sweep_files(keep).await;
        let swept = swept.map_err(|error| TaskError("the data directory".into(), Some(Box::new(error))))?;
        if swept.left > 0 {
            let left = swept.left;
            tracing::warn!(left, "files of images that the database does not know; nothing happens to them");
        }
        let done = swept.removed + swept.quarantined + swept.returned;
        Ok(Report { seen: done + swept.left, done, more: false })
    }
}
