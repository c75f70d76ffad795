//! The disks of an instance.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kogge_ids::derive;
use kogge_node_api::{DesiredInstance, DiskFormat, NodeError};
use kogge_qemu::{Disk, GuestUser, ImageTool, Machine, QemuError, RUN_DIR, write_swap};

use crate::bases;
use crate::blocking::with_files;
use crate::layout::remove_file;

const GIB: u64 = 1 << 30;
const ROOT: &str = "root.qcow2";
const EPHEMERAL: &str = "ephemeral.qcow2";
const SWAP: &str = "swap.raw";
const CONFIG: &str = "config.iso";
const UEFI: &str = "uefi-vars.fd";
const CONSOLE: &str = "console.log";
const LOG: &str = "qemu.log";
/// The step of [`link_base`].
const TAKING_OVER: &str = "taking over the image";
/// A copy of the root disk on its way out.
const COPY: &str = "copy.qcow2";

/// The image base as the guest's directory has it.
const fn base_name(format: DiskFormat) -> &'static str {
    match format {
        DiskFormat::Raw => "base.raw",
        DiskFormat::Qcow2 => "base.qcow2",
    }
}

/// The system user that the disks in `dir` belong to.
pub(crate) fn owner(dir: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(root_file(dir)).ok().map(|file| file.uid())
}

/// The root disk's file.
pub(crate) fn root_file(dir: &Path) -> PathBuf {
    dir.join(ROOT)
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
pub(crate) async fn build(
    tool: &ImageTool,
    bases_dir: &Path,
    dir: &Path,
    desired: &DesiredInstance,
) -> Result<(), NodeError> {
    let base = bases::ensure(bases_dir, &desired.root).await?;
    let (place, format) = (dir.to_owned(), desired.root.format);
    with_files(TAKING_OVER, move || link_base(&base, &place, format)).await?;
    build_root(tool, dir, desired).await?;
    if desired.ephemeral_gib > 0 {
        let file = dir.join(EPHEMERAL);
        let made = tool.create_empty(&file, desired.ephemeral_gib.saturating_mul(GIB)).await;
        made.map_err(|error| failed("making the ephemeral disk", error))?;
    }
    if desired.swap_mib > 0 {
        let label = derive(desired.id.uuid(), "swap").into_bytes();
        let (file, mib) = (dir.join(SWAP), desired.swap_mib);
        with_files("making the swap disk", move || {
            write_swap(&file, mib, label).map_err(std::io::Error::other)
        })
        .await?;
    }
    Ok(())
}

/// Gives the guest's directory a name of its own for the image base. The guest's user gets no further than into that
/// directory, so the file itself may be readable by all.
fn link_base(base: &Path, dir: &Path, format: DiskFormat) -> std::io::Result<()> {
    let fresh = dir.join("base.new");
    remove_file(&fresh)
        .and_then(|()| std::fs::hard_link(base, &fresh))
        .and_then(|()| std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o644)))
        .and_then(|()| std::fs::rename(&fresh, dir.join(base_name(format))))
        // renaming a link over another one of the same file leaves both
        .and_then(|()| remove_file(&fresh))
}

/// The files that the disks of an instance are.
pub(crate) fn names(desired: &DesiredInstance) -> Vec<String> {
    let ephemeral = (desired.ephemeral_gib > 0).then_some(EPHEMERAL);
    let swap = (desired.swap_mib > 0).then_some(SWAP);
    [Some(ROOT), ephemeral, swap].into_iter().flatten().map(str::to_owned).collect()
}

