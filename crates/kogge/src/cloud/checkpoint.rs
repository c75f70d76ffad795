//! `checkpoint_database`: what was committed goes from the log beside a SQLite file into the file itself.
//!
//! SQLite does so by itself only once the log has grown. A small cloud would stand in its log for ever, and whoever
//! copied the file alone would have an empty cloud.

use std::time::Duration;

use async_trait::async_trait;
use kogge_db::Db;
use kogge_task::{Report, Task, TaskError, Wake};

/// Checkpoints the database.
pub(super) struct CheckpointDatabase(pub(super) Db);

#[async_trait]
impl Task for CheckpointDatabase {
    fn name(&self) -> &'static str {
        "checkpoint_database"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn wake(&self) -> Wake {
        Wake::new()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        self.0.checkpoint().await?;
        Ok(Report { seen: 1, done: 1, more: false })
    }
}
