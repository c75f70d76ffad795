//! A child process that leads a group of its own, so that a stop reaches its workers too.

use std::process::ExitStatus;
use std::time::Duration;

use kogge_conform::Problem;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdout, Command};

/// The steps of a stop: first as Ctrl-C would, so that tests can clean up after themselves, then harder.
pub(crate) const STEPS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGTERM, Duration::from_secs(10)),
    (Signal::SIGKILL, Duration::from_secs(10)),
];

/// A running group. Dropped, it is killed.
pub(crate) struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Group {
    /// Starts the command as the leader of a new group.
    pub(crate) fn start(mut command: Command) -> Result<Self, Problem> {
        let shown = command.as_std().get_program().display().to_string();
        command.process_group(0).kill_on_drop(true);
        let child =
            command.spawn().map_err(|error| Problem::ours(format!("{shown} cannot be started: {error}")))?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Ok(Self { child, leader })
    }

    /// Its standard output, once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Sends a signal to every process of the group.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // a group that is gone needs no signal
            let _ = killpg(leader, signal);
        }
    }

    /// Waits for the leader's end, and ends what is left of its group.
    pub(crate) async fn end(mut self, patience: Duration) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(patience, self.child.wait()).await;
        self.signal(Signal::SIGKILL);
        if let Ok(status) = ended {
            self.leader = None;
            return status.ok();
        }
        self.child.wait().await.ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_signal_reaches_the_children_of_the_child() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & sleep 600"]).stdout(Stdio::piped());
        let mut group = Group::start(command).unwrap();
        let mut output = group.output().unwrap();
        group.signal(Signal::SIGTERM);
        // the pipe ends only when every process that holds it is gone
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), output.read_to_end(&mut rest)).await;
        assert!(read.is_ok());
        assert!(!group.end(Duration::from_secs(5)).await.unwrap().success());
    }

    #[tokio::test]
    async fn a_group_that_is_dropped_is_gone() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & sleep 600"]).stdout(Stdio::piped());
        let mut group = Group::start(command).unwrap();
        let mut output = group.output().unwrap();
        drop(group);
        let mut rest = Vec::new();
        assert!(tokio::time::timeout(Duration::from_secs(20), output.read_to_end(&mut rest)).await.is_ok());
    }
}
