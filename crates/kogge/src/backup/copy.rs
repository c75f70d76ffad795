//! Copying files with their digests, so that what was read is what is known.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha512};

const CHUNK: usize = 1024 * 1024;

/// What was copied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) size: u64,
    /// SHA-512, hexadecimal.
    pub(super) sha512: String,
}

/// Copies a regular file to a new one that only its owner may read, and makes it last. No link is followed.
pub(super) fn file(from: &Path, to: &Path) -> std::io::Result<Copied> {
    let source = open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let copied = pour(source, &mut target)?;
    target.sync_all()?;
    Ok(copied)
}

/// The digest of a file.
pub(super) fn digest(path: &Path) -> std::io::Result<Copied> {
    pour(open(path)?, &mut std::io::sink())
}

fn open(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    Ok(file)
}

fn pour(mut from: impl Read, to: &mut impl Write) -> std::io::Result<Copied> {
    let (mut hash, mut size, mut chunk) = (Sha512::new(), 0, vec![0; CHUNK]);
    loop {
        let read = from.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        to.write_all(bytes)?;
        size += bytes.len() as u64;
    }
    Ok(Copied { size, sha512: hex::encode(hash.finalize()) })
}

/// Makes a directory with its parents, for its owner only.
pub(super) fn folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes names in a directory last.
pub(super) fn settle(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_private_and_known_by_its_digest() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::write(&from, "abc").unwrap();
        let copied = file(&from, &to).unwrap();
        assert!(copied.size == 3 && copied.sha512.starts_with("ddaf35a193617aba"), "{copied:?}");
        assert_eq!(digest(&to).unwrap(), copied);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(file(&from, &to).is_err(), "nothing is written over");
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(file(&link, &dir.path().join("to")).is_err());
    }
}
