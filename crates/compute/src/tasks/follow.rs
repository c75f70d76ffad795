//! `follow_ports`: a port that its owner deleted takes the interface of its server with it, as upstream, where Neutron
//! tells Nova so. It is a change of the intent that no user asked of compute, and is made like one: the row is locked,
//! the generation rises, and the note goes in the same transaction.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kogge_ids::{PortId, ServerId};
use kogge_task::{Report, Task, TaskError, Wake};

use super::alone;
use super::failed;
use crate::Compute;
use crate::error::{Error, Result};
use crate::service::servers::labels::touch;
use crate::store::servers as store;

/// Most ports of one run.
const BATCH: i64 = 256;

/// Follows ports.
pub(super) struct FollowPorts {
    compute: Compute,
    /// The last port of the run before, where there were more behind it: those that cannot be followed now must not be in
    /// the way of the others.
    after: Mutex<Option<PortId>>,
}

impl FollowPorts {
    pub(super) fn new(compute: Compute) -> Self {
        Self { compute, after: Mutex::default() }
    }

    fn after(&self) -> MutexGuard<'_, Option<PortId>> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Task for FollowPorts {
    kogge_task::named!("follow_ports", every 5 s);

    fn wake(&self) -> Wake {
        self.compute.wakes().follow.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let compute = &self.compute;
        let after = *self.after();
        let departed = compute.network().departed_ports(after, BATCH).await;
        let departed = departed.map_err(|error| failed(Error::internal(error)))?;
        let full = departed.len() as u64 == BATCH.unsigned_abs();
        *self.after() = departed.last().filter(|_| full).map(|(port, _)| *port);
        let mut report = Report { seen: departed.len() as u64, ..Report::default() };
        for (port, device) in departed {
            let followed = alone("following a port", port, compute.follow(port, &device).await);
            report.done += u64::from(followed.is_some());
        }
        report.more = full;
        Ok(report)
    }
}

impl Compute {
    async fn follow(&self, port: PortId, device: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        let mut host = None;
        if let Ok(id) = device.parse::<ServerId>() {
            store::lock(&mut tx, id).await?;
            let row = store::get(&mut tx, id).await?;
            let row = row.filter(|server| server.deleted_at.is_none() && !server.intent.gone);
            if let Some(mut server) = row.filter(|server| server.nics.iter().any(|nic| nic.port == port)) {
                server.nics.retain(|nic| nic.port != port);
                let now = self.now();
                touch(&mut server, now);
                if !store::save(&mut tx, &mut server, now).await? {
                    return Err(Error::Busy);
                }
                host = server.placed.host;
                tracing::info!(server.id = %id, port.id = %port, "a port was deleted; its server loses the interface");
            }
        }
        self.network().forget_departed_in(&mut tx, port).await.map_err(Error::internal)?;
        tx.commit().await?;
        if let Some(host) = host {
            self.wakes().converge.ring(&host);
        }
        Ok(())
    }
}
