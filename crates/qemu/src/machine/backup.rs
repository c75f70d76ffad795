//! A consistent copy of a running guest's disk.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::Machine;
use crate::error::QemuError;

/// How often a job is looked at.
const POLL: Duration = Duration::from_millis(100);
/// Names of block nodes and jobs of ours begin so.
const PREFIX: &str = "copy-";

impl Machine {
    /// Writes a self-contained qcow2 copy of the disk `node`, as it is at this moment, to the file of this name in the
    /// guest's directory: an empty qcow2 disk of [`Machine::disk_size`], which the guest's user may write.
    ///
    /// # Errors
    /// What QEMU says; the file may be half-written then.
    pub async fn copy_disk(&self, node: &str, target: &str) -> Result<(), QemuError> {
        self.clear_copies().await?;
        let name = fresh_name();
        let file = json!({ "driver": "file", "filename": target });
        let copy = json!({ "driver": "qcow2", "node-name": name, "file": file, "backing": null });
        self.tell("blockdev-add", copy).await?;
        let done = self.run_copy(node, &name).await;
        self.clear_copies().await?;
        done
    }

    async fn run_copy(&self, node: &str, name: &str) -> Result<(), QemuError> {
        let job = json!({
            "job-id": name, "device": node, "target": name, "sync": "full", "auto-dismiss": false,
        });
        self.tell("blockdev-backup", job).await?;
        loop {
            let jobs = self.qmp.execute("query-jobs", Value::Null).await?;
            let job = array(&jobs).iter().find(|job| job["id"] == name);
            let Some(job) = job else { return Err(failed("its job vanished")) };
            if job["status"] == "concluded" {
                return job["error"].as_str().map_or(Ok(()), |because| Err(failed(because)));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Ends and forgets copies, also those that an earlier life of ours left behind.
    async fn clear_copies(&self) -> Result<(), QemuError> {
        loop {
            let jobs = self.qmp.execute("query-jobs", Value::Null).await?;
            let ours: Vec<&Value> = array(&jobs).iter().filter(|job| is_ours(&job["id"])).collect();
            if ours.is_empty() {
                break;
            }
            for job in ours {
                let verb = if job["status"] == "concluded" { "job-dismiss" } else { "job-cancel" };
                // a job may end between the question and the order
                let _ = self.tell(verb, json!({ "id": job["id"] })).await;
            }
            tokio::time::sleep(POLL).await;
        }
        let nodes = self.qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
        for node in array(&nodes).iter().filter(|node| is_ours(&node["node-name"])) {
            self.tell("blockdev-del", json!({ "node-name": node["node-name"] })).await?;
        }
        Ok(())
    }
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{PREFIX}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn is_ours(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.starts_with(PREFIX))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn failed(because: &str) -> QemuError {
    QemuError::Failed {
        program: "copying the disk of a running guest".to_owned(),
        because: because.to_owned(),
    }
}
