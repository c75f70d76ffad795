//! Removes messages to users that nobody has to keep any more.

use async_trait::async_trait;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::Volumes;

/// The task `forget_volume_messages`.
pub(crate) struct ForgetMessages {
    volumes: Volumes,
    wake: Wake,
}

impl ForgetMessages {
    pub(crate) fn new(volumes: Volumes) -> Self {
        Self { volumes, wake: Wake::new() }
    }
}

#[async_trait]
impl Task for ForgetMessages {
    kogge_task::named!("forget_volume_messages", every 3600 s);

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let gone = self.volumes.forget_messages().await?;
        Ok(Report { seen: gone, done: gone, ..Report::default() })
    }
}
