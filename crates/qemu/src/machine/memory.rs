//! The memory of a guest: into a file, and back.
//!
//! QEMU gets the open file, never its name: the guest's user can neither find nor change what was written.

use std::os::fd::OwnedFd;
use std::time::Duration;

use serde_json::{Value, json};

use super::Machine;
use crate::error::QemuError;
use crate::process::ProcessId;
use crate::qmp::QmpError;

/// How often QEMU is asked how far it is.
const POLL: Duration = Duration::from_millis(50);
/// QEMU's name of the file.
const FILE: &str = "memory";
/// What is said where QEMU ends over the memory that it was given.
pub const NO_USE: &str = "QEMU ended over reading it";
/// Bytes a second: as fast as the disk is.
const NO_LIMIT: u64 = 1 << 40;

impl Machine {
    /// Halts the guest and writes its memory to `file`. Afterwards only the end of the process, or another save, makes
    /// sense. Where it fails the guest goes on.
    ///
    /// # Errors
    /// What QEMU says; the file may be half-written then.
    pub async fn save_memory(&self, file: OwnedFd) -> Result<(), QemuError> {
        let saved = self.write_memory(file).await;
        if saved.is_err() {
            // as far as that is possible
            let _ = self.resume().await;
        }
        saved
    }

    async fn write_memory(&self, file: OwnedFd) -> Result<(), QemuError> {
        self.end_saving().await?;
        if self.status().await? == "postmigrate" {
            // an earlier life of ours wrote a file and did not come to note it; QEMU writes none twice
            self.resume().await?;
        }
        self.pause().await?;
        self.tell("migrate-set-parameters", json!({ "max-bandwidth": NO_LIMIT })).await?;
        self.qmp.hand_over(FILE, file).await?;
        self.tell("migrate", json!({ "uri": format!("fd:{FILE}") })).await?;
        loop {
            let now = self.qmp.execute("query-migrate", Value::Null).await?;
            match now["status"].as_str().unwrap_or_default() {
                "completed" => return Ok(()),
                "failed" | "cancelled" => {
                    return Err(failed(now["error-desc"].as_str().unwrap_or("QEMU gave up")));
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Ends what an earlier life of ours began.
    async fn end_saving(&self) -> Result<(), QemuError> {
        loop {
            let now = self.qmp.execute("query-migrate", Value::Null).await?;
            let status = now["status"].as_str().unwrap_or("none");
            if matches!(status, "none" | "completed" | "failed" | "cancelled") {
                return Ok(());
            }
            self.run("migrate_cancel").await?;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the memory that the process was started with is in it. The guest stands still then.
    ///
    /// # Errors
    /// Where QEMU ended over it.
    pub async fn memory_is_back(&self) -> Result<(), QemuError> {
        loop {
            match self.status().await {
                Ok(status) if status == "inmigrate" => tokio::time::sleep(POLL).await,
                Ok(_) => return Ok(()),
                Err(error) => return Err(or_end(self.process, error).await),
            }
        }
    }

    async fn status(&self) -> Result<String, QmpError> {
        let answer = self.qmp.execute("query-status", Value::Null).await?;
        Ok(answer["status"].as_str().unwrap_or_default().to_owned())
    }
}

async fn or_end(process: ProcessId, error: QmpError) -> QemuError {
    if process.gone_within(Duration::from_secs(5)).await {
        return failed(NO_USE);
    }
    error.into()
}

fn failed(because: &str) -> QemuError {
    QemuError::Failed { program: "moving the guest's memory".to_owned(), because: because.to_owned() }
}
