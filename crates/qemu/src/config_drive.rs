//! A config drive: an ISO 9660 disk labelled `config-2` with the guest's metadata.

use std::path::{Component, Path};
use std::time::Duration;

use tokio::process::Command;

use crate::error::QemuError;
use crate::image_tool::run;
use crate::spawn::Limits;

/// What making such a small file may take.
const LIMITS: Limits = Limits { cpu_seconds: 30, address_space: 1 << 30 };
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes a config drive with `files` (paths inside the drive, and contents) to `target`, replacing it as a whole.
/// Needs the program `genisoimage`.
///
/// # Errors
/// [`QemuError::Refused`] for paths that leave the drive, else what the program or the file system says.
pub async fn write_config_drive(target: &Path, files: &[(String, Vec<u8>)]) -> Result<(), QemuError> {
    let tree = target.with_extension("tree");
    let fresh = target.with_extension("new");
    remove_tree(&tree)?;
    let made = make(&tree, &fresh, files).await;
    // the tree holds secrets such as user data: it never stays
    remove_tree(&tree)?;
    made?;
    std::fs::rename(&fresh, target).map_err(QemuError::file(format!("putting {} in place", target.display())))
}

async fn make(tree: &Path, fresh: &Path, files: &[(String, Vec<u8>)]) -> Result<(), QemuError> {
    for (name, content) in files {
        write_one(tree, name, content)?;
    }
    let mut command = Command::new("genisoimage");
    command.args(["-quiet", "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r"]);
    command.args(["-publisher", "kogge", "-V", "config-2", "-o"]).arg(fresh).arg(tree);
    run(command, "genisoimage (making the config drive)", LIMITS, PATIENCE).await.map(drop)
}

fn write_one(tree: &Path, name: &str, content: &[u8]) -> Result<(), QemuError> {
    let relative = Path::new(name);
    if name.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        let because = format!("{name:?} cannot be a file on a config drive: its path leaves the drive");
        return Err(QemuError::Refused { because });
    }
    let path = tree.join(relative);
    let parent = path.parent().unwrap_or(tree);
    std::fs::create_dir_all(parent).map_err(QemuError::file(format!("making {}", parent.display())))?;
    std::fs::write(&path, content).map_err(QemuError::file(format!("writing {}", path.display())))
}

fn remove_tree(tree: &Path) -> Result<(), QemuError> {
    match std::fs::remove_dir_all(tree) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(QemuError::file(format!("removing {}", tree.display()))(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_that_leaves_the_drive_is_refused_and_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("config.iso");
        for bad in ["../x", "/etc/x", "", "a/../../x"] {
            let files = vec![("fine".to_owned(), b"x".to_vec()), (bad.to_owned(), b"x".to_vec())];
            assert!(
                matches!(write_config_drive(&target, &files).await, Err(QemuError::Refused { .. })),
                "{bad}"
            );
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn the_drive_is_an_iso_of_the_right_label() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("config.iso");
        let files = vec![("openstack/latest/meta_data.json".to_owned(), b"{\"uuid\": 1}".to_vec())];
        match write_config_drive(&target, &files).await {
            Err(QemuError::NoProgram { .. }) => println!("skipped: genisoimage is not installed"),
            other => {
                other.unwrap();
                let bytes = std::fs::read(&target).unwrap();
                assert_eq!(&bytes[0x8001..0x8006], b"CD001");
                assert_eq!(&bytes[0x8028..0x8030], b"config-2");
                assert!(bytes.windows(11).any(|w| w == b"{\"uuid\": 1}"));
                assert!(!dir.path().join("config.tree").exists());
            }
        }
    }
}
