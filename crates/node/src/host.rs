//! What all actors of a node share, and the host's facts.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use kogge_ids::ServerId;
use kogge_node_api::{Accelerator, HostFacts, Journal, NodeError, host_trait};
use kogge_qemu::{Engine, ImageTool, Logs};
use nix::sys::statvfs::statvfs;
use tokio::sync::Semaphore;

use crate::bases::Images;
use crate::config::NodeConfig;
use crate::layout::Layout;
use crate::metadata::MetadataBook;
use crate::users::Users;
use crate::wiring::Wiring;

/// What all actors share.
pub(crate) struct Host {
    pub config: NodeConfig,
    pub layout: Layout,
    pub engine: Engine,
    pub tool: ImageTool,
    pub users: Users,
    pub wiring: Arc<dyn Wiring>,
    pub book: MetadataBook,
    pub images: Images,
    /// The book of changes of this life of the agent.
    pub journal: Journal,
    /// So many guests are built or started at a time, or they only hinder each other.
    pub starts: Semaphore,
    /// Held for as long as the agent lives.
    pub _lock: File,
}

impl Host {
    pub(crate) fn console(&self, id: ServerId) -> Logs {
        Logs::new(&self.layout.instance(id).join("console.log"), self.config.logs)
    }

    pub(crate) fn qemu_log(&self, id: ServerId) -> Logs {
        Logs::new(&self.layout.instance(id).join("qemu.log"), self.config.logs)
    }

    pub(crate) fn facts(&self) -> Result<HostFacts, NodeError> {
        Ok(HostFacts {
            name: self.config.name.clone(),
            architecture: std::env::consts::ARCH.to_owned(),
            accelerator: self.engine.accelerator,
            hypervisor_type: "QEMU".to_owned(),
            hypervisor_version: self.engine.version,
            vcpus: cpus(),
            memory_mib: memory_mib()?,
            disk_gib: disk_gib(self.layout.root())?,
            address: self.config.address.clone(),
            traits: self.engine.traits.iter().cloned().chain(numa_trait()).collect(),
            machines: self.engine.machines.clone(),
        })
    }
}

pub(crate) fn cpus() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX))
}

fn memory_mib() -> Result<u64, NodeError> {
    let failed = |because: &str| NodeError::failed("reading the host's memory", because);
    let text = std::fs::read_to_string("/proc/meminfo").map_err(|error| failed(&error.to_string()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib / 1024).ok_or_else(|| failed("no MemTotal in /proc/meminfo"))
}

/// A guest with one node of memory sits on one where the host has no other.
fn numa_trait() -> Option<String> {
    let entries = std::fs::read_dir("/sys/devices/system/node").ok()?.flatten();
    let number = |name: std::ffi::OsString| name.to_str()?.strip_prefix("node")?.parse::<u32>().ok();
    let nodes = entries.filter_map(|entry| number(entry.file_name())).count();
    (nodes <= 1).then(|| host_trait::named("CUSTOM_KOGGE_NUMA", "1"))
}

/// What is in use by others is not ours to give: free room plus what instances already take is not told apart here.
fn disk_gib(path: &Path) -> Result<u64, NodeError> {
    let stat = statvfs(path).map_err(|error| NodeError::failed("reading the host's disk", error))?;
    Ok(stat.blocks().saturating_mul(stat.fragment_size()) >> 30)
}

/// Takes the lock that keeps a second agent out of the data directory. An agent that just ended may still hold it.
pub(crate) async fn lock(path: &Path) -> Result<File, NodeError> {
    let failed = |because: String| NodeError::failed(&format!("locking {}", path.display()), because);
    let opened = File::options().create(true).append(true).mode(0o600).open(path);
    let file = opened.map_err(|error| failed(error.to_string()))?;
    for _ in 0..100 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error.to_string())),
        }
    }
    let because = format!("another agent works in {}; stop it first", path.display());
    Err(NodeError::Refused { because })
}

/// A word for the log.
pub(crate) const fn accelerator_name(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "kvm",
        Accelerator::Tcg => "tcg",
        Accelerator::Simulated => "simulated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_cpus_memory_and_disk() {
        assert!(cpus() > 0 && memory_mib().unwrap() > 0 && disk_gib(Path::new("/")).unwrap() > 0);
    }

    #[tokio::test]
    async fn a_second_agent_is_kept_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.lock");
        let held = lock(&path).await.unwrap();
        assert!(File::options().append(true).open(&path).unwrap().try_lock().is_err());
        drop(held);
        assert!(lock(&path).await.is_ok());
    }
}
