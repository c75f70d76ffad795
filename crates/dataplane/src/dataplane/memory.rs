//! The last applied state on disk: for recovery, and to know after a restart which rules have gone.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use kogge_node_api::{DesiredNetworking, NodeError};

/// The file in the data directory.
const FILE: &str = "networking.json";

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// What was applied last; `None` where nothing was, or where the file cannot be read (which is logged: the control
/// plane will say it all again).
pub(super) fn load(folder: &Path) -> Option<DesiredNetworking> {
    let text = match fs::read(path(folder)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, "the last networking state cannot be read");
            return None;
        }
    };
    serde_json::from_slice(&text)
        .inspect_err(|error| tracing::warn!(%error, "the last networking state is damaged and left aside"))
        .ok()
}

/// Keeps `state`, so that a crash leaves the old or the new.
pub(super) fn save(folder: &Path, state: &DesiredNetworking) -> Result<(), NodeError> {
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let fresh = folder.join("networking.json.new");
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        serde_json::to_writer(std::io::BufWriter::new(&file), state)?;
        file.sync_all()?;
        fs::rename(fresh, path(folder))
    };
    write().map_err(|error| NodeError::failed("keeping the networking state", error))
}

/// Removes what [`save`] kept.
pub(super) fn forget(folder: &Path) -> Result<(), NodeError> {
    match fs::remove_file(path(folder)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(NodeError::failed("removing the networking state", error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::network;

    #[test]
    fn a_state_survives_and_a_damaged_file_is_no_state() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()), None);
        let state = DesiredNetworking { networks: vec![network(7)], ..Default::default() };
        save(folder.path(), &state).unwrap();
        assert_eq!(load(folder.path()), Some(state));
        fs::write(path(folder.path()), "{").unwrap();
        assert_eq!(load(folder.path()), None);
        forget(folder.path()).unwrap();
        forget(folder.path()).unwrap();
    }
}
