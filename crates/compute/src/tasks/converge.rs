//! `converge_servers`: each host's servers become what they should be, and what they are is written down.
//!
//! One run looks at every host once: what the node has is compared with what is known; what nobody knows goes into
//! quarantine and is never destroyed, for the database may be an old one;
//! then each server that is not settled goes one step. Only one process runs this at a time (the driver's lease), so
//! no two of them throw a disk away and make it anew in each other's way.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use kogge_ids::ServerId;
use kogge_node_api::{Commanded, NodeError, ObservedInstance, SetAside};
use kogge_task::{Report, Task, TaskError, Wake};

use super::alone;
use crate::Compute;
use crate::error::Result;
use crate::model::observe;
use crate::model::server::{Observed, Server};
use crate::model::step::{Step, next_step};
use crate::store::{actions, servers as store};

/// Most servers of one host and run.
const BATCH: usize = 512;
/// How long a call to a node may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long copying a disk may take.
const COPY_PATIENCE: Duration = Duration::from_secs(1800);

/// Converges servers.
pub(super) struct ConvergeServers(pub(super) Compute);

#[async_trait]
impl Task for ConvergeServers {
    fn name(&self) -> &'static str {
        "converge_servers"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// A run copies the disks of snapshots.
    fn longest_run(&self) -> Duration {
        COPY_PATIENCE + PATIENCE * 2
    }

    fn wake(&self) -> Wake {
        self.0.wakes().converge.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let nodes = self.0.nodes().all();
        let runs = nodes.iter().map(|(name, node)| async move {
            alone("converging a host", name, self.0.converge_host(name, node).await)
        });
        let mut report = Report::default();
        for one in futures_util::future::join_all(runs).await.into_iter().flatten() {
            report.seen += one.seen;
            report.done += one.done;
            report.more |= one.more;
        }
        Ok(report)
    }
}

/// Calls a node and does not wait for ever.
pub(super) async fn patiently<T>(
    host: &str,
    patience: Duration,
    call: impl Future<Output = std::result::Result<T, NodeError>>,
) -> std::result::Result<T, NodeError> {
    let because = || format!("no answer within {} seconds", patience.as_secs());
    tokio::time::timeout(patience, call)
        .await
        .unwrap_or_else(|_| Err(NodeError::Unreachable { host: host.to_owned(), because: because() }))
}

impl Compute {
    async fn converge_host(&self, host: &str, node: &Commanded) -> Result<Report> {
        let seen = patiently(host, PATIENCE, node.observe()).await;
        if let Ok(instances) = &seen {
            self.take_in(host, node, instances).await?;
        }
        let patience = self.config().patience();
        let servers = store::unsettled(self.db(), Some(host), BATCH).await?;
        let mut report = Report { seen: servers.len() as u64, ..Report::default() };
        if servers.iter().any(|server| server.intent.gone) {
            self.wakes().reap.wake();
        }
        let now = self.now();
        let steps: Vec<(Step, Server)> = servers
            .into_iter()
            .filter(|server| !server.intent.gone)
            .map(|server| (next_step(&server, &patience, now), server))
            .filter(|(step, _)| matches!(step, Step::Wipe | Step::Tell | Step::Snapshot))
            .collect();
        if let Err(error) = seen {
            for (_, server) in &steps {
                let failed = |server: &mut Server, now| observe::failed(server, &error, &patience, now);
                alone("noting a silent host", server.id, self.record(server.id, failed).await);
            }
            return Ok(report);
        }
        // a guest must not run before its ports are guarded
        let telling = steps.iter().any(|(step, _)| *step == Step::Tell);
        let network = if telling { self.sync_network(host).await } else { Ok(()) };
        let mut walks: Vec<BoxFuture<'_, Option<()>>> = Vec::with_capacity(steps.len());
        for (step, server) in &steps {
            let walk = self.step(*step, server, host, node, &network);
            walks.push(Box::pin(async move { alone("converging a server", server.id, walk.await) }));
        }
        let parallel = self.config().parallel_per_host.max(1);
        let mut walks = futures_util::stream::iter(walks).buffer_unordered(parallel);
        while let Some(done) = walks.next().await {
            report.done += u64::from(done.is_some());
        }
        report.more = report.seen == BATCH as u64 && report.done > 0;
        Ok(report)
    }

