//! Background work: handing every node the networking it should have.
//!
//! ```text
//!   a commit ─ rows that were written ─▶ sort_networking ─ whom they concern ─▶ converge_networks ─ what changed ─▶ node
//! ```

mod converge;
mod desired;
mod memory;
mod next;
mod seats;
mod sort;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kogge_db::Touched;
use kogge_task::{Bells, KeyedTask, Report, Rung, TaskError};

use crate::Networking;
pub(crate) use memory::Memory;
use memory::{of_interest, row_of, word_of};

/// The key of all that was written in this process.
const HERE: &str = "here";

/// Finds out which hosts are concerned by rows that were written, and rings for them. Other processes are told the rows.
pub struct SortNetworking(Networking);

#[async_trait]
impl KeyedTask for SortNetworking {
    fn name(&self) -> &'static str {
        "sort_networking"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn bells(&self) -> Bells {
        self.0.written()
    }

    async fn due(&self) -> Result<Vec<String>, TaskError> {
        Ok(vec![HERE.to_owned()])
    }

    fn rung_elsewhere(&self, rung: &Rung) {
        let rows: Option<Vec<_>> = rung.keys.iter().map(|word| row_of(word)).collect();
        match rows {
            Some(rows) if !rung.all => self.0.memory().write(rows),
            _ => self.0.memory().write_all(),
        }
    }

    async fn run(&self, _: &str) -> Result<Report, TaskError> {
        self.0.sort().await.map_err(|error| TaskError(error.to_string(), None))?;
        Ok(Report::default())
    }
}

/// Tells a node its networking, and takes over what the node says of its ports.
///
/// A host runs when it is rung, when what it was told is not true of all its ports yet, when members of its groups came or
/// went elsewhere, and now and then, so that its node repairs drift.
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
        Ok(self.0.memory().due(self.keys(), self.0.clock().now()))
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
        vec![Arc::new(ConvergeNetworks(self.clone())), Arc::new(SortNetworking(self.clone()))]
    }

    /// Rows were written here: whom they concern is found out, here and in other processes.
    pub(crate) fn heard(&self, touched: &Touched) {
        let rows = of_interest(touched);
        if rows.clone().next().is_none() {
            return;
        }
        self.memory().write(rows.clone());
        let bells = self.written();
        bells.ring_here(HERE);
        rows.for_each(|row| bells.ring_elsewhere(&word_of(&row)));
    }
}
