//! A cloud of its own process, and those who ask it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kogge::accounts::Passwords;
use serde_json::{Value, json};

/// Longest wait for anything; far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory for a cloud, and its process.
pub(crate) struct Machine {
    dir: tempfile::TempDir,
    child: Option<Child>,
    http: reqwest::Client,
}

impl Machine {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { dir: tempfile::tempdir().unwrap(), child: None, http }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn write(&self, name: &str, text: &[u8]) {
        std::fs::create_dir_all(self.data()).unwrap();
        std::fs::write(self.data().join(name), text).unwrap();
    }

    /// `kogge WORDS --data DIR`, to its end.
    pub(crate) fn kogge(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
        command.args(words).arg("--data").arg(self.data());
        command.env_remove("KOGGE_DATABASE_URL");
        command
    }

    /// Starts a simulated cloud in the foreground; `change` says where its standard error goes, for example.
    pub(crate) fn start(&mut self, change: impl FnOnce(&mut Command)) -> &mut Child {
        let words = ["up", "--sim", "--foreground", "--listen", "127.0.0.1:0"];
        let mut command = self.command(&words);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        change(&mut command);
        self.child.insert(command.spawn().unwrap())
    }

    /// Starts a cloud with real guests on a database server.
    pub(crate) fn start_real(&mut self, database: &str) {
        let mut command = self.command(&["up", "--foreground", "--listen", "127.0.0.1:0"]);
        command.env("KOGGE_DATABASE_URL", database);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(self.last_words_file());
        self.child = Some(command.spawn().unwrap());
    }

    /// Where a cloud that is not expected to end says why it did.
    fn last_words(&self) -> PathBuf {
        self.dir.path().join("stderr")
    }

    fn last_words_file(&self) -> std::fs::File {
        std::fs::File::create(self.last_words()).unwrap()
    }

    /// Starts a simulated cloud with a small disk for all of its state.
    pub(crate) fn start_on_a_small_disk(&mut self, mib: u32) {
        let script = format!(
            "mount -t tmpfs -o size={mib}m none /dev/shm && exec \"$0\" up --sim --foreground --listen 127.0.0.1:0 \
             --data \"$1\""
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_kogge")]).arg(self.data());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(self.last_words_file());
        self.child = Some(command.spawn().unwrap());
    }

    /// The small disk, seen from here.
    pub(crate) fn small_disk(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/dev/shm", self.child.as_ref().unwrap().id()))
    }

    /// What `kogge status` says.
    pub(crate) fn status(&self) -> Option<Value> {
        let output = self.kogge(&["status", "--format", "json"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Waits until every API answers, and tells where.
    pub(crate) async fn address(&mut self) -> String {
        let started = Instant::now();
        loop {
            if let Some(status) = self.status().filter(|status| status["ready"] == true) {
                return format!("http://{}", status["address"].as_str().unwrap());
            }
            if let Some(ended) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("the cloud ended: {ended}\n{}", read(&self.last_words()));
            }
            assert!(started.elapsed() < PATIENCE, "the cloud does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) async fn code(&self, url: &str) -> u16 {
        self.http.get(url).send().await.unwrap().status().as_u16()
    }

    /// A token of the first member.
    pub(crate) async fn token(&self, root: &str) -> String {
        let passwords = Passwords::load_or_make(&self.data().join("accounts.toml")).unwrap();
        let domain = json!({"id": "default"});
        let user = json!({"name": "demo", "domain": domain, "password": passwords.of("demo")});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let scope = json!({"project": {"name": "demo", "domain": domain}});
        let body = json!({"auth": {"identity": identity, "scope": scope}});
        let url = format!("{root}/identity/v3/auth/tokens");
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
    }

    /// Makes a network; the status, and whether it says when to try again.
    pub(crate) async fn make_network(&self, root: &str, token: &str, name: &str) -> (u16, bool) {
        let body = json!({"network": {"name": name, "description": "x".repeat(200)}});
        let url = format!("{root}/network/v2.0/networks");
        let answer = self.http.post(url).header("x-auth-token", token).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    }

    /// How often each task has run.
    pub(crate) fn runs(&self) -> Vec<(String, u64)> {
        let output = self.kogge(&["tasks", "--format", "json"]);
        let tasks: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let name = |task: &Value| task["name"].as_str().unwrap().to_owned();
        tasks.iter().map(|task| (name(task), task["runs"].as_u64().unwrap())).collect()
    }

    /// Waits until `condition` holds.
    pub(crate) async fn until<F: AsyncFnMut() -> bool>(what: &str, mut condition: F) {
        let started = Instant::now();
        while !condition().await {
            assert!(started.elapsed() < PATIENCE, "waited a minute for: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The process of a cloud in the background.
    pub(crate) fn background(&self) -> i32 {
        i32::try_from(self.status().unwrap()["pid"].as_u64().unwrap()).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.kogge(&["down"]);
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
