//! Running a short command: a deadline, no input, bounded output.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kogge_conform::Problem;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How much of what a command prints is kept, in bytes.
const KEPT: u64 = 256 * 1024;

/// What a command printed.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) success: bool,
    pub(super) out: String,
    pub(super) err: String,
}

impl Printed {
    /// The last lines of what it said, in one line.
    pub(super) fn last_lines(&self) -> String {
        let said = if self.err.trim().is_empty() { &self.out } else { &self.err };
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(4)..].join(" / ");
        last.chars().filter(|c| !c.is_control()).take(600).collect()
    }
}

/// Runs it to its end.
///
/// # Errors
/// If it cannot be started, or takes too long.
pub(super) async fn run(command: &Path, arguments: &[&str], deadline: Duration) -> Result<Printed, Problem> {
    let shown = command.display();
    let mut process = Command::new(command);
    process
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child =
        process.spawn().map_err(|error| Problem::ours(format!("{shown} cannot be started: {error}")))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async { tokio::join!(read(out), read(err), child.wait()) };
    let (out, err, status) = tokio::time::timeout(deadline, work)
        .await
        .map_err(|_| Problem::ours(format!("{shown} did not end within {} s", deadline.as_secs())))?;
    let success = status.is_ok_and(|status| status.success());
    Ok(Printed { success, out, err })
}

/// The beginning of a stream; the rest is read and dropped, so that the command can go on.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut stream).take(KEPT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}