/// Which of the disks in `dir` are there. One that was made (`made`; unknown where a version that did not note them
/// made them) and is not there any more is a fault, and never made anew: it may come back, an empty one in its place
/// would be taken for it.
pub(crate) fn present(dir: &Path, made: Option<&[String]>) -> Result<Vec<&'static str>, NodeError> {
    let mut there = Vec::new();
    for name in [ROOT, EPHEMERAL, SWAP] {
        let was = made.map_or(name == ROOT, |made| made.iter().any(|one| one == name));
        match std::fs::symlink_metadata(dir.join(name)) {
            Ok(_) => there.push(name),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(NodeError::failed("looking at the disks", error));
            }
            Err(_) if was => return Err(missing(name)),
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

async fn build_root(tool: &ImageTool, dir: &Path, desired: &DesiredInstance) -> Result<(), NodeError> {
    let root = &desired.root;
    let base = Path::new(base_name(root.format));
    let tool = tool.inside(dir, None);
    let info = tool.info(base, root.format).await.map_err(|error| failed("reading the image", error))?;
    if info.leans_on_another_file() {
        let because = format!("image {} refers to another file on the host, which no image may", root.image);
        return Err(NodeError::Refused { because });
    }
    let size = (root.size_gib > 0).then(|| root.size_gib.saturating_mul(GIB));
    if size.is_some_and(|size| size < info.virtual_size) {
        let because = format!(
            "image {} needs a disk of {} GiB, the server has {} GiB; use a larger flavor",
            root.image,
            info.virtual_size.div_ceil(GIB),
            root.size_gib
        );
        return Err(NodeError::Refused { because });
    }
    let made = tool.create_overlay(Path::new("root.new"), base, root.format, size).await;
    made.map_err(|error| failed("making the root disk", error))?;
    let (fresh, root) = (dir.join("root.new"), root_file(dir));
    with_files("making the root disk", move || std::fs::rename(fresh, root)).await
}

/// Makes the files of an instance ready for a process that runs as `user`: what it writes to is the user's, what it only
/// reads is the user's group's, and where it makes sockets is empty. The guest must be off.
pub(crate) fn hand_over(
    bases_dir: &Path,
    dir: &Path,
    desired: &DesiredInstance,
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
    let root = &desired.root;
    if !dir.join(base_name(root.format)).exists() {
        let linked = link_base(&bases::path(bases_dir, root.image, root.format), dir, root.format);
        linked.map_err(|error| NodeError::failed(TAKING_OVER, error))?;
    }
    let Some(user) = user else { return Ok(()) };
    let written = [ROOT, EPHEMERAL, SWAP, UEFI, CONSOLE].map(|name| (name, true, 0o600));
    let read = [(CONFIG, false, 0o640), (RUN_DIR, true, 0o700), ("", false, 0o710)];
    for (name, owner, mode) in written.into_iter().chain(read) {
        let path = if name.is_empty() { dir.to_owned() } else { dir.join(name) };
        user.own(&path, owner, mode).map_err(|error| failed("making the guest's directory ready", error))?;
    }
    Ok(())
}

/// Grows the root disk to what is desired now, and lets its header name the base beside it. The guest must be off;
/// `tool` works in its directory.
pub(crate) async fn grow(tool: &ImageTool, desired: &DesiredInstance) -> Result<(), NodeError> {
    let wanted = desired.root.size_gib.saturating_mul(GIB);
    let format = desired.root.format;
    let (root, base) = (Path::new(ROOT), base_name(format));
    let grow = async {
        let info = tool.info(root, DiskFormat::Qcow2).await?;
        // disks of versions that had no users for guests name a file that only root can reach
        if info.backing_filename.as_deref() != Some(base) {
            tool.rename_base(root, Path::new(base), format).await?;
        }
        if info.virtual_size < wanted { tool.resize(root, wanted).await } else { Ok(()) }
    };
    grow.await.map_err(|error: QemuError| failed("growing the root disk", error))
}

/// Copies the root disk as it is at this moment into `target`, a self-contained qcow2 disk that only we can write.
/// QEMU and its tools write a file of the guest's user first: they may not write elsewhere, and who may write that file
/// must not be able to write the picture.
pub(crate) async fn copy(
    tool: &ImageTool,
    dir: &Path,
    user: Option<&GuestUser>,
    machine: Option<&Machine>,
    target: &Path,
) -> Result<(), NodeError> {
    let draft = dir.join(COPY);
    let step = "copying the disk";
    let inside = tool.inside(dir, user);
    let copied = async {
        let size = match machine {
            Some(machine) => machine.disk_size("root").await?,
            None => inside.info(Path::new(ROOT), DiskFormat::Qcow2).await?.virtual_size,
        };
        tool.create_empty(&draft, size).await?;
        if let Some(user) = user {
            user.own(&draft, true, 0o600)?;
        }
        match machine {
            Some(machine) => machine.copy_disk("root", COPY).await,
            None => inside.flatten(Path::new(ROOT), Path::new(COPY)).await,
        }
    };
    let copied = copied.await.map_err(|error| failed(step, error));
    let moved = match copied {
        Ok(()) => {
            let (from, to) = (draft.clone(), target.to_owned());
            with_files(step, move || copy_private(&from, &to)).await
        }
        Err(error) => Err(error),
    };
    // the next copy begins anew in any case
    let _ = with_files(step, move || remove_file(&draft)).await;
    moved
}

/// A copy that only we can read or write, whatever lay in its place.
fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    remove_file(to)?;
    let mut source = File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(from)?;
    let mut target = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    std::io::copy(&mut source, &mut target)?;
    target.sync_all()
}

/// The disks as QEMU is told, in the order the guest sees them.
/// `there` is what [`present`] found.
pub(crate) fn list(there: &[&str], desired: &DesiredInstance) -> Vec<Disk> {
    let base = base_name(desired.root.format).into();
    let own = |node: &str, file: &str, format: DiskFormat| Disk {
        node: node.to_owned(),
        file: file.into(),
        format,
        backing: None,
        read_only: false,
    };
    let mut disks =
        vec![Disk { backing: Some((base, desired.root.format)), ..own("root", ROOT, DiskFormat::Qcow2) }];
    if there.contains(&EPHEMERAL) {
        disks.push(own("ephemeral", EPHEMERAL, DiskFormat::Qcow2));
    }
    if there.contains(&SWAP) {
        disks.push(own("swap", SWAP, DiskFormat::Raw));
    }
    if desired.config_drive {
        disks.push(Disk { read_only: true, ..own("config", CONFIG, DiskFormat::Raw) });
    }
    disks
}

