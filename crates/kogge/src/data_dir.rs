//! The data directory: where a cloud on this machine keeps everything.
//!
//! ```text
//!   kogge.toml     configuration, if any        keys/        token keys
//!   kogge.sqlite   state                        images/      image data
//!   clouds.yaml    for clients (0600)           instances/   a directory per guest
//!   cloud-id       the cloud it belongs to
//!   check.toml     for `kogge check`
//!   accounts.toml  first passwords (0600)       control.sock, kogge.lock, process-name, kogge.log
//! ```

mod trust;

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// The file that says which cloud this is.
pub const CLOUD_ID: &str = "cloud-id";

/// The id of the place of keys, accounts and images.
pub const SHARED_ID: &str = "shared-id";

/// The name of whoever has this directory among the processes that share a database.
pub const PROCESS: &str = "process-name";

/// Locked by the process that has the directory.
const LOCK: &str = "kogge.lock";

/// What is small and cannot be made again, beside the database: files and folders that a backup takes.
pub const KEPT: [&str; 9] = [
    "kogge.toml",
    "policy.yaml",
    "accounts.toml",
    CLOUD_ID,
    SHARED_ID,
    PROCESS,
    "fernet-keys",
    "credential-keys",
    "server-keys",
];

/// A data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The one of root's clouds.
    pub const SYSTEM: &str = "/var/lib/kogge";

    /// The one that was asked for, or the default: `/var/lib/kogge` for root, else `$XDG_DATA_HOME/kogge`.
    ///
    /// # Errors
    /// Where the default is wanted and there is neither `XDG_DATA_HOME` nor `HOME`.
    pub fn chosen(asked: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = asked {
            let path = std::path::absolute(path).map_err(|error| Failure::outside("--data", error))?;
            return Ok(Self(path));
        }
        if nix::unistd::geteuid().is_root() {
            return Ok(Self(PathBuf::from(Self::SYSTEM)));
        }
        let home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
        let home = home.ok_or_else(|| Failure::Usage("no HOME: say where with --data DIR".to_owned()))?;
        Ok(Self(home.join("kogge")))
    }

    /// Makes it, for its owner only; one that is there already is closed to others.
    ///
    /// # Errors
    /// Where that is not possible, and as for [`DataDir::trusted`].
    pub fn create(&self) -> Result<(), Failure> {
        self.trusted()?;
        let failed = |error| Failure::outside(&format!("making {}", self.0.display()), error);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(failed)?;
        std::fs::set_permissions(&self.0, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
        // once more: another user may have made it meanwhile
        self.trusted()
    }

    /// Refuses a directory that another user could have filled or could exchange: whoever can put a link or a
    /// configuration into it decides what we write, and where.
    ///
    /// # Errors
    /// Where the directory belongs to another user, or one above it lets others rename what is in it.
    pub fn trusted(&self) -> Result<(), Failure> {
        trust::check(&self.0, nix::unistd::geteuid().as_raw())
    }

    /// Takes it for this process, until the claim is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// Where another process has it, or it cannot be written.
    pub fn claim(&self) -> Result<Claim, Failure> {
        let (file, name) = (self.join(LOCK), self.join(PROCESS));
        let failed = |error| Failure::outside(&format!("using {}", self.0.display()), error);
        let lock = open_lock(&file).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let place = self.0.display();
                let message = format!(
                    "another kogge runs in {place}: `kogge status --data {place}` shows it, `kogge down --data {place}` ends it"
                );
                return Err(Failure::Outside(message));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let process = match std::fs::read_to_string(&name) {
            Ok(text) if !text.trim().is_empty() => text.trim().to_owned(),
            _ => {
                let fresh = kogge_ids::HostId::random().to_string();
                write_private(&name, &fresh).map_err(failed)?;
                fresh
            }
        };
        Ok(Claim { process, _lock: lock })
    }

    /// The process that has it: one that starts, runs or ends. Nothing is locked to find that out.
    #[must_use]
    pub fn holder(&self) -> Option<u32> {
        use std::os::unix::fs::MetadataExt;
        let inode = std::fs::metadata(self.join(LOCK)).ok()?.ino().to_string();
        // proc_locks(5): "1: FLOCK  ADVISORY  WRITE 708 00:23:1234 0 EOF"; device numbers are not those of stat(2) on every
        // file system, and a foreign lock on the same inode number only makes us say "starting"
        std::fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (kind, pid) = (fields.next()?, fields.nth(2)?);
            let of = fields.next()?.rsplit(':').next()?;
            (kind == "FLOCK" && of == inode).then(|| pid.parse().ok()).flatten()
        })
    }

    /// What tells it apart from a copy, on this machine: its file system and inode, which a move keeps.
    ///
    /// # Errors
    /// Where it is not there.
    pub fn home(&self) -> std::io::Result<String> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(&self.0)?;
        Ok(format!("{}:{}", about.dev(), about.ino()))
    }

    /// Whether it is [`DataDir::SYSTEM`].
    #[must_use]
    pub fn is_systems(&self) -> bool {
        self.0 == Path::new(Self::SYSTEM)
    }

    /// Itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file or folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The database, where it is a file.
    #[must_use]
    pub fn sqlite(&self) -> PathBuf {
        self.join("kogge.sqlite")
    }

    /// The socket by which commands reach the running cloud.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.join("control.sock")
    }

    /// The log of the cloud that runs in the background.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.join("kogge.log")
    }

    /// The file for clients.
    #[must_use]
    pub fn clouds_yaml(&self) -> PathBuf {
        self.join("clouds.yaml")
    }

    /// What checks of this cloud may use.
    #[must_use]
    pub fn check_toml(&self) -> PathBuf {
        self.join("check.toml")
    }
}

/// A data directory in use by this process.
#[derive(Debug)]
pub struct Claim {
    /// Names whoever has this directory among the processes that share a database. It outlives the process, so that
    /// its successor takes over at once what it had leased.
    pub process: String,
    _lock: std::fs::File,
}

/// Opens a file that is there to be locked.
///
/// # Errors
/// Where it cannot be made, or is a link.
pub fn open_lock(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// Where the directory cannot be written.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let draft = path.with_extension("new");
    let _ = std::fs::remove_file(&draft);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_files_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn one_process_has_a_directory_and_its_successor_bears_the_same_name() {
        let dir = tempfile::tempdir().unwrap();
        let place = DataDir::chosen(Some(dir.path())).unwrap();
        let first = place.claim().unwrap();
        let refused = place.claim().unwrap_err().to_string();
        assert!(refused.contains("another kogge runs in") && refused.contains("kogge down"), "{refused}");
        assert_eq!(place.holder(), Some(std::process::id()));
        let name = first.process.clone();
        drop(first);
        assert_eq!(place.holder(), None);
        assert_eq!(place.claim().unwrap().process, name);
    }

    #[test]
    fn a_directory_that_was_open_to_others_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        DataDir::chosen(Some(dir.path())).unwrap().create().unwrap();
        assert_eq!(std::fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_relative_directory_becomes_absolute() {
        let chosen = DataDir::chosen(Some(Path::new("some/place"))).unwrap();
        assert!(chosen.path().is_absolute());
    }
}
