//! A running guest: started by us or found running.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::command_line::{GuestSpec, arguments, qmp_socket};
use crate::engine::Engine;
use crate::error::{QemuError, last_words};
use crate::process::ProcessId;
use crate::qmp::{Qmp, QmpError};
use crate::spawn::{command, detach};
use crate::user::{GuestUser, become_user};

mod backup;
mod consoles;
mod disks;
mod memory;
mod nics;
mod places;

pub use disks::{GuestDisk, OpenDisk, Passphrase, effective};
pub use memory::NO_USE;
pub use nics::GuestDevice;

/// Where QEMU has the devices that were given names.
const DEVICES: &str = "/machine/peripheral";

/// How long a QEMU that lives may take until its monitor answers: firmware is loaded and memory touched before.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// So much of what QEMU says at its start is looked at, in bytes.
const SAID: u64 = 64 * 1024;
/// How long a QEMU may take to end after it was told to.
const QUIT_PATIENCE: Duration = Duration::from_secs(10);

/// What a guest is doing, as QEMU says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It runs.
    Running,
    /// It stands still.
    Paused,
    /// It powered itself off; the process still stands.
    PoweredOff,
    /// It panicked; the process still stands.
    Panicked,
    /// It stands still because a disk could not be written.
    DiskFull,
}

impl RunState {
    /// From the word of `query-status`.
    fn parse(word: &str) -> Self {
        match word {
            "shutdown" => Self::PoweredOff,
            "guest-panicked" | "internal-error" => Self::Panicked,
            "io-error" => Self::DiskFull,
            "paused" | "prelaunch" | "suspended" | "debug" | "inmigrate" | "finish-migrate"
            | "postmigrate" => Self::Paused,
            _ => Self::Running,
        }
    }
}

/// A guest's process and its monitor. Cheap to clone; dropping it leaves the guest alone.
#[derive(Clone)]
pub struct Machine {
    /// The process.
    pub process: ProcessId,
    /// Number of the launch.
    pub launch: u64,
    qmp: Qmp,
}