    /// Writes down what the node has, and puts what nobody knows into quarantine.
    async fn take_in(&self, host: &str, node: &Commanded, instances: &[ObservedInstance]) -> Result<()> {
        // the node was asked first: what it has and no row knows now, no row will ever know
        let known: BTreeMap<ServerId, Option<Observed>> =
            store::known_on(self.db(), host).await?.into_iter().collect();
        let patience = self.config().patience();
        for instance in instances {
            if instance.quarantined && known.contains_key(&instance.id) {
                self.take_back(host, node, instance.id).await;
            }
            match known.get(&instance.id) {
                Some(Some(observed)) if is_news(observed, instance) => {
                    let seen = |server: &mut Server, now| observe::seen(server, instance, &patience, now);
                    alone("noting what a server is", instance.id, self.record(instance.id, seen).await);
                }
                Some(_) => {}
                None => self.keep_unknown(host, node, instance).await,
            }
        }
        let there: std::collections::BTreeSet<ServerId> = instances.iter().map(|one| one.id).collect();
        let told = |observed: &Observed| observed.reached > 0 || observed.told > 0;
        let lost = |observed: &Option<Observed>| observed.as_ref().is_some_and(told);
        for (id, _) in known.iter().filter(|(id, observed)| !there.contains(id) && lost(observed)) {
            let missing = |server: &mut Server, _| {
                if !server.intent.gone {
                    observe::missing(server);
                }
            };
            alone("noting that a server is missing", *id, self.record(*id, missing).await);
        }
        Ok(())
    }

    /// An instance that no living server of this host is. It is removed only where its server's row says that the server
    /// was deleted, which its owner ordered; whatever else may be the matter, it is kept.
    async fn keep_unknown(&self, host: &str, node: &Commanded, instance: &ObservedInstance) {
        let id = instance.id;
        let because = match store::get(self.db(), id).await {
            Ok(Some(row)) if row.deleted_at.is_some() => {
                tracing::warn!(server.id = %id, host, "an instance of a server that was deleted is removed");
                return report(host, id, patiently(host, PATIENCE, node.remove(id)).await.map(drop));
            }
            // it came in between
            Ok(Some(row)) if row.placed.host.as_deref() == Some(host) => return,
            _ if instance.quarantined => return,
            Ok(Some(row)) => match row.placed.host {
                Some(other) => format!("the database has this server on host {other}"),
                None => "the database has this server on no host".to_owned(),
            },
            Ok(None) => "the database does not know this server".to_owned(),
            Err(error) => {
                tracing::error!(server.id = %id, host, %error, "a server's row cannot be read; its instance is left alone");
                return;
            }
        };
        tracing::error!(
            server.id = %id, host, because,
            "an instance goes into quarantine: it is kept as it is; see `kogge quarantine list`"
        );
        let note = SetAside { since: self.now().as_micros(), because };
        report(host, id, patiently(host, PATIENCE, node.set_aside(id, note)).await);
    }

    async fn take_back(&self, host: &str, node: &Commanded, id: ServerId) {
        tracing::info!(server.id = %id, host, "the cloud knows an instance again: it leaves the quarantine");
        report(host, id, patiently(host, PATIENCE, node.take_back(id)).await);
    }

