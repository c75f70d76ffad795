//! A cloud on this machine that can be killed, and whose files can be exchanged meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use kogge_ids::ServerId;
use kogge_qemu::{FoundGuest, find_guests};
use serde_json::{Value, json};

/// So long a test waits before it gives up.
const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) struct Lab {
    dir: tempfile::TempDir,
    /// Name of the data directory.
    place: &'static str,
    port: u16,
    http: reqwest::Client,
    token: String,
    pub(crate) image: String,
    pub(crate) network: String,
    pub(crate) flavor: String,
}

/// What tells a guest and its disk from another in their place: process, number and birth of the disk's file.
pub(crate) type Identity = (FoundGuest, u64, SystemTime);

/// Runs a test on a thread in a network namespace of its own; `None` where the machine cannot.
pub(crate) fn in_a_space(test: impl AsyncFnOnce(Lab) + Send + 'static) {
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !nix::unistd::geteuid().is_root() || !there("qemu-system-x86_64") || !there("nft") {
        println!("skipped: real clouds need root, QEMU and nftables");
        return;
    }
    let thread = std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        assert!(Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap().success());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { test(Lab::new()).await });
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.kogge(&["down"]);
        for guest in self.guests().into_values() {
            guest.process.kill();
        }
        let named = std::fs::read_to_string(self.data().join("node/namespace")).unwrap_or_default();
        let Some((prefix, _)) = named.split_once(' ') else { return };
        let folder = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
        for name in folder.filter_map(|entry| entry.file_name().into_string().ok()) {
            if name.starts_with(prefix) {
                let _ = Command::new("ip").args(["netns", "del", &name]).status();
            }
        }
    }
}

impl Lab {
    fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self {
            dir: tempfile::tempdir().unwrap(),
            place: "data",
            port,
            // no connection outlives a request: the cloud is killed in between
            http: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            token: String::new(),
            image: String::new(),
            network: String::new(),
            flavor: String::new(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join(self.place)
    }

    /// Moves the data directory to another place.
    pub(crate) fn move_to(&mut self, place: &'static str) {
        std::fs::rename(self.data(), self.path(place)).unwrap();
        self.place = place;
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command of the program for this cloud.
    pub(crate) fn kogge(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kogge"))
            .args(words)
            .arg("--data")
            .arg(self.data())
            .env("KOGGE_TEST_SECRET", "of-the-shell")
            .output()
            .unwrap()
    }

    /// Its JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let out = self.kogge(&[words, &["--output", "json"]].concat());
        serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{words:?}: {out:?}"))
    }

    /// Starts the cloud; why not, where it does not start.
    pub(crate) fn try_up(&self, more: &[&str]) -> Result<(), String> {
        let listen = format!("127.0.0.1:{}", self.port);
        let out = self.kogge(&[&["up", "--listen", &listen], more].concat());
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    }

    /// Starts the cloud and logs in.
    pub(crate) async fn up(&mut self, more: &[&str]) {
        self.try_up(more).unwrap();
        self.log_in().await;
    }

    /// Ends the control plane as a crash would; guests go on.
    pub(crate) fn kill(&self) {
        let pid = self.json(&["status"])["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).unwrap();
        let process = kogge_qemu::ProcessId::of(pid).unwrap();
        process.kill();
        while process.is_alive() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    async fn log_in(&mut self) {
        let text = std::fs::read_to_string(self.data().join("accounts.toml")).unwrap();
        let accounts: toml::Table = text.parse().unwrap();
        let user =
            json!({"name": "demo", "domain": {"id": "default"}, "password": accounts["demo"].as_str()});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
        }});
        let url = format!("http://127.0.0.1:{}/identity/v3/auth/tokens", self.port);
        let answer = self.http.post(url).body(body.to_string()).header("content-type", "application/json");
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
        self.token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
    }

    /// A request of the member; its status and body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let raw = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, "application/json", raw).await
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self.http.request(method.parse().unwrap(), url).body(body);
        let request = request.header("x-auth-token", &self.token).header("content-type", kind);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Makes an image of these bytes, and a network.
    pub(crate) async fn furnish(&mut self, disk: Vec<u8>) {
        let new = json!({"name": "tiny", "disk_format": "raw", "container_format": "bare"});
        self.image = text(&self.call("POST", "/image/v2/images", new).await.1["id"]);
        let path = format!("/image/v2/images/{}/file", self.image);
        assert_eq!(self.send("PUT", &path, "application/octet-stream", disk).await.0, 204);
        let new = json!({"network": {"name": "net"}});
        self.network = text(&self.call("POST", "/network/v2.0/networks", new).await.1["network"]["id"]);
        let new = json!({"subnet": {"network_id": self.network, "ip_version": 4, "cidr": "10.0.0.0/24"}});
        assert_eq!(self.call("POST", "/network/v2.0/subnets", new).await.0, 201);
        let flavors = self.call("GET", "/compute/v2.1/flavors", Value::Null).await.1;
        let named = |flavor: &&Value| flavor["name"] == "SCS-1L-1-5";
        self.flavor = text(&flavors["flavors"].as_array().unwrap().iter().find(named).unwrap()["id"]);
    }

    /// Boots a server and waits until it is active.
    pub(crate) async fn boot(&self) -> String {
        let server = json!({
            "name": "web", "imageRef": self.image, "flavorRef": self.flavor,
            "networks": [{"uuid": self.network}], "config_drive": true, "adminPass": "very-secret",
        });
        let (status, made) = self.call("POST", "/compute/v2.1/servers", json!({"server": server})).await;
        assert_eq!(status, 202, "{made}");
        let id = text(&made["server"]["id"]);
        self.until_status(&id, "ACTIVE").await;
        id
    }

    pub(crate) async fn server(&self, id: &str) -> Value {
        self.call("GET", &format!("/compute/v2.1/servers/{id}"), Value::Null).await.1["server"].clone()
    }

    pub(crate) async fn until_status(&self, id: &str, status: &str) {
        self.until(&format!("{id} to be {status}"), async || {
            let server = self.server(id).await;
            assert!(status == "ERROR" || server["status"] != "ERROR", "{server}");
            server["status"] == status
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, mut condition: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The guests that run, by server.
    pub(crate) fn guests(&self) -> BTreeMap<String, FoundGuest> {
        let found = find_guests(&self.data().join("node/instances")).into_iter();
        found.map(|guest| (guest.dir.file_name().unwrap().to_string_lossy().into_owned(), guest)).collect()
    }

    /// Guest and disk of every server whose guest runs.
    pub(crate) fn identities(&self) -> BTreeMap<String, Identity> {
        use std::os::unix::fs::MetadataExt;
        let identity = |(id, guest): (String, FoundGuest)| {
            let disk = std::fs::metadata(guest.dir.join("root.qcow2")).unwrap();
            (id, (guest, disk.ino(), disk.created().unwrap()))
        };
        self.guests().into_iter().map(identity).collect()
    }

    /// The servers in quarantine, as the command line lists them.
    pub(crate) fn quarantine(&self) -> Vec<String> {
        let listed = self.json(&["quarantine", "list"]);
        let listed: Vec<String> = listed.as_array().unwrap().iter().map(|one| text(&one["id"])).collect();
        assert!(listed.iter().all(|id| id.parse::<ServerId>().is_ok()));
        listed
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
