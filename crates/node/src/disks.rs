//! The disks of an instance.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kogge_ids::derive;
use kogge_node_api::{
    DesiredDisk, DesiredInstance, DiskBus, DiskFormat, DiskSource, ImageSource, NodeError, Slot,
};
use kogge_qemu::{Disk, GuestUser, ImageTool, Machine, QemuError, RUN_DIR, container_of, write_swap};

use crate::bases::{self, Images, TAKING_OVER};
use crate::blocking::with_files;
use crate::layout::remove_file;
use crate::volume_file;

const MIB: u64 = 1 << 20;
const ROOT: &str = "root.qcow2";
/// The disks of instances whose record does not say which were made.
const USUAL: [&str; 3] = [ROOT, "ephemeral.qcow2", "swap.raw"];
const CONFIG: &str = "config.iso";
const UEFI: &str = "uefi-vars.fd";
const CONSOLE: &str = "console.log";
const LOG: &str = "qemu.log";
/// A copy of a disk on its way out.
const COPY: &str = "copy.qcow2";
/// Disks on IDE.
const IDE: usize = 4;
/// Slots whose names are taken: by files beside the disks, or by QEMU's name of the config drive.
const TAKEN: [&str; 3] = ["base", "copy", "config"];

/// Whether an instance may have these disks.
pub(crate) fn check(desired: &DesiredInstance) -> Result<(), NodeError> {
    let refused = |because: String| Err(NodeError::Refused { because });
    for (number, disk) in desired.disks.iter().enumerate() {
        let slot = &disk.slot;
        if TAKEN.contains(&slot.as_str()) {
            return refused(format!("no disk may be called {slot}"));
        }
        if desired.disks.iter().skip(number + 1).any(|other| other.slot == *slot) {
            return refused(format!("two disks are called {slot}"));
        }
        match disk.volume() {
            Some(volume) => volume_file::check(volume)?,
            None if disk.size_mib == 0 && disk.image().is_none() => {
                return refused(format!("the disk {slot} has no size"));
            }
            None => {}
        }
    }
    let drive = desired.config_drive.then(|| drive_bus(desired));
    let on_ide = desired.disks.iter().map(|disk| disk.bus).chain(drive).filter(|bus| *bus == DiskBus::Ide);
    if on_ide.count() > IDE {
        return refused(format!("IDE has room for {IDE} disks, the config drive among them"));
    }
    let starts = |disk: &DesiredDisk| disk.slot == Slot::root() || disk.boot.is_some();
    if !desired.disks.iter().any(starts) {
        return refused("the server has neither a root disk nor a volume to start from".to_owned());
    }
    Ok(())
}

/// The file of the instance's own that a disk is. A volume is none: its file is not the instance's.
pub(crate) fn file_of(disk: &DesiredDisk) -> Option<String> {
    match disk.source {
        DiskSource::Image(_) | DiskSource::Blank => Some(format!("{}.qcow2", disk.slot)),
        DiskSource::Swap => Some(format!("{}.raw", disk.slot)),
        DiskSource::Volume(_) => None,
    }
}

/// The image base as the guest's directory has it.
fn base_of(slot: &Slot, format: DiskFormat) -> String {
    let ending = match format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    };
    // a slot has no dot in its name
    if *slot == Slot::root() { format!("base.{ending}") } else { format!("{slot}.base.{ending}") }
}

/// The system user that the files in `dir` belong to: the root disk, or, where the guest starts from a volume, its
/// console.
pub(crate) fn owner(dir: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let owner = |name: &str| std::fs::symlink_metadata(dir.join(name)).ok().map(|file| file.uid());
    owner(ROOT).or_else(|| owner(CONSOLE))
}

/// The UEFI variables' file.
pub(crate) fn uefi_file(dir: &Path) -> PathBuf {
    dir.join(UEFI)
}

/// The config drive's file.
pub(crate) fn config_file(dir: &Path) -> PathBuf {
    dir.join(CONFIG)
}