    async fn step(
        &self,
        step: Step,
        server: &Server,
        host: &str,
        node: &Commanded,
        network: &std::result::Result<(), NodeError>,
    ) -> Result<()> {
        let patience = self.config().patience();
        let id = server.id;
        match step {
            Step::Wipe => match patiently(host, PATIENCE, node.remove(id)).await {
                Ok(true) => self.record(id, |server, _| observe::wiped(server)).await.map(drop)?,
                Ok(false) => {}
                Err(error) => {
                    self.record(id, |server, now| observe::failed(server, &error, &patience, now)).await?;
                }
            },
            Step::Tell => {
                let answer = match network {
                    Ok(()) => self.tell(server, host, node).await,
                    Err(error) => Err(error.clone()),
                };
                self.record(id, |row, now| match &answer {
                    // told was the generation that was read, not one that came since
                    Ok(seen) if row.intent.generation == server.intent.generation => {
                        observe::told(row, now);
                        observe::seen(row, seen, &patience, now);
                    }
                    Ok(_) => {}
                    Err(error) => observe::failed(row, error, &patience, now),
                })
                .await?;
            }
            Step::Snapshot => self.take_snapshot(server, host, node).await?,
            _ => {}
        }
        // the next step need not wait for the next period
        if step != Step::Snapshot {
            let after = store::get(self.db(), id).await?;
            let next = after.map(|server| next_step(&server, &patience, self.now()));
            if matches!(next, Some(Step::Tell | Step::Wipe | Step::Snapshot)) && next != Some(step) {
                self.wakes().converge.wake();
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        server: &Server,
        host: &str,
        node: &Commanded,
    ) -> std::result::Result<ObservedInstance, NodeError> {
        let desired = self.desired(server).await?;
        patiently(host, PATIENCE, node.apply(desired)).await
    }

    async fn take_snapshot(&self, server: &Server, host: &str, node: &Commanded) -> Result<()> {
        let Some(snapshot) = server.intent.snapshot else { return Ok(()) };
        let target = self.image().snapshot_target(snapshot.image);
        let copied = match patiently(host, COPY_PATIENCE, node.export_disk(server.id, &target)).await {
            Ok(_) => match self.image().finish_snapshot(snapshot.image).await {
                // whoever deleted the image wants no picture
                Err(error) if !error.is_not_found() => Err(NodeError::failed("storing the image", error)),
                _ => Ok(()),
            },
            Err(error) => Err(error),
        };
        let patience = self.config().patience();
        let Err(error) = copied else {
            self.record(server.id, |server, _| server.observed.snapshots = snapshot.number).await?;
            return Ok(());
        };
        let given_up = error.is_final() || server.observed.failures + 1 >= patience.tries;
        if !given_up {
            let retry = |row: &mut Server, now: kogge_clock::Timestamp| {
                row.observed.failures += 1;
                row.observed.retry_at = now.plus(patience.pause_after(row.observed.failures)).as_micros();
            };
            return self.record(server.id, retry).await.map(drop);
        }
        let because = error.to_string();
        self.image().fail_snapshot(snapshot.image, &because).await.map_err(crate::error::Error::internal)?;
        let mut tx = self.db().begin().await?;
        actions::fail(&mut tx, server.id, Some(host), &error.for_tenants(), self.now()).await?;
        tx.commit().await?;
        let done = |row: &mut Server, _| {
            row.observed.snapshots = snapshot.number;
            row.observed.failures = 0;
            row.observed.retry_at = 0;
        };
        self.record(server.id, done).await.map(drop)
    }
}

/// What a node could not do is tried again by the next run, for the node still shows the instance.
fn report(host: &str, id: ServerId, done: std::result::Result<(), NodeError>) {
    if let Err(error) = done {
        tracing::warn!(server.id = %id, host, %error, "a node did not keep or remove an instance; it is tried again");
    }
}

/// Whether an observation says something that is not written down yet.
fn is_news(known: &Observed, seen: &ObservedInstance) -> bool {
    known.reached != seen.reached
        || known.state != seen.state
        || seen.fault.is_some()
        || known.deferred != seen.deferred.as_ref().map(NodeError::for_tenants)
        || known.told > seen.reached
        || (seen.disks_built && known.built.is_none_or(|built| built < known.disk))
}
