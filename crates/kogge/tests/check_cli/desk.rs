//! Where somebody sits and types: a directory of their own, an environment of their own, the binary.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use kogge::test_cloud::TestCloud;
use serde_json::Value;

use crate::validator;
use tokio::process::{Child, Command};

/// A directory and an environment.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
    vars: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// One without any cloud.
    pub(crate) fn bare() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), vars: Vec::new() }
    }

    /// One where the cloud is configured, as its ordinary member.
    pub(crate) fn of(cloud: &TestCloud) -> Self {
        Self::bare().with("OS_CLIENT_CONFIG_FILE", &cloud.clouds_yaml()).with("OS_CLOUD", "kogge")
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A file of JSON. Every report that a test looks at is one that its schema describes.
    pub(crate) fn json(&self, name: &str) -> Value {
        let value: Value = serde_json::from_str(&self.read(name)).unwrap();
        if value.get("results").is_some() {
            let schema = serde_json::from_str(validator::REPORT).unwrap();
            assert_eq!(validator::wrong(&schema, &value), Vec::<String>::new(), "{name}");
        }
        value
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// `kogge check …`, started.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(env!("CARGO_BIN_EXE_kogge"), &[&["check"], words].concat()).spawn().unwrap()
    }

    /// `kogge check …`.
    pub(crate) async fn check(&self, words: &[&str]) -> Ended {
        Ended::of(self.start(words).wait_with_output().await.unwrap())
    }

    /// `kogge …`.
    pub(crate) async fn kogge(&self, words: &[&str]) -> Ended {
        self.run(env!("CARGO_BIN_EXE_kogge"), words).await
    }

    /// Another program, such as `ssh-keygen`.
    pub(crate) async fn run(&self, program: &str, words: &[&str]) -> Ended {
        let child = self.command(program, words).spawn();
        Ended::of(
            child.unwrap_or_else(|error| panic!("{program}: {error}")).wait_with_output().await.unwrap(),
        )
    }

    /// Another program with something on its standard input.
    pub(crate) async fn feed(&self, program: &str, words: &[&str], input: &[u8]) -> Ended {
        use tokio::io::AsyncWriteExt;
        let mut child = self.command(program, words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).await.unwrap();
        Ended::of(child.wait_with_output().await.unwrap())
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same, having ended with this code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}