/// Makes all disks of an instance. What an earlier try left is replaced.
///
/// # Errors
/// [`NodeError::Refused`] where one was made before and is missing now.
pub(crate) async fn build(
    tool: &ImageTool,
    images: &Images,
    dir: &Path,
    desired: &DesiredInstance,
) -> Result<(), NodeError> {
    for disk in lasting(desired) {
        let Some(file) = file_of(disk) else { continue };
        let file = dir.join(file);
        if disk.made {
            let because = "the server's disk was built before and is not on its host any more; it is not made anew, for \
                           that would hide the loss. Restore it, or rebuild the server.";
            return Err(NodeError::Refused { because: because.to_owned() });
        }
        match &disk.source {
            DiskSource::Image(image) => build_from_image(tool, images, dir, disk, image, file).await?,
            DiskSource::Volume(_) => {}
            DiskSource::Blank => {
                let made = tool.create_empty(&file, bytes_of(disk)).await;
                made.map_err(|error| failed(&format!("making the {} disk", disk.slot), error))?;
            }
            DiskSource::Swap => {
                let label = derive(desired.id.uuid(), disk.slot.as_str()).into_bytes();
                let mib = disk.size_mib;
                with_files("making the swap disk", move || {
                    write_swap(&file, mib, label).map_err(std::io::Error::other)
                })
                .await?;
            }
        }
    }
    Ok(())
}

const fn bytes_of(disk: &DesiredDisk) -> u64 {
    disk.size_mib.saturating_mul(MIB)
}

/// Gives the guest's directory a name of its own for the image base. The guest's user gets no further than into that
/// directory, so the file itself may be readable by all.
fn link_base(base: &Path, dir: &Path, name: &str) -> std::io::Result<()> {
    let fresh = dir.join("base.new");
    remove_file(&fresh)
        .and_then(|()| std::fs::hard_link(base, &fresh))
        .and_then(|()| std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o644)))
        .and_then(|()| std::fs::rename(&fresh, dir.join(name)))
        // renaming a link over another one of the same file leaves both
        .and_then(|()| remove_file(&fresh))
}

/// The disks that last. The one for a rescue comes and goes with each start.
fn lasting(desired: &DesiredInstance) -> impl Iterator<Item = &DesiredDisk> {
    desired.disks.iter().filter(|disk| disk.slot != Slot::rescue())
}

/// The files that the disks of an instance are.
pub(crate) fn names(desired: &DesiredInstance) -> Vec<String> {
    lasting(desired).filter_map(file_of).collect()
}

/// Which of the disks in `dir` are there. One that was made (`made`; unknown where a version that did not note them
/// made them) and is not there any more is a fault, and never made anew: it may come back, an empty one in its place
/// would be taken for it.
pub(crate) fn present(dir: &Path, made: Option<&[String]>) -> Result<Vec<String>, NodeError> {
    let usual = || USUAL.map(str::to_owned).to_vec();
    let mut there = Vec::new();
    for name in made.map_or_else(usual, <[String]>::to_vec) {
        match std::fs::symlink_metadata(dir.join(&name)) {
            Ok(_) => there.push(name),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(NodeError::failed("looking at the disks", error));
            }
            Err(_) if made.is_some() || name == ROOT => return Err(missing(&name)),
            Err(_) => {}
        }
    }
    Ok(there)
}

fn missing(name: &str) -> NodeError {
    let because = format!(
        "the disk `{name}` was there and is missing on the host; it is not made anew, for that would hide the loss. The \
         server starts again when an operator puts the disk back; to rebuild it makes a new disk from its image"
    );
    NodeError::failed("starting the guest", because)
}

/// Makes a disk from an image: whole, or not at all.
pub(crate) async fn build_from_image(
    tool: &ImageTool,
    images: &Images,
    dir: &Path,
    disk: &DesiredDisk,
    image: &ImageSource,
    whole: PathBuf,
) -> Result<(), NodeError> {
    let source = images.ensure(image).await?;
    let (place, base) = (dir.to_owned(), base_of(&disk.slot, image.format));
    let name = base.clone();
    with_files(TAKING_OVER, move || link_base(&source, &place, &name)).await?;
    let tool = tool.inside(dir, None);
    let info = tool.info(Path::new(&base), image.format).await;
    let info = info.map_err(|error| failed("reading the image", error))?;
    if info.leans_on_another_file() {
        let because = format!("image {} refers to another file on the host, which no image may", image.image);
        return Err(NodeError::Refused { because });
    }
    let size = (disk.size_mib > 0).then(|| bytes_of(disk));
    if size.is_some_and(|size| size < info.virtual_size) {
        let because = format!(
            "image {} needs a disk of {} GiB, the server has {} GiB; use a larger flavor",
            image.image,
            info.virtual_size.div_ceil(1024 * MIB),
            disk.size_mib / 1024
        );
        return Err(NodeError::Refused { because });
    }
    let fresh = format!("{}.new", disk.slot);
    let step = format!("making the {} disk", disk.slot);
    let made = tool.create_overlay(Path::new(&fresh), Path::new(&base), image.format, size).await;
    made.map_err(|error| failed(&step, error))?;
    let fresh = dir.join(fresh);
    with_files(&step, move || std::fs::rename(fresh, whole)).await
}

