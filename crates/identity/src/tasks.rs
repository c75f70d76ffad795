//! Work behind the requests.

use std::time::Duration;

use async_trait::async_trait;
use kogge_task::{Report, Task, TaskError, Wake};

use crate::service::{Identity, PURGED_AT_ONCE};

fn failed(error: crate::Error) -> TaskError {
    TaskError(error.to_string(), Some(Box::new(error)))
}

/// Reads everything again when another process wrote, and the keys when another process rotated them.
#[derive(Debug)]
struct Refresh {
    identity: Identity,
    wake: Wake,
}

/// Forgets revocations of tokens that ended long ago.
#[derive(Debug)]
struct PurgeRevocations {
    identity: Identity,
    wake: Wake,
}

/// Rotates the token keys.
#[derive(Debug)]
struct RotateKeys {
    identity: Identity,
    wake: Wake,
}

impl Identity {
    /// The tasks of identity.
    #[must_use]
    pub fn tasks(&self) -> Vec<std::sync::Arc<dyn Task>> {
        let identity = || self.clone();
        vec![
            std::sync::Arc::new(Refresh { identity: identity(), wake: Wake::new() }),
            std::sync::Arc::new(PurgeRevocations { identity: identity(), wake: Wake::new() }),
            std::sync::Arc::new(RotateKeys { identity: identity(), wake: Wake::new() }),
        ]
    }
}

#[async_trait]
impl Task for Refresh {
    fn name(&self) -> &'static str {
        "refresh_identity"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let read = self.identity.refresh().await.map_err(failed)?;
        self.identity.token_keys().reload_if_changed().map_err(|error| failed(error.into()))?;
        self.identity.tidy_logins();
        Ok(Report { seen: 1, done: u64::from(read), more: false })
    }
}

#[async_trait]
impl Task for PurgeRevocations {
    fn name(&self) -> &'static str {
        "purge_revocations"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let seen = self.identity.snapshot().revocations.len();
        let done = self.identity.purge_revocations().await.map_err(failed)?;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Report { seen: count(seen), done: count(done), more: done >= PURGED_AT_ONCE })
    }
}

#[async_trait]
impl Task for RotateKeys {
    fn name(&self) -> &'static str {
        "rotate_token_keys"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn wake(&self) -> Wake {
        self.wake.clone()
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let rotated = self.identity.rotate_keys_if_due().map_err(failed)?;
        Ok(Report { seen: 1, done: u64::from(rotated), more: false })
    }
}
