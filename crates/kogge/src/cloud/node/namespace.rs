//! The name of a node's network namespaces.
//!
//! It follows from where the data directory lies, so that several clouds can live on one host, and is written down: a
//! directory that is moved while its guests run keeps the namespaces that they are in. A copy of a directory is another
//! one, and gets a name of its own.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use crate::data_dir::{DataDir, write_private};

/// Name of the file in the node's directory: the prefix, and which directory it was written for.
const FILE: &str = "namespace";

/// What the names of this directory's namespaces begin with.
///
/// # Errors
/// Those of the file system.
pub(super) fn prefix(data: &DataDir) -> std::io::Result<String> {
    let node = data.join("node");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&node)?;
    let directory = identity(&node)?;
    let file = node.join(FILE);
    if let Ok(text) = std::fs::read_to_string(&file)
        && let Some((prefix, written_for)) = text.trim().split_once(' ')
        && written_for == directory
    {
        return Ok(prefix.to_owned());
    }
    let prefix = derived(data.path());
    write_private(&file, &format!("{prefix} {directory}\n"))?;
    Ok(prefix)
}

/// Tells a directory from a copy of it.
fn identity(dir: &Path) -> std::io::Result<String> {
    let facts = std::fs::metadata(dir)?;
    Ok(format!("{}:{}", facts.dev(), facts.ino()))
}

fn derived(path: &Path) -> String {
    let id = kogge_ids::derive(uuid::Uuid::NAMESPACE_URL, &path.to_string_lossy()).simple().to_string();
    format!("kogge-{}", &id[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix_of(path: &Path) -> String {
        prefix(&DataDir::chosen(Some(path)).unwrap()).unwrap()
    }

    #[test]
    fn each_directory_has_its_own_and_keeps_it_when_it_is_moved() {
        let place = tempfile::tempdir().unwrap();
        let (one, other, moved) = (place.path().join("a"), place.path().join("b"), place.path().join("c"));
        let prefix = prefix_of(&one);
        assert_eq!(prefix_of(&one), prefix);
        assert_ne!(prefix_of(&other), prefix);
        assert!(prefix.len() <= 32);
        std::fs::rename(&one, &moved).unwrap();
        assert_eq!(prefix_of(&moved), prefix);
        // a copy is not the same: its guests are not in those namespaces
        let copy = place.path().join("d");
        std::fs::create_dir_all(copy.join("node")).unwrap();
        std::fs::copy(moved.join("node").join(FILE), copy.join("node").join(FILE)).unwrap();
        assert_ne!(prefix_of(&copy), prefix);
    }
}
