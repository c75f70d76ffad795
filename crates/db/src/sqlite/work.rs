//! Work that may hold up its thread.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs `work`, which may wait for a disk, where the other tasks of this thread go on meanwhile. A runtime of one
/// thread has nobody to hand them to: there it simply runs.
pub(crate) fn may_wait<T>(work: impl FnOnce() -> T) -> T {
    let many = Handle::try_current().is_ok_and(|at| at.runtime_flavor() == RuntimeFlavor::MultiThread);
    if many { tokio::task::block_in_place(work) } else { work() }
}
