//! The disks of an instance.

use std::path::{Path, PathBuf};

use kogge_ids::derive;
use kogge_node_api::{DesiredInstance, DiskFormat, NodeError};
use kogge_qemu::{Disk, ImageTool, QemuError, write_swap};

use crate::bases;

const GIB: u64 = 1 << 30;
const ROOT: &str = "root.qcow2";
const EPHEMERAL: &str = "ephemeral.qcow2";
const SWAP: &str = "swap.raw";
const CONFIG: &str = "config.iso";

/// The root disk's file.
pub(crate) fn root_file(dir: &Path) -> PathBuf {
    dir.join(ROOT)
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
    build_root(tool, &base, dir, desired).await?;
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

async fn build_root(
    tool: &ImageTool,
    base: &Path,
    dir: &Path,
    desired: &DesiredInstance,
) -> Result<(), NodeError> {
    let root = &desired.root;
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
    let fresh = dir.join("root.new");
    let made = tool.create_overlay(&fresh, base, root.format, size).await;
    made.map_err(|error| failed("making the root disk", error))?;
    std::fs::rename(&fresh, root_file(dir)).map_err(|error| NodeError::failed("making the root disk", error))
}

/// Grows the root disk to what is desired now. The guest must be off.
pub(crate) async fn grow(tool: &ImageTool, dir: &Path, desired: &DesiredInstance) -> Result<(), NodeError> {
    let wanted = desired.root.size_gib.saturating_mul(GIB);
    let grow = async {
        let info = tool.info(&root_file(dir), DiskFormat::Qcow2).await?;
        if info.virtual_size < wanted { tool.resize(&root_file(dir), wanted).await } else { Ok(()) }
    };
    grow.await.map_err(|error: QemuError| failed("growing the root disk", error))
}

/// The disks as QEMU is told, in the order the guest sees them.
pub(crate) fn list(bases_dir: &Path, dir: &Path, desired: &DesiredInstance) -> Vec<Disk> {
    let base = bases::path(bases_dir, desired.root.image, desired.root.format);
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
        desired.root.path = dir.path().join("image");
        if let Err(QemuError::NoProgram { .. }) = tool.create_empty(&desired.root.path, 2 * GIB).await {
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
        let nodes: Vec<String> = list(&bases, &vm, &desired).into_iter().map(|disk| disk.node).collect();
        assert_eq!(nodes, ["root", "ephemeral", "swap", "config"]);
        assert_eq!(tool.info(&root_file(&vm), DiskFormat::Qcow2).await.unwrap().virtual_size, 3 * GIB);
        desired.root.size_gib = 5;
        grow(&tool, &vm, &desired).await.unwrap();
        grow(&tool, &vm, &desired).await.unwrap();
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
        tool.create_overlay(&evil, &desired.root.path, DiskFormat::Qcow2, None).await.unwrap();
        desired.root.path = evil;
        let error =
            build(&tool, &dir.path().join("bases"), &dir.path().join("vm"), &desired).await.unwrap_err();
        assert!(error.is_final(), "{error}");
    }

    #[tokio::test]
    async fn a_text_file_that_pretends_to_be_a_disk_fails_with_words() {
        let Some((dir, tool, desired)) = place().await else { return };
        std::fs::write(&desired.root.path, "not a disk").unwrap();
        let error =
            build(&tool, &dir.path().join("bases"), &dir.path().join("vm"), &desired).await.unwrap_err();
        assert!(error.to_string().contains("reading the image"), "{error}");
    }
}
