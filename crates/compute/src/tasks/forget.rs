//! `forget_servers`: what should be gone and never had a host, and what is long gone.

use std::time::Duration;

use async_trait::async_trait;
use kogge_task::{Report, Task, TaskError, Wake};

use super::{alone, failed};
use crate::Compute;
use crate::error::Result;
use crate::model::bounds;
use crate::store::{actions, consoles, migrations, servers as store};

/// Most servers of one run.
const BATCH: u32 = 256;
/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Forgets servers.
pub(super) struct ForgetServers(pub(super) Compute);

#[async_trait]
impl Task for ForgetServers {
    kogge_task::named!("forget_servers", every 10 s);

    fn wake(&self) -> Wake {
        self.0.wakes().forget.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let compute = &self.0;
        let doomed = store::due(compute.db(), store::Due::DoomedUnplaced, compute.now(), BATCH).await?;
        let mut report = Report { seen: doomed.len() as u64, ..Report::default() };
        for server in &doomed {
            let gone = alone("burying a server", server.id, compute.bury(server).await);
            if gone.is_none() {
                compute.put_off(server.id).await;
            }
            report.done += u64::from(gone.unwrap_or(false));
        }
        compute.forget_old().await.map_err(failed)?;
        let ended = consoles::forget_ended(compute.db(), compute.now()).await;
        ended.map_err(|error| failed(error.into()))?;
        report.more = doomed.len() == BATCH as usize && report.done > 0;
        Ok(report)
    }
}

impl Compute {
    /// Forgets servers that were deleted long ago.
    async fn forget_old(&self) -> Result<()> {
        let days = u32::try_from(self.config().keep_deleted_days).unwrap_or(u32::MAX);
        let mut old = store::buried_before(self.db(), self.now().minus(DAY.saturating_mul(days))).await?;
        old.extend(store::buried_beyond(self.db(), bounds::DELETED).await?);
        if old.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for id in old {
            actions::forget(&mut tx, id).await?;
            migrations::forget(&mut tx, id).await?;
            store::forget(&mut tx, id).await?;
        }
        Ok(tx.commit().await?)
    }
}
