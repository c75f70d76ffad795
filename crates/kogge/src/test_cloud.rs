//! The whole program inside a test process: simulated, on a free port, with a directory of its own.
//!
//! ```no_run
//! # async fn f() {
//! use kogge::test_cloud::TestCloud;
//! use serde_json::json;
//! let cloud = TestCloud::start().await;
//! let demo = cloud.session("kogge").await;
//! let answer = demo.post("/network/v2.0/networks", json!({"network": {"name": "n"}})).await;
//! assert_eq!(answer.status, 201);
//! # }
//! ```
//!
//! Everything here panics where something is wrong: it is for tests only.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod administrator;
mod image;
mod session;
mod site;
mod wired;

pub use administrator::{Administrator, Reach, State};
pub use image::qcow2;
pub use session::{Answer, Session};
pub use site::Site;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment};
use kogge_clock::Clock;
use kogge_config::Config;
use kogge_node_api::NodeHandle;
use kogge_node_sim::{SimConfig, SimNode};
use kogge_room::Room;
use serde_json::{Value, json};

use crate::accounts::ACCOUNTS;
use crate::cloud::{Cloud, CloudOptions};
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// A cloud for a test. Gone when dropped.
pub struct TestCloud {
    /// The cloud.
    pub cloud: Cloud,
    clock: Clock,
    http: reqwest::Client,
    root: String,
    place: PathBuf,
    /// What its nodes are behind; nothing where they are in this process.
    wired: Option<wired::Wired>,
    // removed last
    _dir: Option<tempfile::TempDir>,
}

/// Longest wait for a condition. Far more than anything takes: a test waits for what happens, not for the time.
const PATIENCE: Duration = Duration::from_secs(60);

impl TestCloud {
    /// A cloud with default settings.
    pub async fn start() -> Self {
        Self::with(|_| {}, Clock::system()).await
    }

    /// A cloud with other settings or another time.
    pub async fn with(change: impl FnOnce(&mut Config), clock: Clock) -> Self {
        Self::on_disk(change, clock, None).await
    }

    /// As [`TestCloud::with`], on a disk that is as full as `room` says.
    pub async fn on_disk(change: impl FnOnce(&mut Config), clock: Clock, room: Option<Room>) -> Self {
        // two libraries may want a TLS provider: the first call wins, the second says so and is right
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let dir = tempfile::tempdir().expect("a directory for the test");
        let mut config = Config::default();
        change(&mut config);
        let options = CloudOptions {
            config,
            config_file: None,
            listen: "127.0.0.1:0".parse().expect("constant"),
            simulated: true,
            hosts: 1,
            adopt: false,
            data: DataDir::chosen(Some(dir.path())).expect("an absolute path"),
            clock: clock.clone(),
            room,
            machine: None,
        };
        Self::of(options, Some(dir)).await.expect("the cloud starts")
    }

