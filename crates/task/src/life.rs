//! Saying that this process lives, and finding out where it may not.

use std::time::Duration;

use kogge_db::{EnterError, Grant, LIFETIME, Process};
use tokio::sync::watch;

/// How often it says so.
const BEAT: Duration = Duration::from_secs(LIFETIME.as_secs() / 5);
/// How soon again where it could not.
const AGAIN: Duration = Duration::from_secs(1);

/// Under which name the right to run the task is kept among the leases.
#[must_use]
pub fn lease_of(task: &str) -> String {
    format!("task/{task}")
}

/// Says that `process` lives, until it is stopped.
pub(crate) async fn beat(process: Process, mut stop: watch::Receiver<bool>) {
    let mut pause = BEAT;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = match process.renew().await {
            Ok(()) => BEAT,
            Err(error @ EnterError::Occupied { .. }) => {
                tracing::error!(%error, "this process lost its name to another one, and does no background work");
                BEAT
            }
            Err(EnterError::Db(error)) => {
                tracing::warn!(%error, "this process could not say that it lives");
                AGAIN
            }
        };
    }
}

/// Returns once it is not sure any more that this process lives, or it has become another incarnation.
pub(crate) async fn unsure(process: &Process) {
    while_true(process, || process.is_sure()).await;
}

/// Returns once it is not sure any more that this grant holds.
pub(crate) async fn lost(process: &Process, grant: &Grant) {
    while_true(process, || process.holds(grant)).await;
}

async fn while_true(process: &Process, holds: impl Fn() -> bool) {
    let mut incarnations = process.incarnations();
    while holds() {
        let until = tokio::time::Instant::from_std(process.sure_until());
        tokio::select! {
            _ = incarnations.changed() => return,
            () = tokio::time::sleep_until(until) => {}
        }
    }
}
