//! `qemu-img` with limits: every format is named, nothing is guessed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use kogge_node_api::DiskFormat;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::block::{layer, name};
use crate::error::{QemuError, last_words};
use crate::spawn::{Limits, limit};
use crate::user::{GuestUser, become_user};

/// For calls that only touch headers.
const QUICK: (Limits, Duration) =
    (Limits { cpu_seconds: 30, address_space: 1 << 30 }, Duration::from_secs(120));
/// For calls that copy a disk.
const COPY: (Limits, Duration) =
    (Limits { cpu_seconds: 3600, address_space: 4 << 30 }, Duration::from_secs(4 * 3600));

/// The passphrase of a container, which comes by the standard input: nobody reads it from the command line or a file.
const KEY: &str = "secret,id=key,file=/dev/stdin";
/// Passphrases are random and long, so that guessing them is hopeless however fast a guess is checked.
const LUKS_OPTIONS: &str = "key-secret=key,iter-time=20";
/// So often a container is tried to be made.
const LUKS_TRIES: u32 = 100;

/// Runs `qemu-img`. Dropping a call's future kills the program.
#[derive(Debug, Clone)]
pub struct ImageTool {
    program: String,
    dir: Option<PathBuf>,
    user: Option<GuestUser>,
}

/// What a disk's header says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageInfo {
    /// Size for the guest in bytes.
    pub virtual_size: u64,
    /// The file it is based on.
    #[serde(default)]
    pub backing_filename: Option<String>,
    /// What only its format has.
    #[serde(default)]
    format_specific: Option<FormatSpecific>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct FormatSpecific {
    data: serde_json::Value,
}

impl ImageInfo {
    /// True where the disk needs another file: a backing file, or one for its data.
    #[must_use]
    pub fn leans_on_another_file(&self) -> bool {
        let data_file = self.format_specific.as_ref().and_then(|f| f.data.get("data-file"));
        self.backing_filename.is_some() || data_file.is_some()
    }
}

impl Default for ImageTool {
    fn default() -> Self {
        Self { program: "qemu-img".to_owned(), dir: None, user: None }
    }
}

impl ImageTool {
    /// The tool for disks in `dir` that a guest may have written to: it works there, as the guest's user, so that what
    /// a guest put into a disk's header leads to no file that the guest could not open itself.
    #[must_use]
    pub fn inside(&self, dir: &Path, user: Option<&GuestUser>) -> Self {
        Self { program: self.program.clone(), dir: Some(dir.to_owned()), user: user.cloned() }
    }

    /// Reads a header. The file may be in use.
    ///
    /// # Errors
    /// Where the file is not of this format.
    pub async fn info(&self, path: &Path, format: DiskFormat) -> Result<ImageInfo, QemuError> {
        let mut command = self.command("info");
        command.args(["-U", "--output=json", "-f", name(format)]).arg(path);
        let out = run(command, "qemu-img info", QUICK.0, QUICK.1).await?;
        serde_json::from_slice(&out).map_err(|error| QemuError::Failed {
            program: "qemu-img info".to_owned(),
            because: format!("it said something unexpected: {error}"),
        })
    }

    /// Makes `target` a qcow2 disk of `size` bytes (the base's own where `None`) on top of `base`.
    ///
    /// # Errors
    /// What the program says.
    pub async fn create_overlay(
        &self,
        target: &Path,
        base: &Path,
        base_format: DiskFormat,
        size: Option<u64>,
    ) -> Result<(), QemuError> {
        let mut command = self.command("create");
        command.args(["-q", "-f", "qcow2", "-F", name(base_format), "-b"]).arg(base).arg(target);
        command.args(size.map(|size| size.to_string()));
        run(command, "qemu-img create", QUICK.0, QUICK.1).await.map(drop)
    }

    /// Makes `target` an empty qcow2 disk of `size` bytes.
    ///
    /// # Errors
    /// What the program says.
    pub async fn create_empty(&self, target: &Path, size: u64) -> Result<(), QemuError> {
        let mut command = self.command("create");
        command.args(["-q", "-f", "qcow2"]).arg(target).arg(size.to_string());
        run(command, "qemu-img create", QUICK.0, QUICK.1).await.map(drop)
    }

