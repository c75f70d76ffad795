//! What the tasks about volumes, snapshots and backups have in common: a row that has something to do is a key.

use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_db::Record;
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::failed;
use crate::Volumes;
use crate::error::Result;
use crate::store::due::due;

/// A row with something to do.
pub(super) trait Job: Record<Key: FromStr> {
    /// The name of its task.
    const TASK: &'static str;

    /// What rings for it.
    fn bells(volumes: &Volumes) -> Bells;

    /// Whether it has something to do by now.
    fn is_due(&self, now: Timestamp) -> bool;

    /// Does it, and writes down what became of it. False where a step failed.
    fn work(&self, volumes: &Volumes) -> impl Future<Output = Result<bool>> + Send;
}

/// Works on rows of one kind.
pub(super) struct Work<J> {
    volumes: Volumes,
    kind: PhantomData<fn() -> J>,
}

impl<J> Work<J> {
    pub(super) fn new(volumes: &Volumes) -> Self {
        Self { volumes: volumes.clone(), kind: PhantomData }
    }
}

#[async_trait]
impl<J: Job> KeyedTask for Work<J> {
    fn name(&self) -> &'static str {
        J::TASK
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn bells(&self) -> Bells {
        J::bells(&self.volumes)
    }

    async fn due(&self) -> std::result::Result<Vec<String>, TaskError> {
        Ok(due(self.volumes.db(), J::TABLE, self.volumes.now()).await?)
    }

    /// A copy of a large disk takes as long as it takes.
    fn longest_run(&self) -> Duration {
        Duration::from_secs(self.volumes.config().step_seconds)
    }

    fn farewell(&self) -> Duration {
        Duration::ZERO
    }

    async fn run(&self, key: &str) -> std::result::Result<Report, TaskError> {
        let Ok(id) = key.parse::<J::Key>() else { return Ok(Report::default()) };
        let row = J::get(self.volumes.db(), &id).await?;
        let Some(row) = row.filter(|row| row.is_due(self.volumes.now())) else {
            return Ok(Report::default());
        };
        let done = row.work(&self.volumes).await.map_err(failed)?;
        Ok(Report { seen: 1, done: u64::from(done), more: false })
    }
}
