//! The disks of an instance.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kogge_ids::derive;
use kogge_node_api::{DesiredInstance, DiskFormat, NodeError};
use kogge_qemu::{Disk, GuestUser, ImageTool, Machine, QemuError, RUN_DIR, write_swap};

use crate::bases;

const GIB: u64 = 1 << 30;
const ROOT: &str = "root.qcow2";
const EPHEMERAL: &str = "ephemeral.qcow2";
const SWAP: &str = "swap.raw";
const CONFIG: &str = "config.iso";
const UEFI: &str = "uefi-vars.fd";
const CONSOLE: &str = "console.log";
const LOG: &str = "qemu.log";
/// A copy of the root disk on its way out.
const COPY: &str = "copy.qcow2";

/// The image base as the guest's directory has it.
const fn base_name(format: DiskFormat) -> &'static str {
    match format {
        DiskFormat::Raw => "base.raw",
        DiskFormat::Qcow2 => "base.qcow2",
    }
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
    link_base(&base, dir, desired.root.format)?;
    build_root(tool, dir, desired).await?;
    if desired.ephemeral_gib > 0 {
        let file = dir.join(EPHEMERAL);
        let made = tool.create_empty(&file, desired.ephemeral_gib.saturating_mul(GIB)).await;
        made.map_err(|error| failed("making the ephemeral disk", error))?;
    }
    if desired.swap_mib > 0 {
        let label = derive(desired.id.uuid(), "swap").into_bytes();
        write_swap(&dir.join(SWAP), desired.swap_mib, label)
            .map_err(|error| failed("making the swap disk", error))?;
    }
    Ok(())
}

/// Gives the guest's directory a name of its own for the image base. The guest's user gets no further than into that
/// directory, so the file itself may be readable by all.
fn link_base(base: &Path, dir: &Path, format: DiskFormat) -> Result<(), NodeError> {
    let fresh = dir.join("base.new");
    let linked = remove_file(&fresh)
        .and_then(|()| std::fs::hard_link(base, &fresh))
        .and_then(|()| std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o644)))
        .and_then(|()| std::fs::rename(&fresh, dir.join(base_name(format))))
        // renaming a link over another one of the same file leaves both
        .and_then(|()| remove_file(&fresh));
    linked.map_err(|error| NodeError::failed("taking over the image", error))
}

fn remove_file(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
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
    std::fs::rename(dir.join("root.new"), root_file(dir))
        .map_err(|error| NodeError::failed("making the root disk", error))
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
        std::fs::File::options().create(true).append(true).mode(0o600).open(&console)?;
        // QEMU has its log open; versions before let everybody read it
        match std::fs::set_permissions(dir.join(LOG), std::fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    });
    ready.map_err(|error| NodeError::failed("making the guest's directory ready", error))?;
    let root = &desired.root;
    if !dir.join(base_name(root.format)).exists() {
        link_base(&bases::path(bases_dir, root.image, root.format), dir, root.format)?;
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
            let moving = tokio::task::spawn_blocking(move || std::fs::copy(from, to)).await;
            let moved = moving.map_err(std::io::Error::other).and_then(|moved| moved.map(drop));
            moved.map_err(|error| NodeError::failed(step, error))
        }
        Err(error) => Err(error),
    };
    // the next copy begins anew in any case
    let _ = remove_file(&draft);
    moved
}

/// The disks as QEMU is told, in the order the guest sees them.
pub(crate) fn list(dir: &Path, desired: &DesiredInstance) -> Vec<Disk> {
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
    if dir.join(EPHEMERAL).exists() {
        disks.push(own("ephemeral", EPHEMERAL, DiskFormat::Qcow2));
    }
    if dir.join(SWAP).exists() {
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
        let nodes: Vec<String> = list(&vm, &desired).into_iter().map(|disk| disk.node).collect();
        assert_eq!(nodes, ["root", "ephemeral", "swap", "config"]);
        assert_eq!(tool.info(&root_file(&vm), DiskFormat::Qcow2).await.unwrap().virtual_size, 3 * GIB);
        desired.root.size_gib = 5;
        grow(&tool.inside(&vm, None), &desired).await.unwrap();
        grow(&tool.inside(&vm, None), &desired).await.unwrap();
        assert_eq!(tool.info(&root_file(&vm), DiskFormat::Qcow2).await.unwrap().virtual_size, 5 * GIB);
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
