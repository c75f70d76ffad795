//! `take_snapshots`: the disk of a server becomes an image.
//!
//! Copying takes as long as it takes: up to half an hour. So it is keyed by server and holds nothing else up, neither
//! its host's other servers nor the end of the process; a copy that was cut off is made anew.

use std::time::Duration;

use async_trait::async_trait;
use kogge_ids::{ImageId, ServerId};
use kogge_node_api::{Commanded, NodeError, Slot};
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::{failed, patiently};
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::{Doing, Server};
use crate::model::step::{Step, next_step};
use crate::store::{actions, servers as store};

/// How long copying a disk may take.
const COPY_PATIENCE: Duration = Duration::from_secs(1800);

/// Takes snapshots.
pub(super) struct TakeSnapshots(pub(super) Compute);

#[async_trait]
impl KeyedTask for TakeSnapshots {
    kogge_task::named!("take_snapshots", every 60 s);

    fn bells(&self) -> Bells {
        self.0.wakes().snapshot.clone()
    }

    /// `converge_servers` rings for each server whose turn it is.
    async fn due(&self) -> std::result::Result<Vec<String>, TaskError> {
        Ok(Vec::new())
    }

    fn longest_run(&self) -> Duration {
        COPY_PATIENCE + Duration::from_secs(60)
    }

    fn farewell(&self) -> Duration {
        Duration::ZERO
    }

    async fn run(&self, key: &str) -> std::result::Result<Report, TaskError> {
        let nothing = Ok(Report::default());
        let Ok(id) = key.parse::<ServerId>() else { return nothing };
        let Some(server) = store::get(self.0.db(), id).await? else { return nothing };
        if next_step(&server, &self.0.config().patience(), self.0.now()) != Step::Snapshot {
            return nothing;
        }
        let Some(host) = server.placed.host.as_deref() else { return nothing };
        let Ok(node) = self.0.nodes().get(host) else { return nothing };
        self.0.take_snapshot(&server, host, &node).await.map_err(failed)?;
        Ok(Report { seen: 1, done: 1, more: false })
    }
}

impl Compute {
    /// Copies the disk of a server into an image that waits for it.
    async fn copy_disk(
        &self,
        server: ServerId,
        image: ImageId,
        node: &Commanded,
    ) -> std::result::Result<(), NodeError> {
        let copy = node.export_disk(server, &Slot::root()).await?;
        match self.image().receive_snapshot(image, copy.bytes, copy.data.into_stream()).await {
            // whoever deleted the image wants no picture
            Err(error) if !error.is_not_found() => Err(NodeError::failed("storing the image", error)),
            _ => Ok(()),
        }
    }

    /// An image that only names snapshots of volumes has no byte.
    async fn store_nothing(&self, image: ImageId) -> std::result::Result<(), NodeError> {
        let nothing = futures_util::stream::empty::<std::result::Result<bytes::Bytes, std::io::Error>>();
        match self.image().receive_snapshot(image, 0, nothing).await {
            Err(error) if !error.is_not_found() => Err(NodeError::failed("storing the image", error)),
            _ => Ok(()),
        }
    }

    async fn take_snapshot(&self, server: &Server, host: &str, node: &Commanded) -> Result<()> {
        let Some(snapshot) = server.intent.snapshot else { return Ok(()) };
        let copied = if server.is_volume_backed() {
            self.store_nothing(snapshot.image).await
        } else {
            let copying = Box::pin(self.copy_disk(server.id, snapshot.image, node));
            patiently(host, COPY_PATIENCE, copying).await
        };
        let patience = self.config().patience();
        let Err(error) = copied else {
            if let Some(backup) = server.intent.backup.as_ref().filter(|_| server.backs_up()) {
                self.rotate_backups(server, backup).await?;
            }
            let done = move |server: &mut Server, _| server.observed.snapshots = snapshot.number;
            return self.record(server.id, done).await.map(drop);
        };
        kogge_task::trouble(server.id, format_args!("copying its disk on {host}: {error}"));
        let given_up = error.is_final() || server.observed.failures + 1 >= patience.tries;
        if !given_up {
            let retry = move |row: &mut Server, now: kogge_clock::Timestamp| {
                row.observed.failures += 1;
                row.observed.retry_at = now.plus(patience.pause_after(row.observed.failures)).as_micros();
            };
            return self.record(server.id, retry).await.map(drop);
        }
        let because = error.to_string();
        self.image().fail_snapshot(snapshot.image, &because).await.map_err(Error::internal)?;
        let mut tx = self.db().begin().await?;
        actions::fail(&mut tx, server.id, None, Some(host), &error.for_tenants(), self.now()).await?;
        tx.commit().await?;
        let done = move |row: &mut Server, now| {
            row.observed.snapshots = snapshot.number;
            row.observed.failures = 0;
            row.observed.retry_at = 0;
            // without a picture there is no shelf
            if let Some(shelf) = row.intent.shelf.take_if(|shelf| shelf.image == Some(snapshot.image)) {
                row.intent.power = shelf.power;
                row.intent.ask(Doing::Shelving, now);
            }
        };
        self.record(server.id, done).await.map(drop)
    }
}
