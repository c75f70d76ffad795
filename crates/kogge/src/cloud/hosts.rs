//! Which hosts this process commands.
//!
//! A host's name belongs to one data directory: there are its guests' disks, and its guests may run on when their
//! process is gone. And it is commanded by one process at a time, by a lease whose epoch every order bears. So a second
//! process with the same host name is refused, and one that was declared dead commands nothing until it has taken its
//! hosts again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_compute::Compute;
use kogge_db::{Executor, Lease, Process, Query};
use kogge_node_api::{Commanded, Epoch, NodeHandle, Nodes};
use kogge_task::{Report, Task, TaskError, Wake};

use crate::exit::Failure;

/// The hosts of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hosts(Arc<Inner>);

struct Inner {
    process: Process,
    nodes: Nodes,
    compute: Compute,
    /// The operator says that this directory may take hosts of another one.
    adopt: bool,
    held: Mutex<BTreeMap<String, Held>>,
    wake: Wake,
}

/// A host of this process.
struct Held {
    node: NodeHandle,
    /// The incarnation of the process that commands it; none while nobody does.
    incarnation: Option<i64>,
}

/// To whom a host belongs.
enum Home {
    /// This process's directory.
    Own,
    /// The directory of a process that lives.
    Lives(String),
    /// The directory of a process that does not.
    Dead(String),
}

const CLAIM: &str = "INSERT INTO host_homes (host, process) VALUES ($1, $2) ON CONFLICT (host) DO NOTHING";
const MOVE: &str = "UPDATE host_homes SET process = $2 WHERE host = $1 AND process = $3";
const OWNER: &str = "SELECT h.process AS process, COALESCE(p.address, '') AS address,
    COALESCE(p.alive_until, 0) AS alive_until
    FROM host_homes h LEFT JOIN processes p ON p.name = h.process WHERE h.host = $1";
const OTHERS: &str = "SELECT host FROM host_homes WHERE process <> $1";

impl Hosts {
    pub(super) fn new(process: Process, nodes: Nodes, compute: Compute, adopt: bool) -> Self {
        let held = Mutex::default();
        Self(Arc::new(Inner { process, nodes, compute, adopt, held, wake: Wake::new() }))
    }

    /// The work that keeps them.
    pub(super) fn task(&self) -> Arc<dyn Task> {
        Arc::new(KeepHosts(self.clone()))
    }

    /// Makes sure that `host` is this directory's, before anything is started on it.
    ///
    /// # Errors
    /// Where it is another's.
    pub(super) async fn claim(&self, host: &str) -> Result<(), Failure> {
        let failed = |error| Failure::outside("finding out whose host this is", error);
        let (db, own) = (self.0.process.db(), self.0.process.name());
        db.execute(Query::new(CLAIM).bind(host).bind(own)).await.map_err(failed)?;
        match self.home(host).await.map_err(failed)? {
            Home::Own => Ok(()),
            Home::Lives(address) => Err(Failure::Outside(format!(
                "host {host} is commanded by another process of this cloud, which lives: {address}. Every machine needs a \
                 name of its own: set hypervisor.host in the configuration of one of them"
            ))),
            Home::Dead(other) => {
                let servers = self.0.compute.servers_on(host).await;
                let servers =
                    servers.map_err(|error| Failure::outside("counting the servers of this host", error))?;
                if servers > 0 && !self.0.adopt {
                    return Err(Failure::Outside(format!(
                        "host {host} belongs to another data directory (that of process {other}), and {servers} servers \
                         are on it, whose guests may run. Start kogge with that directory, or give this machine a name of \
                         its own: hypervisor.host. If that directory is lost and no guest of it runs any more, say so with \
                         `kogge up --adopt-database`"
                    )));
                }
                let taken = Query::new(MOVE).bind(host).bind(own).bind(&other);
                db.execute(taken).await.map_err(failed)?;
                tracing::warn!(host, from = other, "a host belongs to this data directory from now on");
                Ok(())
            }
        }
    }

    async fn home(&self, host: &str) -> Result<Home, kogge_db::DbError> {
        let (process, clock) = (&self.0.process, self.0.process.clock());
        let row = process.db().one(Query::new(OWNER).bind(host)).await?;
        let (owner, alive_until) = (row.text("process")?, row.time("alive_until")?);
        if owner == process.name() {
            return Ok(Home::Own);
        }
        let lives = alive_until > process.db().now(clock).await?;
        Ok(if lives { Home::Lives(row.text("address")?) } else { Home::Dead(owner) })
    }

    /// A node of this process joins; it is commanded as soon as the lease of its host is had.
    pub(crate) fn join(&self, host: &str, node: NodeHandle) {
        let held = Held { node, incarnation: None };
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), held);
        self.0.wake.wake();
    }

    /// The nodes of this process that have joined, commanded or not.
    pub(super) fn nodes(&self) -> Vec<NodeHandle> {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().map(|held| Arc::clone(&held.node)).collect()
    }

    /// Takes the command of every host that is not commanded in the present incarnation; answers how many were taken.
    pub(crate) async fn take(&self) -> Result<u64, TaskError> {
        let incarnation = self.0.process.incarnation();
        let mut taken = 0;
        for (host, node) in self.idle(incarnation) {
            // an older incarnation commands nothing
            self.0.nodes.leave(&host);
            match self.0.process.lease(&format!("host/{host}")).await? {
                Lease::Elsewhere { owner } => {
                    kogge_task::trouble(&host, format_args!("it is commanded by process {owner}"));
                    tracing::error!(host, owner, "a host is commanded by another process");
                }
                Lease::Held(grant) => {
                    let epoch = node.take_command(Epoch(grant.epoch)).await;
                    let epoch = epoch
                        .map_err(|error| TaskError(format!("{host}: {error}"), Some(Box::new(error))))?;
                    tracing::info!(host, %epoch, "this process commands a host");
                    self.0.nodes.command(&host, Commanded::new(node, epoch));
                    let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(held) = held.get_mut(&host) {
                        held.incarnation = Some(incarnation);
                    }
                    taken += 1;
                }
            }
        }
        if taken > 0 {
            self.0.compute.hosts_changed();
        }
        Ok(taken)
    }

    /// Hosts that are not commanded in this incarnation.
    fn idle(&self, incarnation: i64) -> Vec<(String, NodeHandle)> {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter()
            .filter(|(_, held)| held.incarnation != Some(incarnation))
            .map(|(host, held)| (host.clone(), Arc::clone(&held.node)))
            .collect()
    }

    /// Learns which hosts others command.
    async fn look_around(&self) -> Result<u64, TaskError> {
        let process = &self.0.process;
        if process.db().is_sqlite() {
            return Ok(0);
        }
        let rows = process.db().all(Query::new(OTHERS).bind(process.name())).await?;
        let others: Result<BTreeSet<String>, _> = rows.iter().map(|row| row.text("host")).collect();
        let others = others?;
        let seen = others.len() as u64;
        self.0.nodes.set_elsewhere(others);
        Ok(seen)
    }
}

/// Keeps the hosts of this process commanded, and learns of the others.
struct KeepHosts(Hosts);

#[async_trait]
impl Task for KeepHosts {
    fn name(&self) -> &'static str {
        "keep_hosts"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn wake(&self) -> Wake {
        self.0.0.wake.clone()
    }

    /// Each process keeps its own.
    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let seen = self.0.look_around().await?;
        let done = self.0.take().await?;
        Ok(Report { seen, done, more: false })
    }
}
