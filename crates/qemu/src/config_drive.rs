//! A config drive: an ISO 9660 disk labelled `config-2` with the guest's metadata.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

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
    let guard = RemoveTree(tree.clone());
    let (place, out, content) = (tree.clone(), fresh.clone(), files.to_vec());
    blocking(move || lay_out(&place, &out, &content)).await?;
    let mut command = crate::spawn::command("genisoimage");
    command.args(["-quiet", "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r"]);
    command.args(["-publisher", "kogge", "-V", "config-2", "-o"]).arg(&fresh).arg(&tree);
    let made = run(command, "genisoimage (making the config drive)", LIMITS, PATIENCE).await.map(drop);
    let target = target.to_owned();
    blocking(move || {
        drop(guard);
        made?;
        std::fs::rename(&fresh, &target)
            .map_err(QemuError::file(format!("putting {} in place", target.display())))
    })
    .await
}

/// The tree holds secrets such as user data: it never stays, also where the call is given up.
struct RemoveTree(PathBuf);

impl Drop for RemoveTree {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.0) {
            tracing::error!(%error, "the parts of a config drive stay behind");
        }
    }
}

/// Does something with files without holding up others.
async fn blocking(act: impl FnOnce() -> Result<(), QemuError> + Send + 'static) -> Result<(), QemuError> {
    let done = tokio::task::spawn_blocking(act).await;
    done.unwrap_or_else(|error| Err(QemuError::file("making the config drive")(std::io::Error::other(error))))
}

/// Puts the files where `genisoimage` finds them, and makes its target, so that nobody else can read either.
fn lay_out(tree: &Path, out: &Path, files: &[(String, Vec<u8>)]) -> Result<(), QemuError> {
    remove_tree(tree)?;
    make_dir(tree)?;
    for (name, content) in files {
        write_one(tree, name, content)?;
    }
    let _ = std::fs::remove_file(out);
    private_file(out).map(drop).map_err(QemuError::file(format!("making {}", out.display())))
}

fn write_one(tree: &Path, name: &str, content: &[u8]) -> Result<(), QemuError> {
    let relative = Path::new(name);
    if name.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        let because = format!("{name:?} cannot be a file on a config drive: its path leaves the drive");
        return Err(QemuError::Refused { because });
    }
    let path = tree.join(relative);
    let parent = path.parent().unwrap_or(tree);
    make_dir(parent)?;
    let written = private_file(&path).and_then(|mut file| file.write_all(content));
    written.map_err(QemuError::file(format!("writing {}", path.display())))
}

fn make_dir(dir: &Path) -> Result<(), QemuError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(QemuError::file(format!("making {}", dir.display())))
}

/// A new file that only we can read. Nothing that lies there already is followed or kept.
fn private_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
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
                let mode = std::os::unix::fs::PermissionsExt::mode(
                    &std::fs::metadata(&target).unwrap().permissions(),
                );
                assert_eq!(mode & 0o777, 0o600);
            }
        }
    }
}