/// A step that failed, with the words of QEMU or its tools.
pub(crate) fn failed(step: &str, error: QemuError) -> NodeError {
    match error {
        QemuError::Refused { because } => NodeError::Refused { because },
        other => NodeError::failed(step, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::desired;

    async fn place() -> Option<(tempfile::TempDir, ImageTool, DesiredInstance)> {
        let dir = tempfile::tempdir().unwrap();
        let tool = ImageTool::default();
        let mut desired = desired();
        let image = dir.path().join("image");
        desired.root.source = Some(image.clone());
        if let Err(QemuError::NoProgram { .. }) = tool.create_empty(&image, 2 * GIB).await {
            println!("skipped: qemu-img is not installed");
            return None;
        }
        std::fs::create_dir(dir.path().join("bases")).unwrap();
        std::fs::create_dir(dir.path().join("vm")).unwrap();
        Some((dir, tool, desired))
    }

    #[tokio::test]
    async fn all_disks_are_made_and_listed_in_order() {
        let Some((dir, tool, mut desired)) = place().await else { return };
        (desired.root.size_gib, desired.ephemeral_gib, desired.swap_mib) = (3, 1, 64);
        desired.config_drive = true;
        let (bases, vm) = (dir.path().join("bases"), dir.path().join("vm"));
        build(&tool, &bases, &vm, &desired).await.unwrap();
        build(&tool, &bases, &vm, &desired).await.unwrap();
        let there = present(&vm, Some(&names(&desired))).unwrap();
        let nodes: Vec<String> = list(&there, &desired).into_iter().map(|disk| disk.node).collect();
        assert_eq!(nodes, ["root", "ephemeral", "swap", "config"]);
        assert_eq!(tool.info(&root_file(&vm), DiskFormat::Qcow2).await.unwrap().virtual_size, 3 * GIB);
        desired.root.size_gib = 5;
        grow(&tool.inside(&vm, None), &desired).await.unwrap();
        grow(&tool.inside(&vm, None), &desired).await.unwrap();
        assert_eq!(tool.info(&root_file(&vm), DiskFormat::Qcow2).await.unwrap().virtual_size, 5 * GIB);
    }

    #[test]
    fn a_disk_that_was_there_is_missed_and_one_that_never_was_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut wanted = desired();
        wanted.swap_mib = 64;
        std::fs::write(dir.path().join(ROOT), "disk").unwrap();
        assert_eq!(present(dir.path(), None).unwrap(), [ROOT]);
        let error = present(dir.path(), Some(&names(&wanted))).unwrap_err();
        let text = error.to_string();
        assert!(!error.is_final() && text.contains(SWAP) && text.contains("rebuild"), "{text}");
        std::fs::write(dir.path().join(SWAP), "disk").unwrap();
        assert_eq!(present(dir.path(), Some(&names(&wanted))).unwrap(), [ROOT, SWAP]);
        std::fs::remove_file(dir.path().join(ROOT)).unwrap();
        for made in [None, Some(names(&wanted))] {
            assert!(present(dir.path(), made.as_deref()).unwrap_err().to_string().contains(ROOT));
        }
    }

    #[tokio::test]
    async fn a_disk_smaller_than_its_image_is_refused_for_good() {
        let Some((dir, tool, mut desired)) = place().await else { return };
        desired.root.size_gib = 1;
        let error =
            build(&tool, &dir.path().join("bases"), &dir.path().join("vm"), &desired).await.unwrap_err();
        assert!(error.is_final() && error.to_string().contains("larger flavor"), "{error}");
    }

    #[tokio::test]
    async fn an_image_that_leans_on_a_file_of_the_host_is_refused() {
        let Some((dir, tool, mut desired)) = place().await else { return };
        let evil = dir.path().join("evil");
        tool.create_overlay(&evil, &dir.path().join("image"), DiskFormat::Qcow2, None).await.unwrap();
        desired.root.source = Some(evil);
        let error =
            build(&tool, &dir.path().join("bases"), &dir.path().join("vm"), &desired).await.unwrap_err();
        assert!(error.is_final(), "{error}");
    }

    #[tokio::test]
    async fn a_text_file_that_pretends_to_be_a_disk_fails_with_words() {
        let Some((dir, tool, desired)) = place().await else { return };
        std::fs::write(dir.path().join("image"), "not a disk").unwrap();
        let error =
            build(&tool, &dir.path().join("bases"), &dir.path().join("vm"), &desired).await.unwrap_err();
        assert!(error.to_string().contains("reading the image"), "{error}");
    }
}
