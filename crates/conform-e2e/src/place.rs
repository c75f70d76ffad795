//! The folder of a run: nobody else may enter it, and what we write in it is 0600.
//!
//! ```text
//!   tempest.conf     what Tempest reads                accounts.yaml   users and passwords, if they were named
//!   tests.txt        the tests, as expressions         lock/           Tempest's locks
//!   run.subunit      the stream as it came             run.err         what Tempest printed
//!   tempest.log      its log                           resource_list.json  what the tests made
//! ```

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kogge_conform::Problem;

/// Files that hold passwords.
const SECRET: [&str; 2] = ["tempest.conf", "accounts.yaml"];
const LOCK: &str = "lock";

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// Makes the folder, for its owner only. One that is there must be empty of an earlier run and belong to us.
    ///
    /// # Errors
    /// If it cannot be made, belongs to somebody else, or holds a run.
    pub fn make(path: &Path) -> Result<Self, Problem> {
        let path = std::path::absolute(path).map_err(|error| told("finding", path, &error))?;
        let parent = path.parent().unwrap_or(&path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|error| told("making", parent, &error))?;
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => ours(&path)?,
            Err(error) => return Err(told("making", &path, &error)),
        }
        let place = Self(path);
        if place.join("tempest.conf").exists() || place.join("run.subunit").exists() {
            let text = format!("{} holds an earlier run; name another folder with --out", place.0.display());
            return Err(Problem::ours(text));
        }
        let lock = place.join(LOCK);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&lock)
            .map_err(|error| told("making", &lock, &error))?;
        Ok(place)
    }

    /// Itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file that only its owner may read.
    ///
    /// # Errors
    /// If it is there already, or cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Problem> {
        let path = self.join(name);
        let written = self.create(name)?.write_all(text.as_bytes());
        written.map_err(|error| told("writing", &path, &error))
    }

    /// A new file that only its owner may read.
    ///
    /// # Errors
    /// If it is there already (also as a link to elsewhere), or cannot be made.
    pub fn create(&self, name: &str) -> Result<File, Problem> {
        let path = self.join(name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|error| told("making", &path, &error))
    }

    /// Removes the files with passwords.
    ///
    /// # Errors
    /// If one is still there.
    pub fn forget_secrets(&self) -> Result<(), Problem> {
        for name in SECRET {
            let path = self.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(told("removing", &path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A folder that is there must be a folder of ours that nobody else may write.
fn ours(path: &Path) -> Result<(), Problem> {
    let found = std::fs::symlink_metadata(path).map_err(|error| told("looking at", path, &error))?;
    let mine = found.uid() == nix::unistd::geteuid().as_raw();
    if !found.is_dir() || !mine || found.mode() & 0o077 != 0 {
        let text =
            format!("{} must be a folder of yours that nobody else may enter (chmod 700)", path.display());
        return Err(Problem::ours(text));
    }
    Ok(())
}

fn told(doing: &str, path: &Path, error: &std::io::Error) -> Problem {
    Problem::ours(format!("{doing} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_files_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::make(&dir.path().join("a/b")).unwrap();
        place.write("tempest.conf", "password").unwrap();
        assert_eq!((mode(place.path()), mode(&place.join("lock"))), (0o700, 0o700));
        assert_eq!(mode(&place.join("tempest.conf")), 0o600);
    }

    #[test]
    fn a_run_does_not_write_over_another_or_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let place = Place::make(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", place.join("accounts.yaml")).unwrap();
        assert!(place.write("accounts.yaml", "x").is_err());
        place.write("tempest.conf", "x").unwrap();
        assert!(Place::make(&path).unwrap_err().text().contains("--out"));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Place::make(&open).unwrap_err().text().contains("chmod 700"));
    }

    #[test]
    fn passwords_can_be_forgotten_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::make(&dir.path().join("out")).unwrap();
        place.write("tempest.conf", "x").unwrap();
        place.write("tests.txt", "x").unwrap();
        place.forget_secrets().unwrap();
        assert!(!place.join("tempest.conf").exists() && place.join("tests.txt").exists());
    }
}
