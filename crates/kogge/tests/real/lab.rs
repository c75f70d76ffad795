//! A cloud on this machine that can be killed, and whose files can be exchanged meanwhile.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
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
    /// The network namespace that its processes run in; the test's own where there is none.
    space: Option<Space>,
    /// Its configuration file, if any.
    config: Option<PathBuf>,
    address: Ipv4Addr,
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

/// A network namespace beside the test's own, which is reached by a cable.
struct Space(String);

impl Space {
    /// Where the test is seen from there, and where it sees whoever listens there.
    const ENDS: (&'static str, Ipv4Addr) = ("192.0.2.1/30", Ipv4Addr::new(192, 0, 2, 2));

    fn new() -> Self {
        let name = format!("kogge-lab-{}", std::process::id());
        let ip = |words: &str| {
            let done = Command::new("ip").args(words.split(' ')).status().unwrap();
            assert!(done.success(), "ip {words}");
        };
        ip(&format!("netns add {name}"));
        let space = Self(name);
        let name = &space.0;
        ip(&format!("link add cable type veth peer name cable netns {name}"));
        ip(&format!("addr add {} dev cable", Self::ENDS.0));
        ip(&format!("-n {name} addr add {}/30 dev cable", Self::ENDS.1));
        ip("link set cable up");
        ip(&format!("-n {name} link set cable up"));
        ip(&format!("-n {name} link set lo up"));
        space
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
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
            space: None,
            config: None,
            address: Ipv4Addr::LOCALHOST,
            port,
            // no connection outlives a request: the cloud is killed in between
            http: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            token: String::new(),
            image: String::new(),
            network: String::new(),
            flavor: String::new(),
        }
    }

    /// One whose processes run in a network namespace of their own, as on another machine.
    pub(crate) fn elsewhere() -> Self {
        let mut lab = Self::new();
        lab.space = Some(Space::new());
        lab.address = Space::ENDS.1;
        lab
    }

    /// Gives it a configuration file.
    pub(crate) fn configure(&mut self, text: &str) {
        let path = self.path("kogge.toml");
        std::fs::write(&path, text).unwrap();
        self.config = Some(path);
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
        let mut command = Command::new("nsenter");
        if let Some(space) = &self.space {
            command.arg(format!("--net=/run/netns/{}", space.0));
        }
        command
            .arg(env!("CARGO_BIN_EXE_kogge"))
            .args(words)
            .arg("--data")
            .arg(self.data())
            .env("KOGGE_TEST_SECRET", "of-the-shell")
            .output()
            .unwrap()
    }

    /// Its JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let out = self.kogge(&[words, &["--format", "json"]].concat());
        serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{words:?}: {out:?}"))
    }

    /// Starts the cloud; why not, where it does not start.
    pub(crate) fn try_up(&self, more: &[&str]) -> Result<(), String> {
        let listen = format!("{}:{}", self.address, self.port);
        let config = self.config.as_ref().map(|path| path.display().to_string());
        let config: Vec<&str> = config.iter().flat_map(|path| ["--config", path]).collect();
        let out = self.kogge(&[&["up", "--listen", &listen], &config[..], more].concat());
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
        self.log_in_by(&self.data().join("accounts.toml")).await;
    }

    /// Logs in with the password that stands in this file.
    pub(crate) async fn log_in_by(&mut self, accounts: &Path) {
        let text = std::fs::read_to_string(accounts).unwrap();
        let accounts: toml::Table = text.parse().unwrap();
        let user =
            json!({"name": "demo", "domain": {"id": "default"}, "password": accounts["demo"].as_str()});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
        }});
        let url = format!("http://{}:{}/identity/v3/auth/tokens", self.address, self.port);
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

    /// As [`Lab::call`]; `None` where the cloud is killed meanwhile, so that nobody knows what became of it.
    pub(crate) async fn try_call(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let raw = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.try_send(method, path, "application/json", raw).await.ok()
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
        self.try_send(method, path, kind, body).await.unwrap()
    }

    async fn try_send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> reqwest::Result<(u16, Value)> {
        let url = format!("http://{}:{}{path}", self.address, self.port);
        let request = self.http.request(method.parse().unwrap(), url).body(body);
        let request = request.header("x-auth-token", &self.token).header("content-type", kind);
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
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

    /// The body that asks for a server.
    pub(crate) fn wish(&self, name: &str) -> Value {
        let server = json!({
            "name": name, "imageRef": self.image, "flavorRef": self.flavor,
            "networks": [{"uuid": self.network}], "config_drive": true, "adminPass": "very-secret",
        });
        json!({"server": server})
    }

    /// Boots a server and waits until it is active.
    pub(crate) async fn boot(&self) -> String {
        let (status, made) = self.call("POST", "/compute/v2.1/servers", self.wish("web")).await;
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
