//! Whether a process lives: it holds the lock on a file of its own. The kernel lets go of the lock however the process
//! ends, so that whoever comes next knows at once that its work is nobody's.

use std::fs::{File, TryLockError};
use std::io;

use super::Files;

/// Begins the names of such files.
pub(super) const PREFIX: &str = "process-";

/// That this process lives.
#[derive(Debug)]
pub(crate) struct Presence {
    name: String,
    _locked: File,
}

impl Presence {
    /// The process's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Files {
    /// Shows that this process lives, as long as the answer does.
    ///
    /// # Errors
    /// Where the file cannot be made or locked.
    pub(crate) fn presence(&self) -> io::Result<Presence> {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let locked = super::create(&self.tmp.join(format!("{PREFIX}{name}")))?;
        locked.try_lock().map_err(io::Error::from)?;
        Ok(Presence { name, _locked: locked })
    }

    /// True where a process is known to have ended. One of whom there is no trace may live on another machine.
    pub(crate) fn has_ended(&self, process: &str) -> bool {
        let named = !process.is_empty() && process.chars().all(|c| c.is_ascii_hexdigit());
        let Some(file) = named.then(|| File::open(self.tmp.join(format!("{PREFIX}{process}")))) else {
            return false;
        };
        match file.map(|file| file.try_lock()) {
            Ok(Ok(())) => true,
            Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_ended_once_its_lock_is_gone_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let presence = files.presence().unwrap();
        let name = presence.name().to_owned();
        assert!(!files.has_ended(&name));
        assert!(!files.has_ended(&name), "asking takes nothing away");
        drop(presence);
        assert!(files.has_ended(&name));
        for unknown in ["", "0123", "../data/x", "x"] {
            assert!(!files.has_ended(unknown), "{unknown}");
        }
    }
}
