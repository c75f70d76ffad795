//! `register_hosts`: hosts join by reporting what they are; what they have becomes inventory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_node_api::{HostFacts, NodeHandle};
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

/// Registers hosts, and listens to their bells.
pub(super) struct RegisterHosts {
    compute: Compute,
    listeners: Mutex<BTreeMap<String, (Arc<Notify>, AbortHandle)>>,
}

impl RegisterHosts {
    pub(super) fn new(compute: Compute) -> Self {
        Self { compute, listeners: Mutex::default() }
    }

    /// Rings `converge_servers`, and the network where it waits for ports, whenever the node rings.
    fn listen(&self, name: &str, node: &NodeHandle) {
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
        let mut silent = Vec::new();
        for (name, node) in self.compute.nodes().all() {
            report.seen += 1;
            self.listen(&name, &node);
            match tokio::time::timeout(PATIENCE, node.facts()).await {
                Ok(Ok(facts)) => {
                    let new = self.compute.register_host(&facts).await.map_err(failed)?;
                    report.done += u64::from(new);
                }
                Ok(Err(error)) => silent.push(format!("{name}: {error}")),
                Err(_) => silent.push(format!("{name}: no answer within {} seconds", PATIENCE.as_secs())),
            }
        }
        if report.done > 0 {
            self.compute.wakes().place.wake();
            self.compute.wakes().converge.wake();
        }
        if silent.is_empty() { Ok(report) } else { Err(TaskError::text(silent.join("; "))) }
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
