//! Network namespaces. Work inside one is done on a thread of its own, because threads of the async runtime are
//! shared; sockets and children keep the namespace in which they were made.

use std::fs::File;
use std::path::PathBuf;

use kogge_node_api::NodeError;
use nix::sched::{CloneFlags, setns};

use super::command::run;

/// Where named namespaces are kept, as `ip netns` does.
const FOLDER: &str = "/run/netns";

/// A network namespace: a named one, or that of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Netns(Option<String>);

impl Netns {
    /// The namespace called `name`.
    pub(crate) fn named(name: &str) -> Self {
        Self(Some(name.to_owned()))
    }

    /// The namespace called `name`, or this process's.
    pub(crate) fn named_or_own(name: Option<&str>) -> Self {
        Self(name.map(str::to_owned))
    }

    fn path(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|name| PathBuf::from(FOLDER).join(name))
    }

    /// True where it exists.
    pub(crate) fn exists(&self) -> bool {
        self.path().is_none_or(|path| path.exists())
    }

    /// Makes it unless it exists. Answers whether it was made.
    pub(crate) fn ensure(&self) -> Result<bool, NodeError> {
        let Some(name) = self.0.as_deref().filter(|_| !self.exists()) else { return Ok(false) };
        run("ip", &["netns", "add", name], "")?;
        Ok(true)
    }

    /// Removes it; no error where it does not exist.
    pub(crate) fn remove(&self) -> Result<(), NodeError> {
        let Some(name) = self.0.as_deref().filter(|_| self.exists()) else { return Ok(()) };
        run("ip", &["netns", "del", name], "").map(|_| ())
    }

    /// Does `work` inside the namespace, on a thread of its own, and waits for it.
    pub(crate) fn run<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, NodeError> + Send,
    ) -> Result<T, NodeError> {
        let Some(path) = self.path() else { return work() };
        let enter = move || {
            let step = format!("entering {}", path.display());
            let file = File::open(&path).map_err(|error| NodeError::failed(&step, error))?;
            setns(&file, CloneFlags::CLONE_NEWNET).map_err(|error| NodeError::failed(&step, error))?;
            work()
        };
        std::thread::scope(|scope| scope.spawn(enter).join())
            .unwrap_or_else(|_| Err(NodeError::failed("work in a network namespace", "the thread gave up")))
    }
}

/// The names of all named namespaces.
pub(crate) fn list() -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(FOLDER) else { return Vec::new() };
    let mut names: Vec<String> =
        folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}