    /// Grows a qcow2 disk that is not in use to `size` bytes.
    ///
    /// # Errors
    /// What the program says; also where the disk is larger already.
    pub async fn resize(&self, target: &Path, size: u64) -> Result<(), QemuError> {
        let mut command = self.command("resize");
        command.args(["-q", "-f", "qcow2"]).arg(target).arg(size.to_string());
        run(command, "qemu-img resize", QUICK.0, QUICK.1).await.map(drop)
    }

    /// Writes another base into a disk's header, without looking at either's data.
    ///
    /// # Errors
    /// What the program says.
    pub async fn rename_base(
        &self,
        target: &Path,
        base: &Path,
        base_format: DiskFormat,
    ) -> Result<(), QemuError> {
        let mut command = self.command("rebase");
        command.args(["-q", "-u", "-f", "qcow2", "-F", name(base_format), "-b"]).arg(base).arg(target);
        run(command, "qemu-img rebase", QUICK.0, QUICK.1).await.map(drop)
    }

    /// Writes a self-contained qcow2 copy of a disk that is not in use.
    ///
    /// # Errors
    /// What the program says.
    pub async fn flatten(&self, source: &Path, format: DiskFormat, target: &Path) -> Result<(), QemuError> {
        let mut command = self.command("convert");
        command.args(["-q", "-f", name(format), "-O", "qcow2"]).arg(source).arg(target);
        run(command, "qemu-img convert", COPY.0, COPY.1).await.map(drop)
    }

    /// Writes what `source` ([`layers`]) has for a guest to `target`, in the format of this name, sparse where it can be.
    ///
    /// # Errors
    /// What the program says; the target may be half-written then.
    pub async fn convert(&self, source: &str, target: &Path, to: &str) -> Result<(), QemuError> {
        let mut command = self.command("convert");
        command.args(["-q", "-O", to, source]).arg(target);
        run(command, "qemu-img convert", COPY.0, COPY.1).await.map(drop)
    }

    /// Grows a disk that is not in use ([`layers`]) to `size` bytes.
    ///
    /// # Errors
    /// What the program says; also where the disk is larger already.
    pub async fn grow(&self, disk: &str, size: u64) -> Result<(), QemuError> {
        let mut command = self.command("resize");
        command.args(["-q", disk]).arg(size.to_string());
        run(command, "qemu-img resize", QUICK.0, QUICK.1).await.map(drop)
    }

    /// Makes `target` a LUKS container with room for `size` bytes. What is read from it before it is written is noise.
    ///
    /// # Errors
    /// What the program says.
    pub async fn create_luks(&self, target: &Path, size: u64, passphrase: &str) -> Result<(), QemuError> {
        let mut tries = 0;
        loop {
            let mut command = self.command("create");
            command.args(["-q", "-f", "luks", "--object", KEY, "-o", LUKS_OPTIONS]);
            command.arg(target).arg(size.to_string());
            let made = run_told(command, "qemu-img create", QUICK.0, QUICK.1, Some(passphrase)).await;
            tries += 1;
            match made {
                // it measures how fast the machine is, which fails where the kernel counts CPU time by ticks
                Err(QemuError::Failed { because, .. })
                    if because.contains("CPU usage") && tries < LUKS_TRIES => {}
                made => return made.map(drop),
            }
        }
    }

    /// Writes what `source` ([`layers`]) has for a guest into the LUKS container `target`, which is as large or larger.
    ///
    /// # Errors
    /// What the program says; the target may be half-written then.
    pub async fn fill_luks(&self, source: &str, target: &Path, passphrase: &str) -> Result<(), QemuError> {
        let into = format!("driver=luks,key-secret=key,file.driver=file,file.filename={}", escaped(target));
        let mut command = self.command("convert");
        command.args(["-q", "-n", "--object", KEY, "--target-image-opts", source, &into]);
        run_told(command, "qemu-img convert", COPY.0, COPY.1, Some(passphrase)).await.map(drop)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = crate::spawn::command(&self.program);
        command.arg(verb);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        if let Some(user) = &self.user {
            become_user(&mut command, user, None);
        }
        command
    }
}

