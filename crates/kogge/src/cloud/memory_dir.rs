//! Where a simulated cloud keeps its state: a directory in memory that goes with the process.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A directory in memory. Removed when dropped; what a killed process left is removed by the next one.
#[derive(Debug)]
pub(super) struct MemoryDir(tempfile::TempDir);

const PREFIX: &str = "kogge-sim-";

impl MemoryDir {
    /// Makes one on the memory file system, or among the temporary files where there is none.
    ///
    /// # Errors
    /// Where neither can be written.
    pub(super) fn make() -> Result<Self, Failure> {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        sweep(&place);
        tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&place)
            .map(Self)
            .map_err(|error| Failure::outside(&format!("making a directory in {}", place.display()), error))
    }

    /// Its path.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Removes directories of processes that are no more.
fn sweep(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        let gone = owner.is_some_and(|pid| !PathBuf::from(format!("/proc/{pid}")).exists());
        if gone {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_owner_looks_into_it() {
        let dir = MemoryDir::make().unwrap();
        assert_eq!(std::fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_dead_process_leaves_nothing_and_a_living_one_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let dead = place.path().join(format!("{PREFIX}4194999-x"));
        let living = place.path().join(format!("{PREFIX}{}-x", std::process::id()));
        std::fs::create_dir(&dead).unwrap();
        std::fs::create_dir(&living).unwrap();
        sweep(place.path());
        assert!(!dead.exists() && living.exists());
    }
}