/// Makes the files of an instance ready for a process that runs as `user`: what it writes to is the user's, what it only
/// reads is the user's group's, and where it makes sockets is empty. The guest must be off. `there` is what
/// [`present`] found.
pub(crate) fn hand_over(
    bases_dir: &Path,
    dir: &Path,
    desired: &DesiredInstance,
    there: &[String],
    user: Option<&GuestUser>,
) -> Result<(), NodeError> {
    let (run, console) = (dir.join(RUN_DIR), dir.join(CONSOLE));
    let ready = match std::fs::remove_dir_all(&run) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::DirBuilder::new().mode(0o700).create(&run),
    };
    let ready = ready.and_then(|()| {
        remove_file(&dir.join(COPY))?;
        let nofollow = nix::libc::O_NOFOLLOW;
        File::options().create(true).append(true).mode(0o600).custom_flags(nofollow).open(&console)?;
        // QEMU has its log open; versions before let everybody read it
        match std::fs::set_permissions(dir.join(LOG), std::fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    });
    ready.map_err(|error| NodeError::failed("making the guest's directory ready", error))?;
    for disk in &desired.disks {
        let Some(image) = disk.image() else { continue };
        let base = base_of(&disk.slot, image.format);
        if dir.join(&base).exists() {
            continue;
        }
        let found = bases::find(bases_dir, image).ok_or_else(|| std::io::Error::other("its base is missing"));
        let linked = found.and_then(|found| link_base(&found, dir, &base));
        linked.map_err(|error| NodeError::failed(TAKING_OVER, error))?;
    }
    let Some(user) = user else { return Ok(()) };
    let disks = there.iter().map(String::as_str);
    let written = disks.chain([UEFI, CONSOLE]).map(|name| (name, true, 0o600));
    let read = [(CONFIG, false, 0o640), (RUN_DIR, true, 0o700), ("", false, 0o710)];
    for (name, owner, mode) in written.chain(read) {
        let path = if name.is_empty() { dir.to_owned() } else { dir.join(name) };
        user.own(&path, owner, mode).map_err(|error| failed("making the guest's directory ready", error))?;
    }
    Ok(())
}

/// Grows the disks to what is desired now, and lets their headers name the base beside them. The guest must be off;
/// `tool` works in its directory, and `there` is what [`present`] found.
pub(crate) async fn grow(
    tool: &ImageTool,
    desired: &DesiredInstance,
    there: &[String],
) -> Result<(), NodeError> {
    for disk in desired.disks.iter().filter(|disk| !matches!(disk.source, DiskSource::Swap)) {
        if let Some(file) = file_of(disk).filter(|file| there.contains(file)) {
            let grown = grow_one(tool, Path::new(&file), disk).await;
            grown.map_err(|error| failed(&format!("growing the {} disk", disk.slot), error))?;
        }
    }
    Ok(())
}

async fn grow_one(tool: &ImageTool, file: &Path, disk: &DesiredDisk) -> Result<(), QemuError> {
    let info = tool.info(file, DiskFormat::Qcow2).await?;
    if let Some(image) = disk.image() {
        let base = base_of(&disk.slot, image.format);
        // disks of versions that had no users for guests name a file that only root can reach
        if info.backing_filename.as_deref() != Some(&base) {
            tool.rename_base(file, Path::new(&base), image.format).await?;
        }
    }
    let wanted = bytes_of(disk);
    if info.virtual_size < wanted { tool.resize(file, wanted).await } else { Ok(()) }
}

/// What of an instance is copied.
pub(crate) enum Copied {
    /// A block node of the running guest.
    Node(Machine, String),
    /// A file of the instance's own, which nobody writes to.
    File(String, DiskFormat),
}

