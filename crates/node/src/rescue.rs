//! The disk from which a guest is rescued: made before the guest starts with it, gone with the next start without it.

use std::path::Path;

use kogge_node_api::{DesiredDisk, DesiredInstance, ImageSource, NodeError, Slot};

use crate::blocking::with_files;
use crate::disks;
use crate::host::Host;
use crate::layout::{remove_file, replace_file};
use crate::record::Record;

/// What is in the guest's directory because of a rescue.
const FILES: [&str; 4] = ["rescue.qcow2", "rescue.base.qcow2", "rescue.base.raw", "rescue.image"];

/// The rescue disk's file, where the instance shall have one.
pub(crate) fn file(desired: &DesiredInstance) -> Option<String> {
    desired.disk(&Slot::rescue()).map(|_| FILES[0].to_owned())
}

/// The image of the rescue disk, if it is not in `dir` yet.
fn wanted<'d>(dir: &Path, desired: &'d DesiredInstance) -> Option<(&'d DesiredDisk, &'d ImageSource)> {
    let disk = desired.disk(&Slot::rescue())?;
    let image = disk.image()?;
    let made = std::fs::read_to_string(dir.join(FILES[3])).unwrap_or_default();
    (made != image.image.to_string()).then_some((disk, image))
}

/// What the rescue disk waits for.
pub(crate) fn lacking(host: &Host, dir: &Path, record: &Record) -> Vec<ImageSource> {
    let Some((_, wanted)) = wanted(dir, &record.desired) else { return Vec::new() };
    let mut lacking = host.images.lacking(&record.desired);
    lacking.retain(|image| image == wanted);
    lacking
}

/// Makes the rescue disk, or removes one that is not wanted any more. The guest must be off.
pub(crate) async fn prepare(host: &Host, dir: &Path, desired: &DesiredInstance) -> Result<(), NodeError> {
    let step = "making the rescue disk";
    let Some((disk, image)) = wanted(dir, desired) else {
        if desired.disk(&Slot::rescue()).is_some() {
            return Ok(());
        }
        return clear(dir).await;
    };
    clear(dir).await?;
    let Some(file) = disks::file_of(disk) else { return Ok(()) };
    let whole = dir.join(file);
    disks::build_from_image(&host.tool, &host.images, dir, disk, image, whole).await?;
    let (note, name) = (dir.join(FILES[3]), image.image.to_string());
    with_files(step, move || replace_file(&note, name.as_bytes())).await
}

async fn clear(dir: &Path) -> Result<(), NodeError> {
    // the note first: without it the disk counts for nothing
    let files: Vec<_> = FILES.iter().rev().map(|name| dir.join(name)).collect();
    with_files("removing the rescue disk", move || files.iter().try_for_each(|file| remove_file(file))).await
}
