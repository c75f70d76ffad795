//! `converge_servers`: a host's servers become what they should be, and what they are is written down.
//!
//! One run looks at one host: what the node has is compared with what is known ([`super::take_in`]); then each server
//! with something to do goes one step. Runs of a host never overlap, and one process commands it, so no two of them
//! throw a disk away and make it anew in each other's way.
//!
//! A host runs when it is rung (its node observed something, a request wants something), when the database says that
//! something on it is due (one question for all hosts), and now and then, in case a ring was lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use kogge_node_api::{Changes, Commanded, Cursor, NodeError, ObservedInstance};
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::take_in::Those;
use super::{PATIENCE, alone, patiently, silent};
use crate::Compute;
use crate::error::Result;
use crate::model::observe;
use crate::model::server::Server;
use crate::model::step::{Step, next_step};
use crate::store::servers as store;

/// Most servers of one run.
const BATCH: u32 = 512;
/// How often a host is looked at that nobody rang for.
const LOOK: Duration = Duration::from_secs(30);
/// How often what a host shows is compared with the database though the host shows what it showed before.
const COMPARE: Duration = Duration::from_secs(300);

/// Converges servers.
pub(super) struct ConvergeServers {
    compute: Compute,
    looks: Mutex<BTreeMap<String, Look>>,
}

/// The last look at a host.
struct Look {
    at: Instant,
    /// When all that it showed was compared with the database.
    compared: Instant,
    /// Up to where its changes are known.
    cursor: Cursor,
    /// How many servers the database had on it when all was compared.
    servers: u64,
}

impl ConvergeServers {
    pub(super) fn new(compute: Compute) -> Self {
        Self { compute, looks: Mutex::default() }
    }

    fn looks(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Look>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where the changes of a host are known; nothing where all of it is to be compared with the database.
    fn cursor(&self, host: &str) -> Option<Cursor> {
        self.looks().get(host).filter(|look| look.compared.elapsed() < COMPARE).map(|look| look.cursor)
    }

    /// Takes in what changed on a host. All that it shows is compared with the database now and then, at first, and where
    /// nothing is due and the database has another number of servers on it.
    async fn compare(&self, host: &str, node: &Commanded, changes: Changes, due: bool) -> Result<()> {
        let now = Instant::now();
        if changes.whole {
            return self.compare_all(host, node, changes, now).await;
        }
        if !changes.is_empty() {
            let taken =
                self.compute.take_in(host, node, &changes.instances, Those::Changed(&changes.gone)).await?;
            let mut looks = self.looks();
            match looks.get_mut(host) {
                Some(look) if taken => (look.at, look.cursor) = (now, changes.cursor),
                _ => drop(looks.remove(host)),
            }
            return Ok(());
        }
        let servers = if due { None } else { Some(store::number_on(self.compute.db(), host).await?) };
        let same = match self.looks().get_mut(host) {
            Some(look) => {
                look.at = now;
                servers.is_none_or(|servers| servers == look.servers)
            }
            None => false,
        };
        if same {
            return Ok(());
        }
        match patiently(host, PATIENCE, node.observe_since(None, Duration::ZERO)).await {
            Ok(all) => self.compare_all(host, node, all, now).await,
            // the next run asks it again, and says what is the matter
            Err(_) => Ok(()),
        }
    }

    async fn compare_all(&self, host: &str, node: &Commanded, all: Changes, now: Instant) -> Result<()> {
        let servers = store::number_on(self.compute.db(), host).await?;
        if self.compute.take_in(host, node, &all.instances, Those::All).await? {
            let look = Look { at: now, compared: now, cursor: all.cursor, servers };
            self.looks().insert(host.to_owned(), look);
        } else {
            self.looks().remove(host);
        }
        Ok(())
    }
}

#[async_trait]
impl KeyedTask for ConvergeServers {
    kogge_task::named!("converge_servers", every 5 s);

    fn bells(&self) -> Bells {
        self.compute.wakes().converge.clone()
    }

    fn keys(&self) -> Vec<String> {
        self.compute.own_hosts()
    }

    async fn due(&self) -> std::result::Result<Vec<String>, TaskError> {
        let compute = &self.compute;
        let mut due = compute.own_of(store::due_hosts(compute.db(), false, compute.now()).await?);
        let looks = self.looks();
        let fresh = |host: &String| looks.get(host).is_some_and(|look| look.at.elapsed() < LOOK);
        due.extend(compute.own_hosts().into_iter().filter(|host| !fresh(host)));
        Ok(due)
    }

    fn longest_run(&self) -> Duration {
        PATIENCE * 6
    }

    async fn run(&self, host: &str) -> std::result::Result<Report, TaskError> {
        // it left, and is another process's now
        let Ok(node) = self.compute.nodes().get(host) else { return Ok(Report::default()) };
        let compute = &self.compute;
        let seen = patiently(host, PATIENCE, node.observe_since(self.cursor(host), Duration::ZERO)).await;
        let mut due = store::due(compute.db(), store::Due::On(host), compute.now(), BATCH).await?;
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                self.looks().remove(host);
                compute.note_silence(&due, &error).await;
                return Err(silent(error));
            }
        };
        self.compare(host, &node, seen, !due.is_empty()).await.map_err(super::failed)?;
        if !due.is_empty() {
            // what the node showed may have settled some of them
            due = store::due(compute.db(), store::Due::On(host), compute.now(), BATCH).await?;
        }
        compute.converge(host, &node, due).await
    }
}

