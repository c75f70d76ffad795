//! `register_hosts`: hosts join by reporting what they are; what they have becomes inventory.
//!
//! Each host is asked by itself. What a host says is written down where it is new; that it was heard of is written down
//! for all that answered at the same time, in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_node_api::{Commanded, Hello, HostFacts, NodeError, NodeHandle, capability, host_trait};
use kogge_placement::{DISK_GB, Inventory, MEMORY_MB, VCPU};
use kogge_task::{Bells, Gather, KeyedTask, Report, TaskError};
use tokio::task::AbortHandle;

use super::failed;
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::host::Host;
use crate::store::{big, hosts};

/// How long a host may think about what it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a host is listened to before it is asked again.
const LISTEN: Duration = Duration::from_secs(60);
/// The pause after a host could not be listened to.
const PAUSE: Duration = Duration::from_secs(1);
/// What every host has to be able to do.
const NEEDED: [&str; 2] = [capability::INSTANCES, capability::NETWORKING];
/// Most hosts of one transaction.
const MOST: usize = 512;

/// Registers hosts, and listens to their bells.
pub(super) struct RegisterHosts {
    compute: Compute,
    listeners: Mutex<BTreeMap<String, (NodeHandle, AbortHandle)>>,
    /// What each host said last, as it was written down.
    known: Mutex<BTreeMap<String, HostFacts>>,
    /// Hosts that did not answer the last time: each is said once.
    silent: Mutex<BTreeSet<String>>,
    heard: Gather<String, Result<bool>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RegisterHosts {
    pub(super) fn new(compute: Compute) -> Self {
        Self {
            compute,
            listeners: Mutex::default(),
            known: Mutex::default(),
            silent: Mutex::default(),
            heard: Gather::new(MOST),
        }
    }

    /// Writes down that a host answered, and what it said where that is new. True where the host is new.
    async fn answered(&self, name: &str, facts: HostFacts) -> Result<bool> {
        if locked(&self.known).get(name) == Some(&facts) {
            let work = |names| {
                let compute = self.compute.clone();
                async move { compute.heard_of(names).await }
            };
            let heard = self.heard.put(name.to_owned(), work).await;
            if heard.unwrap_or(Err(Error::Busy))? {
                return Ok(false);
            }
            // somebody took its row away
        }
        let new = self.compute.register_host(&facts).await?;
        locked(&self.known).insert(name.to_owned(), facts);
        Ok(new)
    }

    fn is_silent(&self, name: &str, because: &str) {
        kogge_task::trouble(name, because);
        if locked(&self.silent).insert(name.to_owned()) {
            tracing::warn!(host = name, because, "a host does not answer");
        }
    }

    /// What waited for the host goes on at once.
    fn is_back(&self, name: &str) {
        let wakes = self.compute.wakes();
        wakes.converge.urge(name);
        wakes.reap.urge(name);
        wakes.place.wake();
        self.compute.network().urge(name);
    }

    /// Rings `converge_servers`, and the network where it waits for ports, whenever something changes on the node.
    fn listen(&self, name: &str, node: &Commanded) {
        let mut listeners = locked(&self.listeners);
        if listeners.get(name).is_some_and(|(known, _)| Arc::ptr_eq(known, node.node())) {
            return;
        }
        let task = tokio::spawn(hear(self.compute.clone(), name.to_owned(), node.clone()));
        let heard = (Arc::clone(node.node()), task.abort_handle());
        if let Some((_, old)) = listeners.insert(name.to_owned(), heard) {
            old.abort();
        }
    }

    /// Nobody listens to a host that left.
    fn forget(&self, name: &str) {
        if let Some((_, listener)) = locked(&self.listeners).remove(name) {
            listener.abort();
        }
        locked(&self.known).remove(name);
        locked(&self.silent).remove(name);
    }
}

/// Listens to a node until the task is aborted.
async fn hear(compute: Compute, host: String, node: Commanded) {
    let mut cursor = None;
    loop {
        match node.observe_since(cursor, LISTEN).await {
            Ok(changes) => {
                if !changes.is_empty() {
                    compute.wakes().converge.ring_here(&host);
                    compute.network().node_changed(&host);
                }
                cursor = Some(changes.cursor);
            }
            Err(error) => {
                tracing::debug!(host, %error, "a host cannot be listened to");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What the host is, where it speaks a version of the protocol that we speak and can do what every host has to.
async fn greet(node: &Commanded) -> std::result::Result<HostFacts, NodeError> {
    let welcome = node.hello(Hello::default()).await?;
    if let Some(missing) = NEEDED.into_iter().find(|needed| !welcome.can(needed)) {
        let because = format!("the host lacks the capability {missing}, which this version needs");
        return Err(NodeError::Refused { because });
    }
    node.facts().await
}

impl Drop for RegisterHosts {
    fn drop(&mut self) {
        locked(&self.listeners).values().for_each(|(_, task)| task.abort());
    }
}

#[async_trait]
impl KeyedTask for RegisterHosts {
    kogge_task::named!("register_hosts", every 15 s);

    fn bells(&self) -> Bells {
        self.compute.wakes().register.clone()
    }

    fn keys(&self) -> Vec<String> {
        self.compute.own_hosts()
    }

    async fn due(&self) -> std::result::Result<Vec<String>, TaskError> {
        // those that left are forgotten
        let gone: Vec<String> = locked(&self.listeners).keys().cloned().collect();
        Ok(self.compute.own_hosts().into_iter().chain(gone).collect())
    }

    async fn run(&self, host: &str) -> std::result::Result<Report, TaskError> {
        let Ok(node) = self.compute.nodes().get(host) else {
            self.forget(host);
            return Ok(Report::default());
        };
        self.listen(host, &node);
        let facts = match tokio::time::timeout(PATIENCE, greet(&node)).await {
            Ok(Ok(facts)) => facts,
            // it is asked again in a period: nobody waits for it, and that it is silent shows by itself
            Ok(Err(error)) => {
                self.is_silent(host, &error.to_string());
                return Ok(Report { seen: 1, ..Report::default() });
            }
            Err(_) => {
                self.is_silent(host, &format!("no answer within {} seconds", PATIENCE.as_secs()));
                return Ok(Report { seen: 1, ..Report::default() });
            }
        };
        let new = self.answered(host, facts).await.map_err(failed)?;
        if locked(&self.silent).remove(host) || new {
            self.is_back(host);
        }
        Ok(Report { seen: 1, done: u64::from(new), more: false })
    }
}

impl Compute {
    /// Notes that hosts answered, in one transaction; false for those that have no row.
    async fn heard_of(self, names: Vec<String>) -> Vec<Result<bool>> {
        match hosts::heard_of(self.db(), &names, self.now()).await {
            Ok(heard) => names.iter().map(|name| Ok(heard.contains(name))).collect(),
            Err(error) => {
                tracing::warn!(%error, "it could not be written down which hosts answer");
                names.iter().map(|_| Err(Error::Busy)).collect()
            }
        }
    }

    /// Notes a host with its inventories; true where it is new.
    pub(crate) async fn register_host(&self, facts: &HostFacts) -> Result<bool> {
        let id = Host::hypervisor_id(&facts.name);
        let provider = self.placement().ensure_provider(id, &facts.name).await.map_err(Error::internal)?;
        let config = self.config();
        let reserved = big(config.reserved_memory_mib.min(facts.memory_mib / 2));
        let ratio = |inventory: Inventory, ratio: f64| Inventory { allocation_ratio: ratio, ..inventory };
        let inventories = [
            ratio(Inventory::new(VCPU, i64::from(facts.vcpus)), config.cpu_allocation_ratio),
            ratio(Inventory::new(MEMORY_MB, big(facts.memory_mib)), config.ram_allocation_ratio)
                .reserving(reserved),
            ratio(Inventory::new(DISK_GB, big(facts.disk_gib)), config.disk_allocation_ratio),
        ];
        let mut tx = self.db().begin().await?;
        let new = hosts::register(&mut tx, facts, self.now()).await?;
        self.placement().set_inventory_in(&mut tx, provider, &inventories).await.map_err(Error::internal)?;
        let traits =
            self.placement().set_traits_of_host_in(&mut tx, provider, &host_trait::FAMILIES, &facts.traits);
        traits.await.map_err(Error::internal)?;
        tx.commit().await?;
        Ok(new)
    }
}
