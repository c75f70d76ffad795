//! A report file that is whole at every moment: written beside its place, then moved there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces a file's contents in one step. A crash leaves the old or the new contents, never a part.
///
/// # Errors
/// If the directory cannot be written.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let part = part_of(path)?;
    let mut file = create(&part)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    drop(file);
    written.and_then(|()| fs::rename(&part, path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Whether [`replace`] is going to work there. The file is not touched.
///
/// # Errors
/// What [`replace`] would fail with.
pub fn can_be_replaced(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let part = part_of(path)?;
    create(&part)?;
    fs::remove_file(&part)
}

fn part_of(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?.to_owned();
    name.push(".part");
    Ok(path.with_file_name(name))
}

/// A new file; never what somebody else has put there, such as a link to another file.
fn create(part: &Path) -> io::Result<fs::File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::File::create_new(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_replaced_and_nothing_stays_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_way_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, precious) = (dir.path().join("r"), dir.path().join("precious"));
        fs::write(&precious, "kept").unwrap();
        std::os::unix::fs::symlink(&precious, dir.path().join("r.part")).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(&precious).unwrap()), (b"two".into(), b"kept".into()));
    }

    #[test]
    fn trying_leaves_nothing_and_touches_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r");
        can_be_replaced(&path).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(can_be_replaced(&dir.path().join("none/r")).is_err());
        assert!(can_be_replaced(dir.path()).is_err());
    }

    #[test]
    fn a_path_without_a_file_name_is_an_error() {
        assert!(replace(Path::new("/"), b"").is_err());
    }
}