    async fn of(options: CloudOptions, dir: Option<tempfile::TempDir>) -> Result<Self, Failure> {
        let (clock, place) = (options.clock.clone(), options.data.path().to_owned());
        let cloud = Cloud::start(options, None).await?;
        let root = format!("http://{}", cloud.address());
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(120))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Ok(Self { cloud, clock, http, root, place, wired: None, _dir: dir })
    }

    /// A cloud with default settings whose nodes are behind the wire (`kogge-node-wire`). With a seed, what is sent to them
    /// is lost, doubled, delayed, answered too late or torn, in a sequence that the seed decides.
    pub async fn over_the_wire(trouble: Option<u64>) -> Self {
        let mut cloud = Self::start().await;
        cloud.wired = Some(wired::Wired::new(trouble));
        let node = cloud.node();
        let host = node.name().to_owned();
        let there = cloud.join(&host, node).await;
        let nodes = &cloud.cloud.services.nodes;
        let commanded = async || nodes.get(&host).is_ok_and(|node| Arc::ptr_eq(node.node(), &there));
        cloud.until("the host to be commanded over the wire", commanded).await;
        cloud
    }

    async fn join(&self, host: &str, node: Arc<SimNode>) -> NodeHandle {
        let handle = match &self.wired {
            Some(wired) => wired.connect(host, node).await,
            None => node,
        };
        self.cloud.hosts.join(host, Arc::clone(&handle));
        handle
    }

    /// The address of the cloud.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The path of its `clouds.yaml`.
    #[must_use]
    pub fn clouds_yaml(&self) -> String {
        self.place.join("clouds.yaml").display().to_string()
    }

    /// A client of one of the clouds in `clouds.yaml`, as the referee makes it.
    ///
    /// # Panics
    /// Where there is no such cloud.
    #[must_use]
    pub fn client(&self, cloud: &str) -> Client {
        // tokens end by the cloud's clock
        client(&self.clouds_yaml(), cloud, self.clock.clone())
    }

    /// An administrator of this cloud, which is checked as `kogge`.
    pub async fn administrator(&self) -> Administrator {
        Administrator::new(self.client("kogge-admin"), &self.client("kogge")).await
    }

    /// The simulated machine, for its faults and events.
    #[must_use]
    pub fn node(&self) -> Arc<SimNode> {
        self.cloud.node.simulated().expect("a test cloud is simulated")
    }

    /// Another simulated machine joins, with this much of everything.
    ///
    /// # Panics
    /// Where it does not register within a minute.
    pub async fn add_host(&self, config: SimConfig) -> Arc<SimNode> {
        let name = config.facts.name.clone();
        let node = Arc::new(SimNode::new(config, Clock::system()));
        self.join(&name, Arc::clone(&node)).await;
        let admin = self.session("kogge-admin").await;
        let path = format!("/compute/v2.1/os-hypervisors?hypervisor_hostname_pattern={name}");
        let admin = admin.speaking("compute 2.53");
        self.until(&format!("host {name} to register"), async || admin.get(&path).await.status == 200).await;
        node
    }

    /// A session of one of the clouds in `clouds.yaml`: `kogge`, `kogge-alt`, `kogge-reader`, `kogge-admin` …
    pub async fn session(&self, cloud: &str) -> Session {
        let account = ACCOUNTS.iter().find(|account| account.cloud == cloud).expect("a known cloud");
        let project = json!({"name": account.project, "domain": {"id": "default"}});
        self.log_in(account.user, self.cloud.passwords.of(account.user), json!({"project": project})).await
    }

    /// A session without token.
    #[must_use]
    pub fn stranger(&self) -> Session {
        Session::new(self.http.clone(), self.root.clone(), String::new(), Value::Null)
    }

    /// A session with any token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Session {
        Session::new(self.http.clone(), self.root.clone(), token.to_owned(), Value::Null)
    }

    /// Logs in with a password; `scope` as in the identity API.
    pub async fn log_in(&self, user: &str, password: &str, scope: Value) -> Session {
        let user = json!({"name": user, "domain": {"id": "default"}, "password": password});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let body = json!({"auth": {"identity": identity, "scope": scope}});
        let answer = self.stranger().post("/identity/v3/auth/tokens", body).await;
        assert_eq!(answer.status, 201, "login: {}", answer.body);
        let token = answer.header("x-subject-token").to_owned();
        Session::new(self.http.clone(), self.root.clone(), token, answer.body["token"].clone())
    }

    /// A session of a manager of the domain `default` (SCS-0302).
    pub async fn domain_manager(&self) -> Session {
        let admin = self.session("kogge-admin").await;
        let user =
            json!({"user": {"name": "manager", "domain_id": "default", "password": "manager-password"}});
        let made = admin.post("/identity/v3/users", user).await;
        let roles = admin.get("/identity/v3/roles?name=manager").await;
        if made.status == 201 {
            let (user, role) = (made.id("user"), roles.body["roles"][0]["id"].as_str().unwrap_or_default());
            let path = format!("/identity/v3/domains/default/users/{user}/roles/{role}");
            assert_eq!(admin.put(&path, Value::Null).await.status, 204);
        }
        self.log_in("manager", "manager-password", json!({"domain": {"id": "default"}})).await
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// Where it does not within a minute.
    pub async fn until<F: AsyncFnMut() -> bool>(&self, what: &str, mut condition: F) {
        let started = Instant::now();
        while !condition().await {
            assert!(started.elapsed() < PATIENCE, "waited a minute for: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it as a crash would: nothing is said to anybody, and nothing waited for.
    pub fn crash(self) {
        self.cloud.crash();
    }

    /// Ends it, letting requests under way finish.
    pub async fn stop(self) {
        self.cloud.stop().await.expect("the cloud stops");
    }
}

/// A client of a cloud in a file.
///
/// # Panics
/// Where there is no such cloud.
#[must_use]
pub fn client(file: &str, cloud: &str, clock: Clock) -> Client {
    let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", file)], "/");
    let selection = Selection { cloud: Some(cloud.to_owned()), region: None };
    let mut config = CloudConfig::load(&environment, &selection).expect("a known cloud");
    // test clouds have no TLS, and reading the machine's authorities takes longer than a run
    config.tls.verify = false;
    Client::with_options(config, ClientOptions { clock, ..ClientOptions::default() }).expect("a client")
}