impl Machine {
    /// Starts a guest in its directory `dir`, as `user` (as ourselves where `None`). It inherits `fds` under the
    /// numbers that `spec` names, and outlives us.
    ///
    /// # Errors
    /// [`QemuError::DiedAtStart`] with QEMU's last words; nothing of it is left then.
    pub async fn start(
        engine: &Engine,
        dir: &Path,
        spec: &GuestSpec,
        fds: Vec<OwnedFd>,
        user: Option<&GuestUser>,
    ) -> Result<Self, QemuError> {
        let log_path = dir.join("qemu.log");
        let log = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&log_path);
        let log = log.map_err(QemuError::file(format!("opening {}", log_path.display())))?;
        let said_before = log.metadata().map(|m| m.len()).unwrap_or_default();
        let also_log = log.try_clone().map_err(QemuError::file("opening QEMU's log"))?;
        let mut command = command(&engine.binary);
        command.args(arguments(spec)).current_dir(dir);
        command.stdin(Stdio::null()).stdout(log).stderr(also_log);
        detach(&mut command, fds.iter().map(AsRawFd::as_raw_fd).collect());
        if let Some(user) = user {
            become_user(&mut command, user, Some(spec.vcpus));
        }
        let mut child = command.spawn().map_err(|error| QemuError::NoProgram {
            program: engine.binary.clone(),
            because: error.to_string(),
        })?;
        drop(fds);
        let process = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(ProcessId::of);
        let Some(process) = process else {
            let because = last_log_words(&log_path, said_before).await;
            return Err(QemuError::DiedAtStart { because });
        };
        // collects the exit status, so that no zombie stays; the guest itself is not bound to this task
        tokio::spawn(async move { child.wait().await });
        let guard = KillUnlessKept(Some(process));
        let machine = Self::reach(process, dir, spec.launch).await;
        match machine {
            Ok(machine) => {
                guard.keep();
                Ok(machine)
            }
            Err(_) if !process.is_alive() => {
                Err(QemuError::DiedAtStart { because: last_log_words(&log_path, said_before).await })
            }
            Err(error) => Err(error),
        }
    }

    /// Takes over a guest that runs already.
    ///
    /// # Errors
    /// Where its monitor does not answer; the guest is left alone.
    pub async fn adopt(process: ProcessId, dir: &Path, launch: u64) -> Result<Self, QemuError> {
        Self::reach(process, dir, launch).await
    }

    /// Connects to the monitor as soon as it is there.
    async fn reach(process: ProcessId, dir: &Path, launch: u64) -> Result<Self, QemuError> {
        let tries = async {
            loop {
                match connect(process, dir, launch).await {
                    Ok(qmp) => return Ok(Self { process, launch, qmp }),
                    Err(error) if !process.is_alive() => return Err(error),
                    Err(QmpError::Io(_) | QmpError::Closed) => {
                        tokio::time::sleep(Duration::from_millis(25)).await
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let timeout = QmpError::Timeout { command: "anything after its start".to_owned() };
        Ok(tokio::time::timeout(START_PATIENCE, tries).await.unwrap_or(Err(timeout))?)
    }

    /// What the guest is doing.
    ///
    /// # Errors
    /// Where the monitor does not answer.
    pub async fn state(&self) -> Result<RunState, QemuError> {
        let answer = self.qmp.execute("query-status", Value::Null).await?;
        Ok(RunState::parse(answer["status"].as_str().unwrap_or_default()))
    }

    /// Presses the power button; whether the guest reacts is its own matter.
    ///
    /// # Errors
    /// As all monitor commands.
    pub async fn press_power_button(&self) -> Result<(), QemuError> {
        self.run("system_powerdown").await
    }

    /// Lets the guest stand still.
    ///
    /// # Errors
    /// As all monitor commands.
    pub async fn pause(&self) -> Result<(), QemuError> {
        self.run("stop").await
    }

    /// Interrupts the guest in a way that it cannot mask.
    ///
    /// # Errors
    /// As all monitor commands.
    pub async fn interrupt(&self) -> Result<(), QemuError> {
        self.run("inject-nmi").await
    }

    /// Lets the guest go on.
    ///
    /// # Errors
    /// As all monitor commands.
    pub async fn resume(&self) -> Result<(), QemuError> {
        self.run("cont").await
    }

    /// Ends the process: by the monitor, which flushes disks, then by force. Afterwards it is gone.
    pub async fn end(&self) {
        let asked = tokio::time::timeout(QUIT_PATIENCE, self.run("quit")).await;
        if !matches!(asked, Ok(Ok(()))) || !self.process.gone_within(QUIT_PATIENCE).await {
            self.process.kill();
            self.process.gone_within(QUIT_PATIENCE).await;
        }
    }

    /// The monitor, for events and further commands.
    #[must_use]
    pub const fn qmp(&self) -> &Qmp {
        &self.qmp
    }

    async fn run(&self, command: &str) -> Result<(), QemuError> {
        self.qmp.execute(command, Value::Null).await?;
        Ok(())
    }

    async fn tell(&self, command: &str, arguments: Value) -> Result<(), QemuError> {
        self.qmp.execute(command, arguments).await?;
        Ok(())
    }

    /// Size in bytes of the block node `node` for the guest.
    ///
    /// # Errors
    /// Where there is no such node, or the monitor does not answer.
    pub async fn disk_size(&self, node: &str) -> Result<u64, QemuError> {
        let nodes = self.qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
        let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
        let found = nodes.iter().find(|n| n["node-name"] == node);
        found
            .and_then(|n| n["image"]["virtual-size"].as_u64())
            .ok_or_else(|| QemuError::Refused { because: format!("the guest has no disk called {node}") })
    }
}

/// Kills a process that was started but could not be taken into use, also when the start is cancelled.
struct KillUnlessKept(Option<ProcessId>);

impl KillUnlessKept {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for KillUnlessKept {
    fn drop(&mut self) {
        if let Some(process) = self.0 {
            process.kill();
        }
    }
}

/// Connects over a path that is short however deep `dir` lies: a socket's path has 107 bytes at most.
async fn connect(process: ProcessId, dir: &Path, launch: u64) -> Result<Qmp, QmpError> {
    let handle = File::open(dir).map_err(QmpError::Io)?;
    let short = |name: &str| PathBuf::from(format!("/proc/self/fd/{}/{name}", handle.as_raw_fd()));
    let name = qmp_socket(launch);
    let mut path = short(&name);
    // guests that older versions started have it beside their disks
    let beside = short(name.rsplit('/').next().unwrap_or(&name));
    if !path.exists() && beside.exists() {
        path = beside;
    }
    Qmp::connect(&path, Some(process.pid)).await
}

/// What QEMU said since its log was `from` bytes long.
async fn last_log_words(log: &Path, from: u64) -> String {
    let log = log.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut file = File::options().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut said = Vec::new();
        file.take(SAID).read_to_end(&mut said)?;
        Ok::<Vec<u8>, std::io::Error>(said)
    });
    let said = read.await.ok().and_then(Result::ok).unwrap_or_default();
    last_words(&said, "it said nothing")
}
