//! Where the questions are asked: a cloud whose clock stands still, one of everything in it, and the people who ask.

mod extras;

use std::time::{Duration, Instant};

use kogge::cloud::Door;
use kogge::test_cloud::{Session, TestCloud};
use kogge_clock::Clock;
use serde_json::Value;

pub(super) use extras::LARGER;

use super::plain::Names;
use crate::isolation::fixture::{Fixture, UNKNOWN};

/// When it is.
const NOW: &str = "2026-11-24T08:09:10.123456Z";

/// An id of nothing. That of the fixture may be one of something here.
pub(super) const NOTHING: &str = "0f0f0f0f-0000-4000-8000-00000000000f";

/// Longest wait for something to come to rest; far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cloud, what is in it, and who asks.
pub(super) struct Scene {
    /// The service that is asked.
    pub(super) service: &'static str,
    /// The cloud.
    pub(super) cloud: TestCloud,
    /// One of everything.
    pub(super) fixture: Fixture,
    /// What ids are called.
    pub(super) names: Names,
    /// The generation of the resource provider.
    pub(super) generation: u64,
    people: Vec<(&'static str, Session)>,
}

impl Scene {
    /// The scene for a service.
    pub(super) async fn new(service: &'static str) -> Self {
        let (clock, _) = Clock::fake(NOW.parse().unwrap());
        let cloud = TestCloud::with(|config| config.hypervisor.host = "sim".to_owned(), clock).await;
        let demo = cloud.session("kogge").await;
        let fixture = Fixture::make(&cloud, &demo).await;
        let mut people = vec![
            ("admin", cloud.session("kogge-admin").await),
            ("member", demo),
            ("reader", cloud.session("kogge-reader").await),
            ("other", cloud.session("kogge-alt").await),
            ("nobody", cloud.stranger()),
        ];
        if service == "identity" {
            people.push(("manager", cloud.domain_manager().await));
        }
        // whoever reads groups first gets a default one: not while others read
        for (_, session) in &people {
            session.get("/network/v2.0/security-groups").await;
        }
        let names = Names::new(cloud.root());
        let mut scene = Self { service, cloud, fixture, names, generation: 0, people };
        scene.learn_the_cloud().await;
        scene.mend().await;
        scene
    }

    /// The session of somebody.
    pub(super) fn session(&self, who: &str) -> &Session {
        let found = self.people.iter().find(|(name, _)| *name == who);
        found.map_or_else(|| panic!("nobody is called {who}"), |(_, session)| session)
    }

    /// The names of those who ask.
    pub(super) fn people(&self) -> Vec<&'static str> {
        self.people.iter().map(|(name, _)| *name).collect()
    }

    fn set_person(&mut self, who: &'static str, session: Session) {
        self.people.retain(|(name, _)| *name != who);
        self.people.push((who, session));
    }

    /// The session of somebody, speaking a version; empty for none.
    pub(super) fn speaking(&self, who: &str, version: &str) -> Session {
        let session = self.session(who);
        if version.is_empty() {
            session.clone()
        } else {
            let spoken = if self.service == "block-storage" { "volume" } else { self.service };
            session.speaking(&format!("{spoken} {version}"))
        }
    }

    /// The path of a route to what the fixture has.
    pub(super) fn path(&self, door: &Door, path: &str, version: &str) -> String {
        if path.starts_with("/v2.1/os-hypervisors/") || path.starts_with("/v2.1/os-services/") {
            return extras::numbered(self, door, path, version);
        }
        self.fixture.fill(door, path)
    }

    /// The path of the compute service in the newer form.
    pub(super) fn service_path(&self) -> String {
        format!("/compute/v2.1/os-services/{}", self.fixture.id("service"))
    }

    /// The path of a route to what is not there.
    pub(super) fn path_to_nothing(door: &Door, path: &str) -> String {
        Fixture::nothing().fill(door, path).replace(UNKNOWN, NOTHING)
    }

