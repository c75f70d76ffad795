//! Background work: handing every node the networking it should have.

mod converge;
mod desired;
mod memory;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kogge_task::{Bells, KeyedTask, Report, Rung, TaskError};

use crate::Networking;
pub(crate) use memory::Memory;

/// Tells a node its networking, and takes over what the node says of its ports.
///
/// A host runs when it is rung, when what it was told is not true of all its ports yet, and now and then, so that its
/// node repairs drift. Where nobody rang since, it is told the same again without a question to the database.
pub struct ConvergeNetworks(Networking);

#[async_trait]
impl KeyedTask for ConvergeNetworks {
    fn name(&self) -> &'static str {
        "converge_networks"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn bells(&self) -> Bells {
        self.0.bells()
    }

    fn keys(&self) -> Vec<String> {
        self.0.nodes().all().into_iter().map(|(host, _)| host).collect()
    }

    async fn due(&self) -> Result<Vec<String>, TaskError> {
        let hosts = self.keys();
        Ok(self.0.memory().due(hosts, self.0.clock().now()))
    }

    fn rung_elsewhere(&self, rung: &Rung) {
        if rung.all {
            self.0.memory().change_all();
        }
        rung.keys.iter().for_each(|host| self.0.memory().change(host));
    }

    async fn run(&self, host: &str) -> Result<Report, TaskError> {
        if self.0.nodes().get(host).is_err() {
            self.0.memory().forget(host);
            return Ok(Report::default());
        }
        let told = self.0.converge(host, false).await;
        let told = told.map_err(|error| TaskError(format!("{host}: {error}"), None))?;
        Ok(Report { seen: 1, done: u64::from(told), more: false })
    }
}

impl Networking {
    /// The background work of the service: of each host.
    #[must_use]
    pub fn keyed_tasks(&self) -> Vec<Arc<dyn KeyedTask>> {
        vec![Arc::new(ConvergeNetworks(self.clone()))]
    }
}
