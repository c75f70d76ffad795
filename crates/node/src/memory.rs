//! The memory of a suspended guest: a file that only the agent's own user reaches, and what its record says of it.
//!
//! The file counts once the record names it, and not any more from before the guest goes on: what the guest does then
//! to its disks does not fit the memory that it had.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use kogge_node_api::NodeError;
use kogge_qemu::{Machine, NO_USE, QemuError, Slots};

use crate::blocking::with_files;
use crate::disks::failed;
use crate::host::Host;
use crate::layout::remove_file;

const MEMORY: &str = "memory";
const DRAFT: &str = "memory.new";
/// QEMU's last words where it cannot make use of a memory.
const UNFIT: [&str; 2] = ["load of migration failed", NO_USE];

/// Writes the guest's memory into its directory, durably. It stands still from then on.
pub(crate) async fn save(host: Arc<Host>, dir: &Path, machine: &Machine) -> Result<Slots, NodeError> {
    let step = "suspending the guest";
    let slots = machine.slots().await.map_err(|error| failed(step, error))?;
    let (draft, whole) = (dir.join(DRAFT), dir.join(MEMORY));
    let path = draft.clone();
    let _turn = host.starts.acquire().await.map_err(|error| NodeError::failed(step, error))?;
    let file = with_files(step, move || {
        remove_file(&path)?;
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((file.try_clone()?, file))
    });
    let (ours, theirs) = file.await?;
    let saved = machine.save_memory(theirs.into()).await.map_err(|error| failed(step, error));
    let kept = with_files(step, move || match saved {
        Ok(()) => {
            ours.sync_all()?;
            std::fs::rename(&draft, &whole)?;
            whole.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())?;
            Ok(Ok(()))
        }
        Err(error) => remove_file(&draft).map(|()| Err(error)),
    });
    kept.await??;
    Ok(slots)
}

/// Opens the memory of the guest in `dir`.
pub(crate) async fn open(dir: &Path) -> Result<File, NodeError> {
    let path = dir.join(MEMORY);
    let open = move || File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path);
    with_files("reading the memory of the suspended guest", open).await
}

/// Removes the memory of a guest that goes on without it.
pub(crate) async fn forget(dir: &Path) -> Result<(), NodeError> {
    let files = [dir.join(MEMORY), dir.join(DRAFT)];
    with_files("removing the memory of a guest", move || files.iter().try_for_each(|file| remove_file(file)))
        .await
}

/// Whether QEMU ended because it could make nothing of the memory. Whatever else is the matter may pass.
pub(crate) fn is_unfit(error: &QemuError) -> bool {
    let words = error.to_string();
    UNFIT.iter().any(|word| words.contains(word))
}
