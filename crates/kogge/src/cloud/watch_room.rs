//! The task that keeps a ballast on the disk, and says when there is little room.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kogge_room::{Ballast, Room};
use kogge_task::{Report, Task, TaskError, Wake};

/// Room that the database has left on a full disk.
const BALLAST: u64 = 64 << 20;

/// Watches the disk of the data directory.
pub(super) struct WatchRoom {
    room: Room,
    ballast: Arc<Ballast>,
    low: AtomicBool,
}

impl WatchRoom {
    pub(super) fn new(room: Room, ballast: PathBuf) -> Self {
        Self { room, ballast: Arc::new(Ballast::new(ballast, BALLAST)), low: AtomicBool::new(false) }
    }

    /// Says once when it begins and once when it ends.
    fn tell(&self) {
        let refused = self.room.admit(0).err();
        let low = refused.is_some();
        match (self.low.swap(low, Ordering::SeqCst), refused) {
            (false, Some(no_room)) => {
                tracing::error!(because = %no_room, "the disk has little room: new images and servers are refused");
            }
            (true, None) => tracing::info!("the disk has room again"),
            _ => {}
        }
    }
}

#[async_trait]
impl Task for WatchRoom {
    fn name(&self) -> &'static str {
        "watch_room"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn wake(&self) -> Wake {
        Wake::new()
    }

    /// Every process looks after its own disk.
    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Report, TaskError> {
        self.tell();
        let ballast = Arc::clone(&self.ballast);
        let settled = tokio::task::spawn_blocking(move || ballast.settle()).await;
        let settled = settled.map_err(|error| TaskError::text(error.to_string()))?;
        settled.map_err(|error| TaskError("the ballast of the disk".to_owned(), Some(Box::new(error))))?;
        Ok(Report { seen: 1, ..Report::default() })
    }
}
