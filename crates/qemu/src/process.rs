//! Which process is which: a number alone is not enough, numbers are used again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process, told apart from a later one with the same number by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: i32,
    /// When it started, in clock ticks since the machine booted.
    pub start: u64,
}

impl ProcessId {
    /// The process that has this number now, unless it is a zombie.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, start) = parse_stat(&stat)?;
        (!matches!(state, 'Z' | 'X')).then_some(Self { pid, start })
    }

    /// True while this very process runs.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Kills this very process; nothing happens where it is gone.
    pub fn kill(self) {
        if self.is_alive() && kill(Pid::from_raw(self.pid), Signal::SIGKILL).is_err() {
            tracing::warn!(process.pid = self.pid, "a process could not be killed");
        }
    }

    /// Waits until it is gone; false where it is still there after `limit`.
    pub async fn gone_within(self, limit: Duration) -> bool {
        let waits = async {
            while self.is_alive() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(limit, waits).await.is_ok()
    }
}

/// State letter and start time of `/proc/PID/stat`. The name in parentheses may hold anything.
fn parse_stat(stat: &str) -> Option<(char, u64)> {
    let rest = stat.get(stat.rfind(')')? + 1..)?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // the start time is field 22; the state was field 3
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// A running QEMU that was started by us, now or in an earlier life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGuest {
    /// The process.
    pub process: ProcessId,
    /// The guest's directory.
    pub dir: PathBuf,
    /// Number of the launch: part of its socket names.
    pub launch: u64,
}

/// Every running QEMU whose working directory is right below `instances`. Unreadable processes are skipped.
#[must_use]
pub fn find_guests(instances: &Path) -> Vec<FoundGuest> {
    let Ok(instances) = instances.canonicalize() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| identify(pid, &instances)).collect()
}

fn identify(pid: i32, instances: &Path) -> Option<FoundGuest> {
    let dir = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    if dir.parent() != Some(instances) {
        return None;
    }
    let launch = launch_of(&std::fs::read(format!("/proc/{pid}/cmdline")).ok()?)?;
    Some(FoundGuest { process: ProcessId::of(pid)?, dir, launch })
}

/// The launch number in a QEMU's arguments.
fn launch_of(cmdline: &[u8]) -> Option<u64> {
    let mut arguments = cmdline.split(|byte| *byte == 0).filter_map(|a| std::str::from_utf8(a).ok());
    arguments.find_map(|argument| {
        // versions before guests had users of their own put the socket beside the disks
        let path = argument.strip_prefix("socket,id=qmp,path=")?;
        path.strip_prefix("run/").unwrap_or(path).strip_prefix("qmp-")?.split_once(".sock")?.0.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_confuse() {
        let stat = "12 (a b) c) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 5";
        assert_eq!(parse_stat(stat), Some(('S', 98_765)));
        assert_eq!(parse_stat("12 (x"), None);
        assert_eq!(parse_stat("12 (x) S 1"), None);
    }

    #[test]
    fn another_start_time_is_another_process() {
        let me = ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.is_alive());
        let earlier = ProcessId { start: me.start - 1, ..me };
        assert!(!earlier.is_alive());
        earlier.kill(); // kills nobody, or this test would not end
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        while ProcessId::of(pid).is_some() {
            std::thread::yield_now();
        }
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn the_launch_number_is_read_from_the_arguments() {
        let line = b"qemu-system-x86_64\0-chardev\0socket,id=qmp,path=qmp-17.sock,server=on,wait=off\0";
        assert_eq!(launch_of(line), Some(17));
        assert_eq!(launch_of(b"qemu\0socket,id=qmp,path=run/qmp-3.sock,server=on,wait=off\0"), Some(3));
        assert_eq!(launch_of(b"vim\0qmp-17.sock\0"), None);
    }

    #[tokio::test]
    async fn only_qemus_below_the_directory_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let guest = dir.path().join("a-guest");
        std::fs::create_dir(&guest).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").current_dir(&guest).spawn().unwrap();
        // a process without our arguments is not a guest, wherever it stands
        assert!(find_guests(dir.path()).is_empty());
        let process = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        process.kill();
        child.wait().unwrap();
        assert!(process.gone_within(Duration::from_secs(10)).await);
    }
}
