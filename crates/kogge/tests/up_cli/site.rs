//! A place where simulated clouds are started and stopped by the binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory with a data directory in it; a cloud that runs there is stopped when it goes.
pub(crate) struct Site {
    dir: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// `kogge COMMAND --data DATA WORDS`, under the mask that most shells have.
    pub(crate) fn kogge(&self, command: &str, words: &[&str]) -> Ended {
        let script = "umask 022; exec \"$0\" \"$@\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_kogge"), command, "--data"]).arg(self.data());
        shell.args(words).current_dir(self.dir.path()).stdin(Stdio::null());
        Ended::of(shell.output().unwrap())
    }

    /// `kogge up --sim` on a free port.
    pub(crate) fn up(&self, words: &[&str]) -> Ended {
        self.kogge("up", &[&["--sim"], words].concat())
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let ended = self.kogge("status", &["--format", "json"]).expect(0);
        serde_json::from_str(&ended.out).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kogge("down", &[]);
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }
}

/// All files below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            _ => found.push(entry.path()),
        }
    }
    found
}
