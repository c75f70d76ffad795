//! `reap_servers`: what should be gone from a host goes: first from the node, then ports, allocation and row in one
//! transaction.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use kogge_node_api::{Commanded, NodeError};
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::{PATIENCE, alone, patiently, silent};
use crate::Compute;
use crate::error::Result;
use crate::model::server::{MoveKind, Server};
use crate::model::step::{Step, next_step};
use crate::store::servers as store;

/// Most servers of one run.
const BATCH: u32 = 256;

/// Reaps servers.
pub(super) struct ReapServers(pub(super) Compute);

#[async_trait]
impl KeyedTask for ReapServers {
    kogge_task::named!("reap_servers", every 5 s);

    fn bells(&self) -> Bells {
        self.0.wakes().reap.clone()
    }

    fn keys(&self) -> Vec<String> {
        self.0.own_hosts()
    }

    async fn due(&self) -> std::result::Result<Vec<String>, TaskError> {
        Ok(self.0.own_of(store::due_hosts(self.0.db(), true, self.0.now()).await?))
    }

    fn longest_run(&self) -> Duration {
        PATIENCE * 6
    }

    async fn run(&self, host: &str) -> std::result::Result<Report, TaskError> {
        let compute = &self.0;
        let Ok(node) = compute.nodes().get(host) else { return Ok(Report::default()) };
        let doomed = store::due(compute.db(), store::Due::DoomedOn(host), compute.now(), BATCH).await?;
        let mut report = Report { seen: doomed.len() as u64, ..Report::default() };
        let parallel = compute.config().parallel_per_host.max(1);
        let mut walks: Vec<BoxFuture<'_, Option<Reaped>>> = Vec::with_capacity(doomed.len());
        for server in &doomed {
            let walk = compute.reap(host, &node, server);
            walks.push(Box::pin(async move {
                let reaped = alone("reaping a server", server.id, walk.await);
                if reaped.is_none() {
                    compute.put_off(server.id).await;
                }
                reaped
            }));
        }
        let mut walks = futures_util::stream::iter(walks).buffer_unordered(parallel);
        while let Some(reaped) = walks.next().await {
            match reaped {
                Some(Reaped::Gone) => report.done += 1,
                // the others would wait for it as long; they come with the next try
                Some(Reaped::Silent(error)) => return Err(silent(error)),
                Some(Reaped::NotYet) | None => {}
            }
        }
        report.more = doomed.len() == BATCH as usize && report.done > 0;
        Ok(report)
    }
}

/// What became of one step towards the end of a server.
enum Reaped {
    /// It is gone.
    Gone,
    /// It is on its way; the node rings when it is done.
    NotYet,
    /// The host does not answer.
    Silent(NodeError),
}

impl Compute {
    async fn reap(&self, host: &str, node: &Commanded, server: &Server) -> Result<Reaped> {
        let gone = |buried| if buried { Reaped::Gone } else { Reaped::NotYet };
        let started = Instant::now();
        match next_step(server, &self.config().patience(), self.now()) {
            Step::Remove => {
                match self.remove_at_source(server).await {
                    Ok(true) => {}
                    Ok(false) => return self.look_again(server).await,
                    Err(error) => {
                        self.record_failure(server.id, error).await?;
                        return Ok(Reaped::NotYet);
                    }
                }
                match patiently(host, PATIENCE, node.remove(server.id, server.intent.generation)).await {
                    Ok(true) => self.bury(server).await.map(gone),
                    Ok(false) => self.look_again(server).await,
                    Err(error) => {
                        self.record_failure(server.id, error.clone()).await?;
                        let silent = started.elapsed() >= PATIENCE;
                        Ok(if silent { Reaped::Silent(error) } else { Reaped::NotYet })
                    }
                }
            }
            Step::Bury => self.bury(server).await.map(gone),
            _ => Ok(Reaped::NotYet),
        }
    }

    /// Has the host that a server came from let go of it; true once it has. A dead one does so when it is back.
    async fn remove_at_source(&self, server: &Server) -> std::result::Result<bool, NodeError> {
        match &server.intent.moving {
            Some(moving) if moving.kind != MoveKind::Evacuation => {
                let node = self.nodes().get(&moving.from)?;
                patiently(&moving.from, PATIENCE, node.remove(server.id, server.intent.generation)).await
            }
            _ => Ok(true),
        }
    }

    /// The node works on it and rings; in case that is lost it is asked again in a while.
    async fn look_again(&self, server: &Server) -> Result<Reaped> {
        let until = self.now().plus(self.config().patience().tell_again);
        store::put_off(self.db(), &server.id.to_string(), until).await?;
        Ok(Reaped::NotYet)
    }
}
