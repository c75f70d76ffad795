//! Running a tool with a deadline.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use kogge_node_api::NodeError;

/// Long enough for a machine under heavy load; a tool that needs longer hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Where the tools are, whatever the caller's `PATH`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs `program` in the calling thread's namespace with `input` and answers its standard output.
///
/// # Errors
/// [`NodeError::Failed`] with the tool's own words when it cannot start, fails, or takes longer than a minute.
pub(crate) fn run(program: &str, args: &[&str], input: &str) -> Result<String, NodeError> {
    let step = || format!("{program} {}", args.join(" "));
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| NodeError::failed(&step(), format!("{error}; is {program} installed?")))?;
    let id = child.id();
    let stdin = child.stdin.take();
    let input = input.to_owned();
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input.as_bytes()); // a tool that stops reading says why on its own
        }
    });
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(child.wait_with_output());
    });
    let Ok(output) = receiver.recv_timeout(DEADLINE) else {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(id).unwrap_or(0));
        if pid.as_raw() > 0 {
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
        return Err(NodeError::failed(&step(), "no answer within a minute"));
    };
    let output = output.map_err(|error| NodeError::failed(&step(), error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(NodeError::failed(&step(), first_lines(&words)))
}

/// Says which of the tools that a data plane needs are missing, all at once.
///
/// # Errors
/// [`NodeError::Refused`] with the packages to install.
pub(crate) fn check_tools() -> Result<(), NodeError> {
    let needed = [("ip", "iproute2"), ("nft", "nftables"), ("conntrack", "conntrack")];
    let missing: Vec<&str> = needed
        .iter()
        .filter(|(tool, _)| !PATH.split(':').any(|dir| std::path::Path::new(dir).join(tool).exists()))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let because = format!("the data plane needs the Debian packages {}; install them", missing.join(", "));
    Err(NodeError::Refused { because })
}

/// The first lines of a tool's complaint: enough for a reader.
fn first_lines(words: &str) -> String {
    let lines: Vec<&str> = words.lines().filter(|l| !l.trim().is_empty()).take(6).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_fails_is_quoted() {
        let error = run("ls", &["/no such folder"], "").unwrap_err().to_string();
        assert!(error.starts_with("ls /no such folder failed"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }

    #[test]
    fn a_missing_tool_is_named() {
        assert!(run("kogge-no-such-tool", &[], "").unwrap_err().to_string().contains("installed?"));
    }

    #[test]
    fn input_larger_than_a_pipe_arrives_whole() {
        let input = "x".repeat(300_000);
        assert_eq!(run("cat", &[], &input).unwrap(), input);
    }
}
