//! Room on the disk that the database shares with images and guests.
//!
//! A database without room is a cloud that cannot even delete. So whoever brings much (uploads, imports, snapshots, new
//! guests) asks [`Room::admit`] first, and is refused while less than a reserve would stay free. Guests' disks grow
//! without asking: for them there is a [`Ballast`], a file that is given up when the disk is full all the same.
//!
//! ```text
//!   |······ used ······|······ free for all ······|··· reserve: database and logs only ···|
//!                                                 ▲ watermark: admit() refuses from here on
//! ```

mod ballast;

pub use ballast::Ballast;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// There is too little room; the numbers are for the operator, not for tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{free} bytes are free, and {reserve} of them are kept for the database")]
pub struct NoRoom {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that stay free.
    pub reserve: u64,
}

/// How full a file system is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// All of it.
    pub total: u64,
    /// What this user may still write.
    pub free: u64,
}

/// The room of a directory's file system. Cheap to clone. The default knows no bounds.
#[derive(Clone, Default)]
pub struct Room(Option<Arc<Inner>>);

type Probe = dyn Fn() -> Option<Level> + Send + Sync;

struct Inner {
    reserve: u64,
    probe: Box<Probe>,
    seen: Mutex<Option<(Instant, Level)>>,
}

/// How long a look holds: uploads ask at every piece.
const FRESH: Duration = Duration::from_millis(500);

impl Room {
    /// The room of the file system that `dir` is on; `reserve` bytes of it stay free, but never more than a quarter of
    /// the whole.
    #[must_use]
    pub fn of(dir: &Path, reserve: u64) -> Self {
        let dir: PathBuf = dir.to_owned();
        Self::by(reserve, move || level(&dir))
    }

    /// As [`Room::of`], with another way to look.
    pub fn by(reserve: u64, probe: impl Fn() -> Option<Level> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Inner { reserve, probe: Box::new(probe), seen: Mutex::new(None) })))
    }

    /// Whether `bytes` more may be written by others than the database. What cannot be looked at is not refused.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn admit(&self, bytes: u64) -> Result<(), NoRoom> {
        let Some(level) = self.level() else { return Ok(()) };
        let reserve = self.reserve();
        if level.free < reserve.saturating_add(bytes) {
            return Err(NoRoom { free: level.free, reserve });
        }
        Ok(())
    }

    /// How full it is; `None` where there are no bounds, or nothing can be seen.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        let inner = self.0.as_ref()?;
        let mut seen = inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, level)) = *seen
            && at.elapsed() < FRESH
        {
            return Some(level);
        }
        let level = (inner.probe)()?;
        *seen = Some((Instant::now(), level));
        Some(level)
    }

    /// Bytes that stay free.
    #[must_use]
    pub fn reserve(&self) -> u64 {
        let quarter = self.level().map_or(u64::MAX, |level| level.total / 4);
        self.0.as_ref().map_or(0, |inner| inner.reserve.min(quarter))
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("level", &self.level()).finish_non_exhaustive()
    }
}

/// The same room, not an equally large one.
impl PartialEq for Room {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }
}

/// How full the file system of `dir` is.
#[must_use]
pub fn level(dir: &Path) -> Option<Level> {
    let facts = nix::sys::statvfs::statvfs(dir).ok()?;
    let unit = facts.fragment_size();
    Some(Level { total: facts.blocks() * unit, free: facts.blocks_available() * unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(reserve: u64, total: u64, free: u64) -> Room {
        Room::by(reserve, move || Some(Level { total, free }))
    }

    #[test]
    fn what_would_touch_the_reserve_is_refused() {
        assert!(room(100, 1000, 300).admit(200).is_ok());
        assert_eq!(room(100, 1000, 300).admit(201), Err(NoRoom { free: 300, reserve: 100 }));
        assert!(room(100, 1000, 99).admit(0).is_err());
        assert!(room(100, 1000, u64::MAX - 1).admit(u64::MAX).is_err());
    }

    #[test]
    fn small_disks_keep_a_quarter() {
        assert!(room(1 << 30, 1000, 300).admit(50).is_ok());
        assert!(room(1 << 30, 1000, 300).admit(51).is_err());
    }

    #[test]
    fn without_bounds_or_sight_nothing_is_refused() {
        assert!(Room::default().admit(u64::MAX).is_ok());
        assert!(Room::by(100, || None).admit(u64::MAX).is_ok());
    }

    #[test]
    fn a_real_directory_has_a_level() {
        let dir = tempfile::tempdir().unwrap();
        let level = Room::of(dir.path(), 0).level().unwrap();
        assert!(level.total >= level.free && level.total > 0);
    }
}
