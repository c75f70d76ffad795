//! `reap_servers`: what should be gone goes: first from the node, then ports, allocation and row in one transaction.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use kogge_node_api::NodeError;
use kogge_task::{Report, Task, TaskError, Wake};

use super::alone;
use super::register::failed;
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::observe;
use crate::model::quota::Usage;
use crate::model::server::Server;
use crate::model::step::{Step, next_step};
use crate::store::{actions, big, quotas, server_groups, servers as store};

/// Most servers of one run.
const BATCH: usize = 256;
/// How long a call to a node may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Reaps servers.
pub(super) struct ReapServers(pub(super) Compute);

#[async_trait]
impl Task for ReapServers {
    fn name(&self) -> &'static str {
        "reap_servers"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn wake(&self) -> Wake {
        self.0.wakes().reap.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let compute = &self.0;
        let doomed = store::doomed(compute.db(), BATCH).await?;
        let mut report = Report { seen: doomed.len() as u64, ..Report::default() };
        let parallel = compute.config().parallel_per_host.max(1);
        let mut walks: Vec<BoxFuture<'_, Option<bool>>> = Vec::with_capacity(doomed.len());
        for server in &doomed {
            walks.push(Box::pin(async { alone("reaping a server", server.id, compute.reap(server).await) }));
        }
        let mut walks = futures_util::stream::iter(walks).buffer_unordered(parallel);
        while let Some(gone) = walks.next().await {
            report.done += u64::from(gone.unwrap_or(false));
        }
        compute.forget_old().await.map_err(failed)?;
        report.more = report.seen == BATCH as u64 && report.done > 0;
        Ok(report)
    }
}

impl Compute {
    /// One step towards the end of a server; true where it is gone.
    async fn reap(&self, server: &Server) -> Result<bool> {
        let patience = self.config().patience();
        match next_step(server, &patience, self.now()) {
            Step::Remove => match self.remove(server).await {
                Ok(true) => self.bury(server).await,
                // the node rings when it is done
                Ok(false) => Ok(false),
                Err(error) => {
                    let failed = |row: &mut Server, now| observe::failed(row, &error, &patience, now);
                    self.record(server.id, failed).await?;
                    Ok(false)
                }
            },
            Step::Bury => self.bury(server).await,
            _ => Ok(false),
        }
    }

    async fn remove(&self, server: &Server) -> std::result::Result<bool, NodeError> {
        let Some(host) = server.placed.host.as_deref() else { return Ok(true) };
        let node = self.nodes().get(host)?;
        let silent = |_| NodeError::Unreachable {
            host: host.to_owned(),
            because: format!("no answer within {} seconds", PATIENCE.as_secs()),
        };
        tokio::time::timeout(PATIENCE, node.remove(server.id)).await.map_err(silent)?
    }

    /// Gives back everything that a server held, in one transaction.
    async fn bury(&self, known: &Server) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, known.id).await?;
        let Some(mut server) = store::get(&mut tx, known.id).await? else { return Ok(false) };
        // placed in between: then there is something to remove first
        if server.deleted_at.is_some() || server.placed.host != known.placed.host || !server.intent.gone {
            return Ok(false);
        }
        let now = self.now();
        self.drop_all_ports(&mut tx, server.id).await?;
        self.placement().free_in(&mut tx, server.id).await.map_err(Error::internal)?;
        server_groups::leave(&mut tx, server.id).await?;
        self.release_image(&mut tx, server.id).await?;
        server.observed.removed = true;
        server.spec.forget_secrets();
        server.deleted_at = Some(now);
        let snapshot = server.intent.snapshot.filter(|_| server.snapshot_pending());
        actions::finish(&mut tx, server.id, i64::MAX, server.placed.host.as_deref(), now).await?;
        if !store::save(&mut tx, &mut server, now).await? {
            return Ok(false);
        }
        let gone = Usage {
            instances: -1,
            cores: -i64::from(server.shape.vcpus),
            ram: -big(server.shape.ram_mib),
            ..Usage::default()
        };
        quotas::moved(&mut tx, server.project.as_str(), gone).await?;
        tx.commit().await?;
        if let Some(snapshot) = snapshot {
            let because = "the server was deleted before the picture was taken";
            self.image().fail_snapshot(snapshot.image, because).await.map_err(Error::internal)?;
        }
        self.network_changed();
        self.wakes().place.wake();
        Ok(true)
    }

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
            store::forget(&mut tx, id).await?;
        }
        Ok(tx.commit().await?)
    }
}
