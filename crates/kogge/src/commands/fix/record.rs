//! The record of changes: JSON lines, on disk before each change is made.
//!
//! A line `begins` holds what is going to be overwritten or deleted, so that whatever ends the program, one who comes
//! after it knows what was being done and what there was; `deletes` holds all of what is made anew. A line `ended` says how
//! it ended. One process at a time makes the changes of a record.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kogge_clock::Clock;
use kogge_conform_iaas::fix::{Applied, Change, Watch};
use serde_json::{Value, json};

use super::show;
use crate::exit::Failure;
use crate::output::{Output, line};

/// An open record, ours alone.
pub(super) struct Record {
    file: File,
    output: Output,
    clock: Clock,
    /// Whether the last line may lack its end.
    torn: bool,
    /// Why it does not tell all.
    trouble: Option<String>,
}

impl Record {
    /// Opens it, and goes on behind what is there: the record of an earlier try.
    pub(super) fn open(path: &Path, output: Output, clock: Clock) -> Result<Self, Failure> {
        let failed = |error| Failure::outside(&format!("opening the record {}", path.display()), error);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = format!(
                    "another `kogge fix apply` is making these changes: it has the record {}",
                    path.display()
                );
                return Err(Failure::Outside(text));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let torn = is_torn(&mut file).map_err(failed)?;
        Ok(Self { file, output, clock, torn, trouble: None })
    }

    /// Why the record does not tell all that was done.
    pub(super) fn trouble(self) -> Option<String> {
        self.trouble
    }

    fn write(&mut self, event: &str, change: &Change, more: Value) -> io::Result<()> {
        let mut text = json!({
            "event": event,
            "at": self.clock.now().seconds_z(),
            "object": change.object,
            "what": change.what,
            "action": change.action,
        });
        if let (Some(all), Value::Object(more)) = (text.as_object_mut(), more) {
            all.extend(more);
        }
        let begin = if self.torn { "\n" } else { "" };
        // until it is through, part of it may be there
        self.torn = true;
        self.file.write_all(format!("{begin}{text}\n").as_bytes())?;
        self.torn = false;
        self.file.sync_data()
    }
}

/// Whether the last line lacks its end: a full disk, or a crash, cut it off.
fn is_torn(file: &mut File) -> io::Result<bool> {
    let about = file.metadata()?;
    if !about.is_file() || about.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Watch for Record {
    fn begins(&mut self, change: &Change) -> io::Result<()> {
        self.write("begins", change, json!({"overwrites": change.overwrites}))
    }

    fn deletes(&mut self, change: &Change, whole: &Value) -> io::Result<()> {
        self.write("deletes", change, json!({"whole": whole}))
    }

    fn ended(&mut self, applied: &Applied) {
        let outcome = serde_json::to_value(&applied.outcome).unwrap_or_default();
        // what began is on disk; the end is told on the terminal too
        if let Err(error) = self.write("ended", &applied.change, outcome) {
            self.trouble.get_or_insert_with(|| error.to_string());
        }
        if self.output == Output::Text {
            line(&show::step(applied));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<Record, Failure> {
        Record::open(path, Output::Json, Clock::system())
    }

    #[test]
    fn a_torn_line_is_ended_and_a_whole_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        for (text, torn) in [("", false), ("{}\n", false), ("{}\n{\"eve", true)] {
            let path = dir.path().join("record");
            std::fs::write(&path, text).unwrap();
            assert_eq!(open(&path).unwrap().torn, torn, "{text:?}");
        }
    }

    #[test]
    fn one_process_at_a_time_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let first = open(&path).unwrap();
        let refused = open(&path).err().unwrap().to_string();
        assert!(refused.contains("another `kogge fix apply`"), "{refused}");
        drop(first);
        open(&path).unwrap();
    }
}
