//! An ssh-agent of our own, for kinds of keys that we cannot compute with (RSA, the larger NIST curves).
//!
//! OpenSSH signs with them, and the opened key reaches it over a pipe: it never lies on a disk.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ssh_key::{LineEnding, PrivateKey};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the agent may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// An agent that holds one key, and goes when it is dropped.
#[derive(Debug)]
pub(in crate::commands) struct OwnAgent {
    // ends before its folder goes
    _process: Child,
    folder: tempfile::TempDir,
}

impl OwnAgent {
    /// Starts one and gives it the key.
    ///
    /// # Errors
    /// In words: OpenSSH is not here, or does not take the key.
    pub(super) async fn holding(key: &PrivateKey) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("a folder for an ssh-agent: {error}"))?;
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(socket_in(folder.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let process = process.map_err(|error| format!("starting ssh-agent: {error}"))?;
        let agent = Self { _process: process, folder };
        agent.listens().await?;
        agent.take(key).await?;
        Ok(agent)
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        socket_in(self.folder.path())
    }

    async fn listens(&self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while !self.socket().exists() {
            if Instant::now() > until {
                return Err(format!("ssh-agent does not listen within {} s", PATIENCE.as_secs()));
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    async fn take(&self, key: &PrivateKey) -> Result<(), String> {
        let text = key.to_openssh(LineEnding::LF).map_err(|error| error.to_string())?;
        let adding = Command::new("ssh-add")
            .args(["-q", "-"])
            .env("SSH_AUTH_SOCK", self.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut adding = adding.map_err(|error| format!("starting ssh-add: {error}"))?;
        if let Some(mut input) = adding.stdin.take() {
            // a program that ended already says why
            let _ = input.write_all(text.as_bytes()).await;
        }
        let ended =
            adding.wait_with_output().await.map_err(|error| format!("waiting for ssh-add: {error}"))?;
        if ended.status.success() {
            return Ok(());
        }
        Err(format!("ssh-add does not take it: {}", String::from_utf8_lossy(&ended.stderr).trim()))
    }
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("agent")
}
