//! Puts images back whose upload died, and lets go of imports whose process died.

use async_trait::async_trait;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::{Images, store};

/// The task `reset_uploads`.
pub(crate) struct ResetUploads {
    images: Images,
    wake: Wake,
}

impl ResetUploads {
    pub(crate) fn new(images: Images) -> Self {
        Self { images, wake: Wake::new() }
    }
}

#[async_trait]
impl Task for ResetUploads {
    kogge_task::named!("reset_uploads", every 60 s);

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Every process looks at once when it starts, so that what it left when it died does not wait for a lease.
    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let (images, now) = (&self.images, self.images.now());
        let mut report = Report::default();
        for busy in store::images::all_busy(images.db()).await? {
            report.seen += 1;
            // the deadline serves for processes on other machines, of whom nothing else is known
            let ended = busy.process.as_deref().is_some_and(|process| images.files().has_ended(process));
            if !ended && busy.until >= now {
                continue;
            }
            match images.give_up(&busy).await {
                Ok(done) => report.done += u64::from(done),
                Err(error) => {
                    tracing::error!(image.id = %busy.id, %error, "an image could not be put back yet")
                }
            }
        }
        for process in store::tasks::processes(images.db()).await? {
            if images.files().has_ended(&process) && store::tasks::release(images.db(), &process).await? > 0 {
                images.import_bell().wake();
            }
        }
        store::tasks::expire(images.db(), now).await?;
        let mut tx = images.db().begin().await?;
        store::holds::forget_unheld(&mut tx).await?;
        tx.commit().await?;
        Ok(report)
    }
}
