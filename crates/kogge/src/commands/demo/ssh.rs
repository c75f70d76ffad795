//! Reaching the guest: its SSH port, and a command over SSH where this machine has a client.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::Command;

/// Longest wait for one try.
const TRY: Duration = Duration::from_secs(20);

/// A guest that is reached by its address.
#[derive(Debug)]
pub(super) struct Guest<'a> {
    pub(super) address: IpAddr,
    pub(super) user: &'a str,
    pub(super) key: &'a Path,
}

/// What came of one try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// A command was carried out there; what it said.
    Done(String),
    /// An SSH server greets, and this machine has no client to log in with.
    Greeted(String),
    /// Not yet, and why.
    Not(String),
}

/// Whether a name can be a user's. It comes from the cloud, and must be no option.
pub(super) fn is_user(name: &str) -> bool {
    let mut all = name.chars();
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    let next = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.len() <= 32 && all.next().is_some_and(first) && all.all(next)
}

impl Guest<'_> {
    /// The command as one would type it.
    pub(super) fn command(&self) -> String {
        let key = self.key.display().to_string();
        let key = kogge_conform_iaas::fix::shell_word(&key);
        format!("ssh -i {key} {}@{} uname -a", self.user, self.address)
    }

    /// Tries once.
    pub(super) async fn attempt(&self) -> Reached {
        match tokio::time::timeout(TRY, self.greeting()).await {
            Ok(Ok(greeting)) if greeting.starts_with("SSH-") => self.log_in(greeting).await,
            Ok(Ok(other)) => Reached::Not(format!("no SSH server: {other:?}")),
            Ok(Err(error)) => Reached::Not(error.to_string()),
            Err(_) => Reached::Not("no answer".to_owned()),
        }
    }

    async fn greeting(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((self.address, 22)).await?;
        let mut begin = [0; 64];
        let length = stream.read(&mut begin).await?;
        let text = String::from_utf8_lossy(&begin[..length]).into_owned();
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    async fn log_in(&self, greeting: String) -> Reached {
        let mut command = Command::new("ssh");
        command.arg("-i").arg(self.key).args(["-l", self.user]);
        // no file of the user's is read or written: addresses of guests come back with other keys
        command.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=10",
        ]);
        command.args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
        command.args(["-o", "LogLevel=ERROR", "--"]).arg(self.address.to_string()).args(["uname", "-a"]);
        command.stdin(std::process::Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(TRY, command.output()).await {
            Ok(Ok(out)) if out.status.success() => {
                Reached::Done(String::from_utf8_lossy(&out.stdout).trim().to_owned())
            }
            Ok(Ok(out)) => Reached::Not(String::from_utf8_lossy(&out.stderr).trim().to_owned()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Reached::Greeted(greeting),
            Ok(Err(error)) => Reached::Not(error.to_string()),
            Err(_) => Reached::Not("the login takes too long".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_from_the_cloud_is_no_option() {
        for good in ["kogge", "ubuntu", "_x", "a.b-c"] {
            assert!(is_user(good), "{good}");
        }
        for bad in ["", "-oProxyCommand=x", "a b", "a;b", "Root", "a@b", &"x".repeat(40)] {
            assert!(!is_user(bad), "{bad}");
        }
    }
}
