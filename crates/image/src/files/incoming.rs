//! Bytes on their way to the disk, counted by project: a quota holds for transfers that are under way together, not only
//! for those that are over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What all transfers of this process bring in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming(Arc<Mutex<HashMap<String, Arc<AtomicU64>>>>);

/// One transfer's part of it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Arrival {
    project: Arc<AtomicU64>,
    own: u64,
    room: u64,
}

impl Incoming {
    /// A transfer of a project that has `room` for so many bytes more.
    pub(crate) fn begin(&self, project: &str, room: u64) -> Arrival {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, bytes| Arc::strong_count(bytes) > 1);
        let project = Arc::clone(all.entry(project.to_owned()).or_default());
        Arrival { project, own: 0, room }
    }
}

impl Arrival {
    /// Counts some bytes; false where the project has no room for them.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        self.own += bytes;
        self.project.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.room
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.project.fetch_sub(self.own, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_of_one_project_share_its_room() {
        let incoming = Incoming::default();
        let (mut one, mut two) = (incoming.begin("p", 10), incoming.begin("p", 10));
        let mut other = incoming.begin("q", 10);
        assert!(one.take(6) && two.take(4) && other.take(10));
        assert!(!two.take(1));
        drop(two);
        assert!(one.take(4));
        assert!(!one.take(1));
        drop(one);
        assert!(incoming.begin("p", 10).take(10));
    }
}
