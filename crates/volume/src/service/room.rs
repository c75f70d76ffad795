//! Copies need room, and the database is on the same disk: they are refused before it is full.

use crate::Volumes;
use crate::error::{Error, Result};

impl Volumes {
    /// Refuses a copy that would be written to the data directory while that is as good as full.
    ///
    /// # Errors
    /// 507.
    pub(crate) fn check_room(&self) -> Result<()> {
        self.config().room.admit(0).map_err(Error::internal)
    }

    /// As [`Volumes::check_room`], of a copy on a backend; those that are elsewhere say themselves when they are full.
    ///
    /// # Errors
    /// 507; 503 where no such backend is configured.
    pub(crate) fn check_room_on(&self, backend: &str) -> Result<()> {
        if self.backend(backend)?.is_local() { self.check_room() } else { Ok(()) }
    }
}
