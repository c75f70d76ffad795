//! A whole cloud in one process, as far as the checks need it: it does everything right until a test changes it.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part of it"
)]

mod change;
mod serve;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment, Limits};
use kogge_conform::{Check, Journal, Options, Report, Runner, Silent};
use kogge_conform_iaas::proof::{NOW, sound_flavors, sound_images, sound_templates};
use kogge_conform_iaas::{Sweeper, Wanted, select};
use serde_json::{Value, json};

pub use kogge_conform_iaas::proof::image;
use serve::Inner;

/// An answer that goes before all others.
#[derive(Clone)]
pub struct Override {
    pub method: Method,
    /// The path, or its beginning.
    pub path: String,
    pub exact: bool,
    pub status: u16,
    pub body: String,
}

/// What the cloud has and how it answers. Every field may be changed before it starts.
#[derive(Clone)]
pub struct Cloud {
    pub roles: Vec<String>,
    pub catalog: Vec<String>,
    /// Services by type that live where another one does.
    pub places: BTreeMap<String, String>,
    /// Services without endpoints.
    pub endpointless: Vec<String>,
    /// Services whose endpoint has no path.
    pub pathless: Vec<String>,
    /// Addresses of services that are not below the cloud's own.
    pub addresses: BTreeMap<String, String>,
    pub flavors: Vec<Value>,
    pub images: Vec<Value>,
    pub types: Vec<Value>,
    pub templates: Vec<Value>,
    /// Direction and ethertype of the rules of a fresh security group.
    pub fresh_rules: Vec<(String, String)>,
    pub stored: BTreeMap<String, Vec<Value>>,
    pub console: String,
    pub server_status: String,
    pub volume_status: String,
    pub s3: (u16, String),
    pub overrides: Vec<Override>,
    /// Beginnings of paths that never get an answer.
    pub silent: Vec<String>,
    /// Creates whose answer is lost: the object is there, and the client sees a 502.
    pub lost: Vec<String>,
    /// Every so manieth call, from this one on, is lost in a gateway: nobody behind it sees it.
    pub gateway: Option<(usize, usize)>,
}

const CONSOLE: &str = "[    1.0] Linux\n_scs-test-entropy-avail: 256\n\
    _scs-test-fips-test: FIPS 140-2 successes: 999 failures: 1\n_scs-test-end\n";

const SERVICES: [&str; 10] = [
    "compute",
    "identity",
    "image",
    "network",
    "load-balancer",
    "placement",
    "block-storage",
    "object-store-s3",
    "object-store",
    "key-manager",
];

impl Default for Cloud {
    fn default() -> Self {
        let outside = json!({"id": "ext", "name": "public", "router:external": true});
        let fast = json!({"id": "t1", "name": "fast", "description": "[scs:encrypted, replicated] Fast"});
        Self {
            roles: vec!["member".into(), "reader".into()],
            catalog: SERVICES.map(str::to_owned).into(),
            places: BTreeMap::new(),
            addresses: BTreeMap::new(),
            endpointless: Vec::new(),
            pathless: Vec::new(),
            flavors: sound_flavors(),
            images: sound_images(),
            types: vec![fast],
            templates: sound_templates(),
            fresh_rules: ["IPv4", "IPv6"].map(|kind| ("egress".to_owned(), kind.to_owned())).into(),
            stored: [("networks".to_owned(), vec![outside])].into(),
            console: CONSOLE.into(),
            server_status: "ACTIVE".into(),
            volume_status: "available".into(),
            s3: (403, "<Error><Code>InvalidAccessKeyId</Code></Error>".into()),
            overrides: Vec::new(),
            silent: Vec::new(),
            lost: Vec::new(),
            gateway: None,
        }
    }
}

impl Cloud {
    pub fn flavor_mut(&mut self, name: &str) -> &mut Value {
        self.flavors.iter_mut().find(|f| f["name"] == name).unwrap()
    }

    pub fn image_mut(&mut self, name: &str) -> &mut Value {
        self.images.iter_mut().find(|i| i["name"] == name).unwrap()
    }

    pub fn without_service(&mut self, kind: &str) {
        self.catalog.retain(|k| k != kind);
    }

    /// Every request of this method whose path begins so gets this answer.
    pub fn answer(&mut self, method: Method, path: &str, status: u16, body: &str) {
        let (path, body) = (path.to_owned(), body.to_owned());
        self.overrides.push(Override { method, path, exact: false, status, body });
    }

    pub async fn start(self) -> Running {
        let (base, inner) = serve::start(self).await;
        Running { base, inner }
    }
}

/// A started cloud.
pub struct Running {
    pub base: String,
    inner: Arc<Inner>,
}

impl Running {
    /// A client that asks once.
    pub fn client(&self) -> Client {
        self.client_asking(0)
    }

    /// A client as users have it, or one that repeats calls less often.
    pub fn client_asking(&self, retries: u32) -> Client {
        let url = format!("{}/identity", self.base);
        let vars = [
            ("OS_AUTH_URL", url.as_str()),
            ("OS_USER_ID", "u"),
            ("OS_PASSWORD", "geheim"),
            ("OS_PROJECT_ID", "p1"),
            // there is no TLS here, and reading the machine's authorities takes longer than a run
            ("OS_INSECURE", "true"),
        ];
        let config =
            CloudConfig::load(&Environment::new(vars, "/nonexistent"), &Selection::default()).unwrap();
        let limits = Limits { call: std::time::Duration::from_secs(60), retries, ..Limits::default() };
        Client::with_options(config, ClientOptions { limits, ..ClientOptions::default() }).unwrap()
    }

    /// Runs these testcases on 2026-11-24.
    pub async fn check(&self, version: &str, tests: &str, journal: Arc<Journal>) -> Report {
        let wanted = Wanted {
            date: "2026-11-24".parse().unwrap(),
            version: Some(version.to_owned()),
            tests: Some(tests.to_owned()),
            all: true,
        };
        let selected = select(&wanted).unwrap();
        self.run(self.client(), selected.checks, selected.plan, journal).await
    }

    /// Runs every testcase with a client as users have it.
    pub async fn check_as_users_do(&self, tests: &str, journal: Arc<Journal>) -> Report {
        let wanted = Wanted {
            date: "2026-11-24".parse().unwrap(),
            version: Some("v5.1".to_owned()),
            tests: Some(tests.to_owned()),
            all: true,
        };
        let selected = select(&wanted).unwrap();
        self.run(self.client_asking(3), selected.checks, selected.plan, journal).await
    }

    async fn run(
        &self,
        client: Client,
        checks: Vec<Box<dyn Check>>,
        plan: kogge_conform::Plan,
        journal: Arc<Journal>,
    ) -> Report {
        let (clock, _) = kogge_clock::Clock::fake(NOW.parse().unwrap());
        let options =
            Options { plan, journal, clock, cleaner: Some(Arc::new(Sweeper)), ..Options::default() };
        Runner::new(client, options).run(checks, &mut Silent).await
    }

    /// Changes the running cloud.
    pub fn change(&self, change: impl FnOnce(&mut Cloud)) {
        self.inner.change(change);
    }

    /// `METHOD /path` of every request so far.
    pub fn seen(&self) -> Vec<String> {
        self.inner.seen()
    }

    /// Names of all that is stored in a collection.
    pub fn names(&self, collection: &str) -> Vec<String> {
        let all = self.inner.stored(collection);
        all.iter().map(|o| o["name"].as_str().unwrap_or("(none)").to_owned()).collect()
    }
}