impl Copied {
    /// A disk of an instance; nothing where it is a volume that no guest has open. Of an encrypted one it is the
    /// container, as it is stored.
    pub(crate) fn of(disk: &DesiredDisk, encrypted: bool, machine: Option<Machine>) -> Option<Self> {
        let node = disk.slot.as_str();
        match (machine, file_of(disk)) {
            (Some(machine), _) if encrypted => Some(Self::Node(machine, container_of(node))),
            (Some(machine), _) => Some(Self::Node(machine, node.to_owned())),
            (None, Some(file)) => Some(Self::File(file, format_of(disk))),
            (None, None) => None,
        }
    }
}

/// A copy of a disk as it is at this moment: a self-contained qcow2 disk, open, without a name. QEMU and its tools write a
/// file of the guest's user: they may not write elsewhere, and nobody finds it after that.
pub(crate) async fn copy(
    tool: &ImageTool,
    dir: &Path,
    user: Option<&GuestUser>,
    what: Copied,
) -> Result<File, NodeError> {
    let draft = dir.join(COPY);
    let step = "copying the disk";
    let inside = tool.inside(dir, user);
    let copied = async {
        let size = match &what {
            Copied::Node(machine, node) => machine.disk_size(node).await?,
            Copied::File(file, format) => inside.info(Path::new(file), *format).await?.virtual_size,
        };
        tool.create_empty(&draft, size).await?;
        if let Some(user) = user {
            user.own(&draft, true, 0o600)?;
        }
        match &what {
            Copied::Node(machine, node) => machine.copy_disk(node, COPY).await,
            Copied::File(file, format) => inside.flatten(Path::new(file), *format, Path::new(COPY)).await,
        }
    };
    let copied = copied.await.map_err(|error| failed(step, error));
    let ended = with_files(step, move || {
        let open = || File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(&draft);
        let opened = copied.map(|()| open());
        // nobody else finds it any more; the next copy begins anew
        remove_file(&draft)?;
        match opened {
            Ok(file) => file.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    });
    ended.await?
}

/// The disks as QEMU is told, in the order the guest sees them. `there` is what [`present`] found, `volumes` are those
/// that are open.
pub(crate) fn list(there: &[String], volumes: &[Disk], desired: &DesiredInstance) -> Vec<Disk> {
    let disk = |disk: &DesiredDisk| match file_of(disk) {
        Some(file) => there.contains(&file).then(|| disk_for_qemu(disk, file)),
        None => volumes.iter().find(|volume| volume.node == disk.slot.as_str()).cloned(),
    };
    let mut disks: Vec<Disk> = desired.disks.iter().filter_map(disk).collect();
    if desired.config_drive {
        disks.push(Disk {
            node: "config".to_owned(),
            file: CONFIG.into(),
            pool: None,
            format: DiskFormat::Raw,
            backing: None,
            read_only: true,
            bus: drive_bus(desired),
            boot: None,
            serial: None,
            shared: false,
            encrypted: false,
            // as a disk, these two let nobody only read
            cdrom: desired.hardware.cdrom.is_some()
                || matches!(drive_bus(desired), DiskBus::Sata | DiskBus::Ide),
        });
    }
    disks
}

/// The format of a disk of the instance's own.
const fn format_of(disk: &DesiredDisk) -> DiskFormat {
    if matches!(disk.source, DiskSource::Swap) { DiskFormat::Raw } else { DiskFormat::Qcow2 }
}

fn disk_for_qemu(disk: &DesiredDisk, file: String) -> Disk {
    let format = format_of(disk);
    let base = |image: &ImageSource| (base_of(&disk.slot, image.format).into(), image.format);
    Disk {
        node: disk.slot.to_string(),
        file: file.into(),
        pool: None,
        format,
        backing: disk.image().map(base),
        read_only: false,
        bus: disk.bus,
        boot: disk.boot,
        serial: None,
        shared: false,
        encrypted: false,
        cdrom: false,
    }
}

/// How the config drive is attached.
fn drive_bus(desired: &DesiredInstance) -> DiskBus {
    let as_disks = || desired.disks.first().map(|disk| disk.bus).unwrap_or_default();
    desired.hardware.cdrom.unwrap_or_else(as_disks)
}

/// A step that failed, with the words of QEMU or its tools.
pub(crate) fn failed(step: &str, error: QemuError) -> NodeError {
    match error {
        QemuError::Refused { because } => NodeError::Refused { because },
        other => NodeError::failed(step, other),
    }
}

#[cfg(test)]
mod tests;
