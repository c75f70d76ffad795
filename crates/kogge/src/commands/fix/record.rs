//! The record of changes: JSON lines, on disk before each change is made.
//!
//! A line `begins` holds what is going to be overwritten or deleted, so that whatever ends the program, one who comes
//! after it knows what was being done and what there was. A line `ended` says how it ended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kogge_clock::Clock;
use kogge_conform_iaas::fix::{Applied, Change, Watch};
use serde_json::{Value, json};

use super::show;
use crate::exit::Failure;
use crate::output::{Output, line};

/// An open record.
pub(super) struct Record {
    file: File,
    output: Output,
    clock: Clock,
}

impl Record {
    /// Opens it, and goes on behind what is there: the record of an earlier try.
    pub(super) fn open(path: &Path, output: Output, clock: Clock) -> Result<Self, Failure> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let failed = |error| Failure::outside(&format!("opening the record {}", path.display()), error);
        Ok(Self { file: file.map_err(failed)?, output, clock })
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
        self.file.write_all(format!("{text}\n").as_bytes())?;
        self.file.sync_data()
    }
}

impl Watch for Record {
    fn begins(&mut self, change: &Change) -> io::Result<()> {
        self.write("begins", change, json!({"overwrites": change.overwrites}))
    }

    fn ended(&mut self, applied: &Applied) {
        let outcome = serde_json::to_value(&applied.outcome).unwrap_or_default();
        // what began is on disk; the end is told on the terminal too
        if let Err(error) = self.write("ended", &applied.change, outcome) {
            tracing::warn!(%error, "the record cannot be written");
        }
        if self.output == Output::Text {
            line(&show::step(applied));
        }
    }
}