/// A disk with all its layers spelled out, as a name for the tool: nothing that a guest wrote into a header is followed.
#[must_use]
pub fn layers(file: &Path, format: DiskFormat, backing: Option<(&Path, DiskFormat)>) -> String {
    let mut disk = layer(file, format, false);
    if let (DiskFormat::Qcow2, Some((file, format))) = (format, backing) {
        disk["backing"] = layer(file, format, true);
    }
    format!("json:{disk}")
}

/// A path as a value among options that commas divide.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// Runs a tool to its end and answers what it printed.
pub(crate) async fn run(
    command: Command,
    what: &str,
    limits: Limits,
    patience: Duration,
) -> Result<Vec<u8>, QemuError> {
    run_told(command, what, limits, patience, None).await
}

/// The same; the tool is told a secret by its standard input.
async fn run_told(
    mut command: Command,
    what: &str,
    limits: Limits,
    patience: Duration,
    secret: Option<&str>,
) -> Result<Vec<u8>, QemuError> {
    limit(&mut command, limits);
    command
        .stdin(if secret.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut started = command
        .spawn()
        .map_err(|error| QemuError::NoProgram { program: what.to_owned(), because: error.to_string() })?;
    if let (Some(secret), Some(mut input)) = (secret, started.stdin.take()) {
        // one that ended already says why
        let _ = input.write_all(secret.as_bytes()).await;
    }
    let out = tokio::time::timeout(patience, started.wait_with_output()).await;
    let out =
        out.map_err(|_| QemuError::TooSlow { program: what.to_owned(), seconds: patience.as_secs() })?;
    let out = out.map_err(QemuError::file(what))?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    Err(QemuError::Failed {
        program: what.to_owned(),
        because: last_words(&out.stderr, &out.status.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tool_that_hangs_is_killed() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let failed = run(command, "sleeping", QUICK.0, Duration::from_millis(50)).await;
        assert!(matches!(failed, Err(QemuError::TooSlow { .. })));
    }

    #[tokio::test]
    async fn a_missing_tool_says_what_to_install() {
        let failed = run(Command::new("/nowhere/tool"), "the tool", QUICK.0, QUICK.1).await;
        assert!(failed.unwrap_err().to_string().contains("README"));
    }

    async fn have_tool() -> bool {
        let there = Command::new("qemu-img").arg("--version").output().await.is_ok();
        if !there {
            println!("skipped: qemu-img is not installed");
        }
        there
    }

    #[tokio::test]
    async fn overlays_grow_and_flatten() {
        if !have_tool().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (base, over, flat) = (dir.path().join("base"), dir.path().join("over"), dir.path().join("flat"));
        let tool = ImageTool::default();
        tool.create_empty(&base, 1 << 20).await.unwrap();
        tool.create_overlay(&over, &base, DiskFormat::Qcow2, Some(4 << 20)).await.unwrap();
        let info = tool.info(&over, DiskFormat::Qcow2).await.unwrap();
        assert_eq!(info.virtual_size, 4 << 20);
        assert!(info.leans_on_another_file());
        tool.resize(&over, 8 << 20).await.unwrap();
        tool.flatten(&over, DiskFormat::Qcow2, &flat).await.unwrap();
        let info = tool.info(&flat, DiskFormat::Qcow2).await.unwrap();
        assert_eq!((info.virtual_size, info.leans_on_another_file()), (8 << 20, false));
    }

    #[tokio::test]
    async fn a_raw_file_is_not_taken_for_qcow2() {
        if !have_tool().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("raw");
        std::fs::write(&path, vec![0; 1 << 20]).unwrap();
        let tool = ImageTool::default();
        assert!(tool.info(&path, DiskFormat::Qcow2).await.is_err());
        assert_eq!(tool.info(&path, DiskFormat::Raw).await.unwrap().virtual_size, 1 << 20);
    }
}