impl Compute {
    /// A host that does not answer is a failed try for each of its servers that want something.
    async fn note_silence(&self, due: &[Server], error: &NodeError) {
        let (now, patience) = (self.now(), self.config().patience());
        let waiting = |server: &&Server| {
            matches!(next_step(server, &patience, now), Step::Wipe | Step::Tell | Step::Snapshot)
        };
        let notes = due.iter().filter(waiting).map(|server| async move {
            let error = error.clone();
            let failed = move |row: &mut Server, now| observe::failed(row, &error, &patience, now);
            alone("noting a silent host", server.id, self.record(server.id, failed).await);
        });
        join_all(notes).await;
    }

    /// One step for each of these servers. Once the host has let a call wait for too long, the rest is left to the next
    /// run.
    async fn converge(
        &self,
        host: &str,
        node: &Commanded,
        due: Vec<Server>,
    ) -> std::result::Result<Report, TaskError> {
        let (now, patience) = (self.now(), self.config().patience());
        let mut report = Report { seen: due.len() as u64, ..Report::default() };
        let full = due.len() == BATCH as usize;
        let mut steps = Vec::with_capacity(due.len());
        for server in due {
            match next_step(&server, &patience, now) {
                Step::Rest | Step::Wait(_) | Step::Watch | Step::Place | Step::Remove | Step::Bury => {}
                // it may take long, and is not the host's work
                Step::Snapshot => self.wakes().snapshot.ring(&server.id.to_string()),
                step => steps.push((step, server)),
            }
        }
        // a guest must not run before its ports are guarded
        let telling = steps.iter().any(|(step, _)| *step == Step::Tell);
        let network = if telling { self.sync_network(host).await } else { Ok(()) };
        let hangs = AtomicBool::new(false);
        let mut walks: Vec<BoxFuture<'_, bool>> = Vec::with_capacity(steps.len());
        for (step, server) in &steps {
            let (hangs, walk) = (&hangs, self.step(*step, server, host, node, &network));
            walks.push(Box::pin(async move {
                if hangs.load(Ordering::Relaxed) {
                    return false;
                }
                let started = Instant::now();
                let done = alone("converging a server", server.id, walk.await);
                hangs.fetch_or(started.elapsed() >= PATIENCE, Ordering::Relaxed);
                if done.is_none() {
                    self.put_off(server.id).await;
                }
                done.is_some()
            }));
        }
        let parallel = self.config().parallel_per_host.max(1);
        let mut walks = futures_util::stream::iter(walks).buffer_unordered(parallel);
        while let Some(done) = walks.next().await {
            report.done += u64::from(done);
        }
        drop(walks);
        if hangs.into_inner() {
            return Err(TaskError::text(format!("{host} let a call wait for {} s", PATIENCE.as_secs())));
        }
        report.more = full && report.done > 0;
        Ok(report)
    }

    async fn step(
        &self,
        step: Step,
        server: &Server,
        host: &str,
        node: &Commanded,
        network: &std::result::Result<(), NodeError>,
    ) -> Result<()> {
        let id = server.id;
        let after = match step {
            // the new disk comes with this generation: an order that comes late must not hit it
            Step::Wipe => {
                match patiently(host, PATIENCE, node.remove(id, server.intent.generation - 1)).await {
                    Ok(true) => self.record(id, |server, _| observe::wiped(server)).await?,
                    Ok(false) => None,
                    Err(error) => self.record_failure(id, error).await?,
                }
            }
            Step::Tell => self.tell_and_record(server, host, node, network).await?,
            Step::Leave => self.leave_host(server, host, node).await?,
            Step::Depart => self.depart(server).await?,
            step => self.in_time(step, id).await?,
        };
        // the next step need not wait for the next period
        let next = after.map(|server| next_step(&server, &self.config().patience(), self.now()));
        let waits = matches!(next, None | Some(Step::Rest | Step::Wait(_) | Step::Watch));
        if !waits && next != Some(step) {
            self.wakes().converge.ring(host);
        }
        Ok(())
    }

    async fn tell_and_record(
        &self,
        server: &Server,
        host: &str,
        node: &Commanded,
        network: &std::result::Result<(), NodeError>,
    ) -> Result<Option<Server>> {
        let answer = match network {
            Ok(()) => self.tell(server, host, node).await,
            Err(error) => Err(error.clone()),
        };
        let (patience, generation) = (self.config().patience(), server.intent.generation);
        let seen = match answer {
            Err(error) => return self.record_failure(server.id, error).await,
            Ok(seen) => seen,
        };
        let told = move |row: &mut Server, now| {
            // told was the generation that was read, not one that came since
            if row.intent.generation == generation {
                observe::told(row, now);
                observe::seen(row, &seen, &patience, now);
            }
        };
        self.record(server.id, told).await
    }

    /// A try that failed. That another process commands the host since is no fault of the server's.
    pub(super) async fn record_failure(
        &self,
        id: kogge_ids::ServerId,
        error: NodeError,
    ) -> Result<Option<Server>> {
        if matches!(error, NodeError::Deposed { .. }) {
            return Err(crate::error::Error::internal(error));
        }
        let patience = self.config().patience();
        self.record(id, move |row, now| observe::failed(row, &error, &patience, now)).await
    }

    async fn tell(
        &self,
        server: &Server,
        host: &str,
        node: &Commanded,
    ) -> std::result::Result<ObservedInstance, NodeError> {
        let desired = self.desired(server).await?;
        let seen = patiently(host, PATIENCE, node.apply(desired)).await?;
        self.lacks(host, &seen.lacks);
        Ok(seen)
    }
}
