//! Puts images back whose upload died.

use std::time::Duration;

use async_trait::async_trait;
use kogge_ids::ImageId;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::error::Error;
use crate::model::status::Status;
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

    async fn reset(&self, id: ImageId) -> Result<(), Error> {
        let lost = Error::invalid("its sender was lost");
        for status in [Status::Saving, Status::Uploading] {
            self.images.put_back(id, status, &lost).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Task for ResetUploads {
    fn name(&self) -> &'static str {
        "reset_uploads"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let now = self.images.now();
        let abandoned = store::images::abandoned(self.images.db(), now).await?;
        for id in &abandoned {
            self.reset(*id).await.map_err(|error| TaskError("an image".into(), Some(Box::new(error))))?;
        }
        store::tasks::expire(self.images.db(), now).await?;
        store::holds::forget_unheld(self.images.db()).await?;
        let seen = abandoned.len() as u64;
        Ok(Report { seen, done: seen, more: false })
    }
}
