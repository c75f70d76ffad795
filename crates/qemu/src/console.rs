//! Logs that QEMU writes and guests can fill: read from their end, and cut before they fill the host's disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A guest's log is written by the guest's user: it is never a way to another file.
const NOFOLLOW: i32 = nix::libc::O_NOFOLLOW;

/// How much of a log is kept.
#[derive(Debug, Clone, Copy)]
pub struct LogLimit {
    /// From this size in bytes on, a log is cut.
    pub cut_at: u64,
    /// So many bytes of its end are kept then.
    pub keep: u64,
}

impl Default for LogLimit {
    fn default() -> Self {
        Self { cut_at: 1024 * 1024, keep: 256 * 1024 }
    }
}

/// A log file and the end of what it was before it was cut.
#[derive(Debug, Clone)]
pub struct Logs {
    file: PathBuf,
    before: PathBuf,
    limit: LogLimit,
}

impl Logs {
    /// The log `file`; what was cut off goes to a file of the same name with `.1`.
    #[must_use]
    pub fn new(file: &Path, limit: LogLimit) -> Self {
        let mut before = file.as_os_str().to_owned();
        before.push(".1");
        Self { file: file.to_owned(), before: before.into(), limit }
    }

    /// Cuts the log if it grew too large. QEMU appends to the open file, so it is emptied in place; what is written
    /// between reading and emptying is lost.
    ///
    /// # Errors
    /// Those of the file system. A log that does not exist is fine.
    pub fn cut(&self) -> io::Result<()> {
        let length = match std::fs::metadata(&self.file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if length < self.limit.cut_at {
            return Ok(());
        }
        replace(&self.before, &read_end(&self.file, self.limit.keep)?)?;
        File::options().write(true).custom_flags(NOFOLLOW).open(&self.file)?.set_len(0)
    }

    /// The end of the log, at most what is kept and at most `most` bytes.
    ///
    /// # Errors
    /// Those of the file system. A log that does not exist is empty.
    pub fn end(&self, most: u64) -> io::Result<Vec<u8>> {
        let now = read_end(&self.file, most)?;
        let room = most.saturating_sub(u64::try_from(now.len()).unwrap_or(u64::MAX));
        let mut all = read_end(&self.before, room)?;
        all.extend_from_slice(&now);
        Ok(all)
    }
}

/// Writes a file anew that only we can read; a link in its place goes, and is not followed.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

/// The last `most` bytes of a file; nothing where there is no file.
fn read_end(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::options().read(true).custom_flags(NOFOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last `lines` pieces between line ends, all where `None`: what Nova answers for `length`.
#[must_use]
pub fn tail_lines(log: &[u8], lines: Option<u32>) -> &[u8] {
    let Some(lines) = lines else { return log };
    if lines == 0 {
        return &[];
    }
    let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
    let ends = log.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at).nth(wanted - 1).map_or(log, |at| &log[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tail_is_what_splitting_and_joining_gives(log in "[a\n]{0,40}", lines in 0_u32..12) {
            let pieces: Vec<&str> = log.split('\n').collect();
            let from = pieces.len().saturating_sub(usize::try_from(lines).unwrap());
            let joined = pieces[from..].join("\n");
            prop_assert_eq!(tail_lines(log.as_bytes(), Some(lines)), joined.as_bytes());
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_log_leads_nowhere() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("console.log"), dir.path().join("other"));
        std::fs::write(&other, "secret".repeat(100)).unwrap();
        let logs = Logs::new(&file, LogLimit { cut_at: 100, keep: 10 });
        std::fs::write(&file, "x".repeat(200)).unwrap();
        std::os::unix::fs::symlink(&other, dir.path().join("console.log.1")).unwrap();
        logs.cut().unwrap();
        let before = std::fs::symlink_metadata(dir.path().join("console.log.1")).unwrap();
        assert_eq!((before.is_file(), before.permissions().mode() & 0o777), (true, 0o600));
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert!(logs.cut().is_err() && logs.end(50).is_err());
        assert_eq!(std::fs::read(&other).unwrap().len(), 600);
    }

    #[test]
    fn a_log_is_cut_but_its_end_stays_readable() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("console.log");
        let logs = Logs::new(&file, LogLimit { cut_at: 100, keep: 10 });
        assert_eq!(logs.end(50).unwrap(), b"");
        logs.cut().unwrap();
        std::fs::write(&file, "x".repeat(90) + "0123456789").unwrap();
        logs.cut().unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
        std::fs::write(&file, "abc").unwrap();
        logs.cut().unwrap();
        assert_eq!(logs.end(50).unwrap(), b"0123456789abc");
        assert_eq!(logs.end(5).unwrap(), b"89abc");
        assert_eq!(logs.end(2).unwrap(), b"bc");
    }
}
