//! Ceph's own tools: their arguments are a vector, their output is bounded, and a key is in a file that only they read.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::StorageError;

/// The longest time of a step that moves no data.
const QUICK: Duration = Duration::from_secs(120);
/// The longest time of one that does.
const LONG: Duration = Duration::from_secs(4 * 3600);
/// Most that a tool may answer.
const ANSWER: u64 = 64 << 20;
/// Most that is kept of what it says of a failure.
const COMPLAINT: usize = 1024;

/// Exit statuses are numbers of errors.
const MISSING: i32 = nix::libc::ENOENT;

/// A pool of a cluster, and who we are there.
#[derive(Debug)]
pub(super) struct Pool {
    pub name: String,
    pub conf: PathBuf,
    pub user: String,
    pub keyring: PathBuf,
}

/// A tool did not do what it was told.
#[derive(Debug)]
pub(super) struct Fault {
    code: Option<i32>,
    because: String,
}

impl Fault {
    /// There is no such thing.
    pub(super) fn is_missing(&self) -> bool {
        self.code == Some(MISSING)
    }

    /// There is one already.
    pub(super) fn is_taken(&self) -> bool {
        self.code == Some(nix::libc::EEXIST)
    }

    /// The failure of this step.
    pub(super) fn at(self, step: &str) -> StorageError {
        match self.code {
            Some(nix::libc::ENOSPC | nix::libc::EDQUOT) => {
                StorageError::Full { step: step.to_owned(), because: self.because }
            }
            Some(nix::libc::ETIMEDOUT | nix::libc::EHOSTUNREACH | nix::libc::ENOTCONN) => {
                StorageError::Unreachable { because: self.because }
            }
            _ => StorageError::failed(step, self.because),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        let code = if error.kind() == io::ErrorKind::TimedOut { Some(nix::libc::ETIMEDOUT) } else { None };
        Self { code, because: error.to_string() }
    }
}

/// As the result of a step, where it is no matter that the thing is not there.
pub(super) fn unless_missing(done: Result<(), Fault>) -> Result<(), Fault> {
    done.or_else(|fault| if fault.is_missing() { Ok(()) } else { Err(fault) })
}

impl Pool {
    /// An image of the pool, as the tools take it.
    pub(super) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--conf").arg(&self.conf).arg("--keyring").arg(&self.keyring).args(["--id", &self.user]);
        command.args(["--client-mount-timeout", "30"]);
        // what the operator set for other uses is not ours
        command.env_remove("CEPH_ARGS").env_remove("CEPH_CONF").env_remove("CEPH_KEYRING");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs `rbd`, where it moves no data.
    pub(super) async fn rbd(&self, arguments: &[&str]) -> Result<(), Fault> {
        let mut command = self.command("rbd");
        command.args(arguments);
        run(command, QUICK).await.map(drop)
    }

    /// Runs `rbd`, where it moves data.
    pub(super) async fn move_data(&self, arguments: &[&str]) -> Result<(), Fault> {
        let mut command = self.command("rbd");
        command.args(arguments).arg("--no-progress");
        run(command, LONG).await.map(drop)
    }

    /// What `rbd` or `ceph` answers.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        program: &str,
        arguments: &[&str],
    ) -> Result<T, Fault> {
        let mut command = self.command(program);
        command.args(arguments).args(["--format", "json"]);
        let answer = run(command, QUICK).await?;
        Ok(serde_json::from_slice(&answer).map_err(io::Error::from)?)
    }
}

/// Runs a tool to its end; answers what it said.
async fn run(mut command: Command, limit: Duration) -> Result<Vec<u8>, Fault> {
    let mut child = command.spawn()?;
    let ended = tokio::time::timeout(limit, async {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (answer, complaint) = tokio::join!(whole(stdout), tail(stderr));
        Ok::<_, Fault>((answer?, complaint, child.wait().await?))
    });
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it took too long");
    let (answer, complaint, status) = ended.await.map_err(late)??;
    if status.success() {
        return Ok(answer);
    }
    Err(Fault { code: status.code(), because: complaint })
}

/// Waits for the end of a tool whose streams were used.
pub(super) async fn end(mut child: Child) -> Result<(), Fault> {
    let stderr = child.stderr.take();
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it took too long");
    let both = async { (tail(stderr).await, child.wait().await) };
    let (complaint, status) = tokio::time::timeout(LONG, both).await.map_err(late)?;
    let status = status?;
    if status.success() { Ok(()) } else { Err(Fault { code: status.code(), because: complaint }) }
}

async fn whole(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    if let Some(from) = from {
        from.take(ANSWER + 1).read_to_end(&mut answer).await?;
    }
    if answer.len() as u64 > ANSWER {
        return Err(io::Error::other("its answer is too long"));
    }
    Ok(answer)
}

/// The end of what a tool complains of.
async fn tail(from: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        kept.extend_from_slice(&piece[..read]);
        kept.drain(..kept.len().saturating_sub(COMPLAINT));
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}