    /// Makes again what is missing, and waits until nothing moves.
    pub(super) async fn mend(&mut self) {
        let demo = self.session("member").clone();
        self.fixture.mend(&self.cloud, &demo).await;
        extras::mend(self).await;
        self.settle().await;
        for (kind, id) in self.fixture.ids() {
            // names of things are no ids
            if id.len() >= 32 {
                self.names.learn(id, kind);
            }
        }
        let project = self.fixture.project.clone();
        self.names.learn(&project, "project:demo");
        self.names.learn(UNKNOWN, if self.service == "placement" { "provider" } else { "unknown" });
        self.names.learn(NOTHING, "nothing");
    }

    /// Waits until no server is under way and all ports of servers are as they are wanted.
    pub(super) async fn settle(&self) {
        let started = Instant::now();
        loop {
            let moving = self.moving().await;
            if moving.is_empty() {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "it does not come to rest: {}", moving.join("\n"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What is under way.
    async fn moving(&self) -> Vec<String> {
        let admin = self.session("admin");
        let servers = admin.get("/compute/v2.1/servers/detail?all_tenants=1").await;
        let ports = admin.get("/network/v2.0/ports").await;
        let images = admin.get("/image/v2/images").await;
        let busy = items(&servers.body, "servers")
            // what is on the shelf leaves its host at once
            .filter(|server| {
                let passing = matches!(server["status"].as_str(), Some("BUILD" | "SHELVED"));
                passing || !server["OS-EXT-STS:task_state"].is_null()
            });
        let running = |id: &Value| {
            let server = items(&servers.body, "servers").find(|server| server["id"] == *id);
            server.is_some_and(|server| server["status"] == "ACTIVE")
        };
        let down = items(&ports.body, "ports").filter(|port| {
            let owner = port["device_owner"].as_str().unwrap_or_default();
            owner.starts_with("compute:") && running(&port["device_id"]) && port["status"] != "ACTIVE"
        });
        let half = items(&images.body, "images").filter(|image| image["status"] == "saving");
        let mut moving = Vec::new();
        for (path, key) in [
            ("/volume/v3/volumes/detail?all_tenants=1", "volumes"),
            ("/volume/v3/snapshots/detail?all_tenants=1", "snapshots"),
            ("/volume/v3/backups/detail?all_tenants=1", "backups"),
        ] {
            let list = admin.get(path).await;
            let is = |item: &&Value| MOVING.iter().any(|word| item["status"] == *word);
            moving.extend(items(&list.body, key).filter(is).cloned());
        }
        busy.chain(down).chain(half).chain(&moving).map(Value::to_string).collect()
    }

    /// Names what a new cloud has.
    async fn learn_the_cloud(&mut self) {
        let admin = self.session("admin").clone();
        for (path, key, kind) in [
            ("/identity/v3/users", "users", "user"),
            ("/identity/v3/projects", "projects", "project"),
            ("/identity/v3/roles", "roles", "role"),
            ("/identity/v3/services", "services", "service"),
            ("/compute/v2.1/flavors", "flavors", "flavor"),
            ("/volume/v3/types", "volume_types", "volume_type"),
            ("/network/v2.0/networks", "networks", "network"),
            ("/network/v2.0/subnets", "subnets", "subnet"),
            ("/network/v2.0/agents", "agents", "agent"),
            ("/placement/resource_providers", "resource_providers", "provider"),
        ] {
            let answer = admin.get(path).await;
            for item in items(&answer.body, key) {
                let id = item["id"].as_str().or(item["uuid"].as_str()).unwrap_or_default();
                let name = ["name", "type", "binary"].iter().find_map(|field| item[field].as_str());
                self.names.learn(id, &format!("{kind}:{}", name.unwrap_or_default()));
            }
        }
    }
}

/// What ends by itself in block storage.
const MOVING: [&str; 10] = [
    "creating",
    "deleting",
    "extending",
    "uploading",
    "retyping",
    "reverting",
    "downloading",
    "managing",
    "restoring",
    "backing-up",
];

/// The items of a list.
pub(super) fn items<'a>(body: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    body[key].as_array().into_iter().flatten()
}
