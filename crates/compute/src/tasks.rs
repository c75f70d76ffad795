//! What happens behind the requests.
//!
//! What touches a host is keyed by it: each host has its own queue, time-out and pause, and costs no other one
//! anything. What may take long, as copying a disk, is keyed by server and outside of the host's queue. What is about
//! the whole cloud runs in one process at a time.
//!
//! | task | keyed by | what |
//! |---|---|---|
//! | `register_hosts` | host | what a host is and has |
//! | `place_servers` | the cloud | a host with room for each server |
//! | `converge_servers` | host | servers become what they should be; what they are is written down |
//! | `hand_over_images` | host | what its instances lack of images |
//! | `take_snapshots` | server | copies of disks |
//! | `reap_servers` | host | what should be gone goes |
//! | `forget_servers` | the cloud | what never had a host, or is long gone |
//! | `follow_volumes` | the cloud | a volume that is to grow in use grows by its server's node |
//! | `follow_ports` | the cloud | a port that its owner deleted takes its interface along |
//! | `clear_quarantine` | host | what was in quarantine for long enough |

mod bury;
mod converge;
mod follow;
mod forget;
mod grow;
mod hand_over;
mod later;
mod place;
mod quarantine;
mod reap;
pub(crate) mod record;
mod register;
mod snapshot;
mod take_in;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use kogge_ids::ServerId;
use kogge_node_api::NodeError;
use kogge_task::{KeyedTask, Task, TaskError};

use crate::Compute;
use crate::error::{Error, Result};
use crate::store::servers;

pub(crate) use hand_over::Lacking;

/// How long a call to a node may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The result of work on one item. An error is that item's: it is logged and shown by `kogge tasks`, and neither the run
/// nor anybody else's item fails for it; the next run tries again.
fn alone<T>(doing: &str, id: impl std::fmt::Display, result: Result<T>) -> Option<T> {
    result
        .inspect_err(|error| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            kogge_task::trouble(&id, format_args!("{doing}: {error}"));
            tracing::error!(object.id = %id, %error, source, "{doing} failed; it is tried again");
        })
        .ok()
}

/// Calls a node and does not wait for ever.
async fn patiently<T>(
    host: &str,
    patience: Duration,
    call: impl Future<Output = std::result::Result<T, NodeError>>,
) -> std::result::Result<T, NodeError> {
    let because = || format!("no answer within {} seconds", patience.as_secs());
    tokio::time::timeout(patience, call)
        .await
        .unwrap_or_else(|_| Err(NodeError::Unreachable { host: host.to_owned(), because: because() }))
}

/// An error of the service as one of a task.
fn failed(error: Error) -> TaskError {
    TaskError(error.to_string(), Some(Box::new(error)))
}

/// A silent host as an error of the task that is keyed by it.
fn silent(error: NodeError) -> TaskError {
    TaskError(error.to_string(), None)
}

/// The tasks about the whole cloud.
pub(crate) fn all(compute: &Compute) -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(place::PlaceServers(compute.clone())),
        Arc::new(follow::FollowPorts::new(compute.clone())),
        Arc::new(grow::FollowVolumes(compute.clone())),
        Arc::new(forget::ForgetServers(compute.clone())),
    ]
}

/// The tasks of each host, and of each server.
pub(crate) fn keyed(compute: &Compute) -> Vec<Arc<dyn KeyedTask>> {
    vec![
        Arc::new(register::RegisterHosts::new(compute.clone())),
        Arc::new(converge::ConvergeServers::new(compute.clone())),
        Arc::new(hand_over::HandOverImages(compute.clone())),
        Arc::new(snapshot::TakeSnapshots(compute.clone())),
        Arc::new(reap::ReapServers(compute.clone())),
        Arc::new(quarantine::ClearQuarantine::new(compute.clone())),
    ]
}

impl Compute {
    /// The hosts whose nodes this process commands.
    fn own_hosts(&self) -> Vec<String> {
        self.nodes().all().into_iter().map(|(host, _)| host).collect()
    }

    /// What went wrong with a server is tried again in a while: it must not stand in the way of others.
    async fn put_off(&self, id: ServerId) {
        let until = self.now().plus(self.config().patience().tell_again);
        if let Err(error) = servers::put_off(self.db(), &id.to_string(), until).await {
            tracing::warn!(server.id = %id, %error, "a server could not be put off");
        }
    }

    /// Those of `hosts` that this process commands.
    fn own_of(&self, mut hosts: Vec<String>) -> Vec<String> {
        hosts.retain(|host| self.nodes().get(host).is_ok());
        hosts
    }
}
