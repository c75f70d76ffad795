//! Background work: handing every node the networking it should have.

mod converge;
mod desired;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_node_api::DesiredNetworking;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::Networking;

/// What this process last told each node, so that telling the same again is skipped.
#[derive(Default)]
pub(crate) struct Memory(Mutex<HashMap<String, Told>>);

#[derive(Clone)]
struct Told {
    desired: DesiredNetworking,
    at: Timestamp,
    settled: bool,
}

/// A node is told again after this time even where nothing changed, so that it repairs drift.
const TELL_AGAIN: Duration = Duration::from_secs(30);

impl Memory {
    /// True where the node was told just this not long ago and all its ports are up.
    fn is_fresh(&self, host: &str, desired: &DesiredNetworking, now: Timestamp) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(host)
            .is_some_and(|told| told.settled && told.desired == *desired && now.since(told.at) < TELL_AGAIN)
    }

    /// True where the node was told something that was not true of all its ports yet.
    pub(crate) fn waits(&self, host: &str) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(host).is_some_and(|told| !told.settled)
    }

    fn note(&self, host: &str, desired: DesiredNetworking, at: Timestamp, settled: bool) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(host.to_owned(), Told { desired, at, settled });
    }

    fn forget(&self, host: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }
}

/// Tells every node its networking, and takes over what the nodes say of their ports.
pub struct ConvergeNetworks(Networking);

#[async_trait]
impl Task for ConvergeNetworks {
    fn name(&self) -> &'static str {
        "converge_networks"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn wake(&self) -> Wake {
        self.0.wake()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let (mut seen, mut done, mut failed) = (0, 0, Vec::new());
        for (host, _) in self.0.nodes().all() {
            seen += 1;
            match self.0.converge(&host, false).await {
                Ok(true) => done += 1,
                Ok(false) => {}
                // one node that does not answer must not keep the others waiting
                Err(error) => failed.push(format!("{host}: {error}")),
            }
        }
        if failed.is_empty() {
            Ok(Report { seen, done, more: false })
        } else {
            Err(TaskError::text(failed.join("; ")))
        }
    }
}

impl Networking {
    /// The background work of the service.
    #[must_use]
    pub fn tasks(&self) -> Vec<Arc<dyn Task>> {
        vec![Arc::new(ConvergeNetworks(self.clone()))]
    }
}
