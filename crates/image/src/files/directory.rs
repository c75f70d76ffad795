//! Directories that are ours alone.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Makes a directory that nobody else gets into, or takes over the one that is there. Its parents are made too.
///
/// # Errors
/// Where it is a link or no directory, belongs to another user, or cannot be made.
pub(super) fn own(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let found = std::fs::symlink_metadata(dir)?;
    let refused = |why: &str| {
        let because = format!("{} {why}; move it away or name another directory", dir.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, because))
    };
    if !found.is_dir() {
        return refused("is a link or no directory");
    }
    // the process's own directory belongs to whom the process runs as
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != found.uid()) {
        return refused("belongs to another user");
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// Makes the entries of a directory last.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_closed_to_others_and_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (mine, link) = (dir.path().join("a/mine"), dir.path().join("link"));
        own(&mine).unwrap();
        std::fs::set_permissions(&mine, Permissions::from_mode(0o777)).unwrap();
        own(&mine).unwrap();
        assert_eq!(std::fs::metadata(&mine).unwrap().permissions().mode() & 0o777, 0o700);
        std::os::unix::fs::symlink(&mine, &link).unwrap();
        assert!(own(&link).unwrap_err().to_string().contains("link"));
        std::fs::write(dir.path().join("file"), b"").unwrap();
        assert!(own(&dir.path().join("file")).is_err());
    }
}
