//! `register_hosts`: hosts join by reporting what they are; what they have becomes inventory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use kogge_node_api::{Commanded, HostFacts};
use kogge_placement::{DISK_GB, Inventory, MEMORY_MB, VCPU};
use kogge_task::{Report, Task, TaskError, Wake};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::host::Host;
use crate::store::{big, hosts};

/// How long a host may think about what it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hosts that are asked at the same time.
const AT_ONCE: usize = 32;

/// Registers hosts, and listens to their bells.
pub(super) struct RegisterHosts {
    compute: Compute,
    listeners: Mutex<BTreeMap<String, (Arc<Notify>, AbortHandle)>>,
    /// Hosts that did not answer the last time: each is said once.
    silent: Mutex<BTreeSet<String>>,
}

impl RegisterHosts {
    pub(super) fn new(compute: Compute) -> Self {
        Self { compute, listeners: Mutex::default(), silent: Mutex::default() }
    }

    /// Registers one host; true where it is new. Whatever goes wrong is that host's: nobody else waits or fails for it.
    async fn register(&self, name: &str, node: &Commanded) -> bool {
        let asked = tokio::time::timeout(PATIENCE, node.facts()).await;
        let because = match asked {
            Ok(Ok(facts)) => match self.compute.register_host(&facts).await {
                Ok(new) => {
                    self.silent.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
                    return new;
                }
                Err(error) => {
                    super::alone::<()>("registering a host", name, Err(error));
                    return false;
                }
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} seconds", PATIENCE.as_secs()),
        };
        if self.silent.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned()) {
            tracing::warn!(host = name, because, "a host does not answer");
        }
        false
    }

    /// Rings `converge_servers`, and the network where it waits for ports, whenever the node rings.
    fn listen(&self, name: &str, node: &Commanded) {
        let bell = node.changed();
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if listeners.get(name).is_some_and(|(known, _)| Arc::ptr_eq(known, &bell)) {
            return;
        }
        let (heard, converge) = (Arc::clone(&bell), self.compute.wakes().converge.clone());
        let (network, host) = (self.compute.network().clone(), name.to_owned());
        let task = tokio::spawn(async move {
            loop {
                heard.notified().await;
                converge.wake();
                network.node_changed(&host);
            }
        });
        if let Some((_, old)) = listeners.insert(name.to_owned(), (bell, task.abort_handle())) {
            old.abort();
        }
    }
}

impl Drop for RegisterHosts {
    fn drop(&mut self) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.values().for_each(|(_, task)| task.abort());
    }
}

#[async_trait]
impl Task for RegisterHosts {
    fn name(&self) -> &'static str {
        "register_hosts"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn wake(&self) -> Wake {
        self.compute.wakes().register.clone()
    }

    /// Each process registers the hosts that it reaches.
    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let mut report = Report::default();
        let hosts = self.compute.nodes().all();
        let mut asked: Vec<BoxFuture<'_, bool>> = Vec::with_capacity(hosts.len());
        for (name, node) in &hosts {
            self.listen(name, node);
            asked.push(Box::pin(self.register(name, node)));
        }
        // at the same time: a silent host must not make the others late
        let mut asked = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE);
        while let Some(new) = asked.next().await {
            report.seen += 1;
            report.done += u64::from(new);
        }
        if report.done > 0 {
            self.compute.wakes().place.wake();
            self.compute.wakes().converge.wake();
        }
        Ok(report)
    }
}

/// An error of the service as one of a task.
pub(super) fn failed(error: Error) -> TaskError {
    TaskError(error.to_string(), Some(Box::new(error)))
}

impl Compute {
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
        tx.commit().await?;
        Ok(new)
    }
}
