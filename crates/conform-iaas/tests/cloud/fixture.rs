//! A cloud on port 0 that passes every check, and can be changed in one place.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part of it"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment, Limits};
use kogge_conform::{Check, Journal, Options, Report, Runner, Silent};
use kogge_conform_iaas::{Sweeper, Wanted, select};
use kogge_standards::default_rules::rule_templates;
use kogge_standards::standard_flavors;
use serde_json::{Value, json};

/// What the cloud has and how it answers. Every field may be changed before it starts.
#[derive(Clone)]
pub struct Cloud {
    pub roles: Vec<String>,
    pub catalog: Vec<String>,
    /// Addresses of services that are not below the cloud's own.
    pub addresses: BTreeMap<String, String>,
    pub flavors: Vec<Value>,
    pub images: Vec<Value>,
    pub types: Vec<Value>,
    pub templates: Vec<Value>,
    pub stored: BTreeMap<String, Vec<Value>>,
    pub console: String,
    pub server_status: String,
    pub volume_status: String,
    pub s3: (u16, String),
    /// Answers that go before all others: method, beginning of the path, status, body.
    pub overrides: Vec<(Method, String, u16, String)>,
    /// Beginnings of paths that never get an answer.
    pub silent: Vec<String>,
    /// Creates whose answer is lost: the object is there, and the client sees a 502.
    pub lost: Vec<String>,
}

const CONSOLE: &str = "[    1.0] Linux\n_scs-test-entropy-avail: 256\n\
    _scs-test-fips-test: FIPS 140-2 successes: 999 failures: 1\n_scs-test-end\n";

impl Default for Cloud {
    fn default() -> Self {
        let catalog = [
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
        Self {
            roles: vec!["member".into(), "reader".into()],
            catalog: catalog.map(str::to_owned).into(),
            addresses: BTreeMap::new(),
            flavors: standard_flavors().iter().map(flavor).collect(),
            images: vec![image("Ubuntu 24.04", "ubuntu", "24.04", "https://cloud-images.ubuntu.com/noble/x")],
            types: vec![
                json!({"id": "t1", "name": "fast", "description": "[scs:encrypted, replicated] Fast"}),
            ],
            templates: templates(),
            stored: [(
                "networks".to_owned(),
                vec![json!({"id": "ext", "name": "public", "router:external": true})],
            )]
            .into(),
            console: CONSOLE.into(),
            server_status: "ACTIVE".into(),
            volume_status: "available".into(),
            s3: (403, "<Error><Code>InvalidAccessKeyId</Code></Error>".into()),
            overrides: Vec::new(),
            silent: Vec::new(),
            lost: Vec::new(),
        }
    }
}

fn flavor(standard: &kogge_standards::StandardFlavor) -> Value {
    let specs: BTreeMap<&str, String> = standard.extra_specs().collect();
    json!({"id": format!("id-{}", standard.name), "name": standard.name, "vcpus": standard.vcpus,
        "ram": standard.ram_mib, "disk": standard.disk_gib, "extra_specs": specs})
}

pub fn image(name: &str, distro: &str, version: &str, source: &str) -> Value {
    json!({"id": format!("id-{name}"), "name": name, "visibility": "public", "os_hidden": false, "status": "active",
        "size": 600_000_000u64, "min_disk": 8, "min_ram": 512, "created_at": "2026-11-02T00:00:00Z",
        "architecture": "x86_64", "os_distro": distro, "os_version": version, "os_purpose": "generic",
        "hw_disk_bus": "scsi", "hypervisor_type": "qemu", "hw_rng_model": "virtio", "image_build_date": "2026-11-01",
        "image_original_user": distro, "image_source": source, "image_description": "https://example.org/",
        "replace_frequency": "monthly", "provided_until": "none", "uuid_validity": "none", "hotfix_hours": "0",
        "os_hash_algo": "sha512", "tags": []})
}

fn templates() -> Vec<Value> {
    rule_templates()
        .iter()
        .enumerate()
        .map(|(number, t)| {
            json!({"id": format!("r{number}"), "direction": t.direction, "ethertype": t.ethertype,
                "remote_group_id": t.remote_group_id, "remote_ip_prefix": null, "protocol": null,
                "used_in_default_sg": t.used_in_default_sg, "used_in_non_default_sg": t.used_in_non_default_sg})
        })
        .collect()
}

impl Cloud {
    pub fn flavor_mut(&mut self, name: &str) -> &mut Value {
        self.flavors.iter_mut().find(|f| f["name"] == name).unwrap()
    }

    pub fn without_service(&mut self, kind: &str) {
        self.catalog.retain(|k| k != kind);
    }

    pub fn answer(&mut self, method: Method, path: &str, status: u16, body: &str) {
        self.overrides.push((method, path.to_owned(), status, body.to_owned()));
    }

    pub async fn start(self) -> Running {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inner =
            Arc::new(Inner { base: base.clone(), seen: Mutex::default(), state: Mutex::new((self, 0)) });
        let app = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Running { base, inner }
    }
}

pub struct Inner {
    base: String,
    seen: Mutex<Vec<String>>,
    state: Mutex<(Cloud, u32)>,
}

/// A started cloud.
pub struct Running {
    pub base: String,
    inner: Arc<Inner>,
}

impl Running {
    pub fn client(&self) -> Client {
        let url = format!("{}/identity", self.base);
        let vars = [
            ("OS_AUTH_URL", url.as_str()),
            ("OS_USER_ID", "u"),
            ("OS_PASSWORD", "geheim"),
            ("OS_PROJECT_ID", "p1"),
        ];
        let config =
            CloudConfig::load(&Environment::new(vars, "/nonexistent"), &Selection::default()).unwrap();
        let limits = Limits { call: std::time::Duration::from_secs(5), retries: 0, ..Limits::default() };
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
        self.run(selected.checks, selected.plan, journal).await
    }

    async fn run(
        &self,
        checks: Vec<Box<dyn Check>>,
        plan: kogge_conform::Plan,
        journal: Arc<Journal>,
    ) -> Report {
        let (clock, _) = kogge_clock::Clock::fake("2026-11-24T08:00:00Z".parse().unwrap());
        let options =
            Options { plan, journal, clock, cleaner: Some(Arc::new(Sweeper)), ..Options::default() };
        Runner::new(self.client(), options).run(checks, &mut Silent).await
    }

    /// Changes the running cloud.
    pub fn change(&self, change: impl FnOnce(&mut Cloud)) {
        change(&mut self.inner.state.lock().unwrap().0);
    }

    /// `METHOD /path` of every request so far.
    pub fn seen(&self) -> Vec<String> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// Names of all that is stored in a collection.
    pub fn names(&self, collection: &str) -> Vec<String> {
        let state = self.inner.state.lock().unwrap();
        let all = state.0.stored.get(collection).cloned().unwrap_or_default();
        all.iter().map(|o| o["name"].as_str().unwrap_or("(none)").to_owned()).collect()
    }
}

async fn serve(State(inner): State<Arc<Inner>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    inner.seen.lock().unwrap().push(format!("{method} {path}"));
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let silent = inner.state.lock().unwrap().0.silent.iter().any(|p| path.starts_with(p.as_str()));
    if silent {
        std::future::pending::<()>().await;
    }
    let answer = respond(&inner, &method, &path, &body);
    let lost = method == Method::POST && inner.state.lock().unwrap().0.lost.contains(&path);
    if lost { (StatusCode::BAD_GATEWAY, "lost").into_response() } else { answer }
}

fn respond(inner: &Inner, method: &Method, path: &str, body: &Value) -> Response {
    let mut state = inner.state.lock().unwrap();
    let (cloud, counter) = &mut *state;
    let forced = cloud.overrides.iter().find(|(m, p, ..)| m == method && path.starts_with(p.as_str()));
    if let Some((_, _, status, text)) = forced {
        return (StatusCode::from_u16(*status).unwrap(), text.clone()).into_response();
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["identity", "v3", "auth", "tokens"]) => {
            ([("x-subject-token", "geheim")], json_of(201, token(cloud, &inner.base))).into_response()
        }
        ("GET", ["compute", "v2.1", "flavors", "detail"]) => json_of(200, json!({"flavors": cloud.flavors})),
        ("GET", ["image", "v2", "images"]) => json_of(200, json!({"images": cloud.images})),
        ("GET", ["volume", "v3", "p1", "types"]) => json_of(200, json!({"volume_types": cloud.types})),
        ("GET", ["network", "v2.0", "default-security-group-rules"]) => {
            json_of(200, json!({"default_security_group_rules": cloud.templates}))
        }
        ("GET", [""]) => (StatusCode::from_u16(cloud.s3.0).unwrap(), cloud.s3.1.clone()).into_response(),
        ("POST", ["compute", "v2.1", "servers", _, "action"]) => {
            json_of(200, json!({"output": cloud.console}))
        }
        ("PUT", ["network", "v2.0", "routers", id, "add_router_interface"]) => {
            let port = json!({"id": format!("port-{id}"), "name": "", "device_id": id,
                "device_owner": "network:router_interface"});
            cloud.stored.entry("ports".into()).or_default().push(port);
            json_of(200, json!({}))
        }
        ("PUT", ["network", "v2.0", "routers", _, "remove_router_interface"]) => {
            cloud.stored.remove("ports");
            json_of(200, json!({}))
        }
        ("POST", ["volume", "v3", "p1", "backups", id, "restore"]) => {
            let name = body["restore"]["name"].clone();
            let new = store(cloud, counter, "volumes", json!({"name": name}));
            json_of(202, json!({"restore": {"backup_id": id, "volume_id": new["id"], "volume_name": name}}))
        }
        (verb, [_, rest @ ..]) => collection(cloud, counter, verb, rest, body, &inner.base),
        _ => json_of(404, json!({"message": "no such place"})),
    }
}

fn json_of(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn token(cloud: &Cloud, base: &str) -> Value {
    let path = |kind: &str| match kind {
        "compute" => "/compute/v2.1",
        "image" => "/image/v2",
        "network" => "/network/v2.0",
        "block-storage" | "volumev3" => "/volume/v3/p1",
        "key-manager" => "/key-manager/v1",
        "object-store" => "/object-store/v1/AUTH_p1",
        _ => "/identity/v3",
    };
    let entries = cloud.catalog.iter().map(|kind| {
        let url = cloud.addresses.get(kind).cloned().unwrap_or_else(|| format!("{base}{}", path(kind)));
        json!({"type": kind, "name": kind, "endpoints": [
            {"interface": "public", "region": "r", "region_id": "r", "url": url}]})
    });
    let roles = cloud.roles.iter().map(|r| json!({"id": r, "name": r}));
    json!({"token": {"methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {"id": "u", "name": "joe"}, "project": {"id": "p1", "name": "demo"},
        "roles": roles.collect::<Vec<_>>(), "catalog": entries.collect::<Vec<_>>()}})
}

fn store(cloud: &mut Cloud, counter: &mut u32, collection: &str, mut object: Value) -> Value {
    *counter += 1;
    object["id"] = json!(format!("{collection}-{counter}"));
    object["status"] = json!(match collection {
        "servers" => &cloud.server_status,
        _ => &cloud.volume_status,
    });
    if collection == "security-groups" {
        let egress = |kind: &str| json!({"id": kind, "direction": "egress", "ethertype": kind});
        object["security_group_rules"] = json!([egress("IPv4"), egress("IPv6")]);
    }
    if collection == "servers" {
        object["fault"] = json!({"message": "No valid host: no host has the flavor's RAM"});
    }
    cloud.stored.entry(collection.to_owned()).or_default().push(object.clone());
    object
}

/// Create, list, show and delete for everything else.
fn collection(
    cloud: &mut Cloud,
    counter: &mut u32,
    verb: &str,
    rest: &[&str],
    body: &Value,
    base: &str,
) -> Response {
    let rest = rest.strip_prefix(&["v3", "p1"]).or_else(|| rest.get(1..)).unwrap_or_default();
    let (Some(name), id) = (rest.first(), rest.get(1).filter(|id| **id != "detail")) else {
        return json_of(404, json!({"message": "no such place"}));
    };
    let (many, one) = (name.replace('-', "_"), name.trim_end_matches('s').replace('-', "_"));
    let secret = *name == "secrets";
    match (verb, id) {
        ("POST", None) => {
            let object = if secret { body.clone() } else { body[one.as_str()].clone() };
            let mut new = store(cloud, counter, name, object);
            if secret {
                new = json!({"secret_ref": format!("{base}/key-manager/v1/secrets/{}", new["id"].as_str().unwrap())});
                return json_of(201, new);
            }
            json_of(202, json!({one: new}))
        }
        ("GET", None) => {
            let mut all = cloud.stored.get(*name).cloned().unwrap_or_default();
            if secret {
                for s in &mut all {
                    s["secret_ref"] =
                        json!(format!("{base}/key-manager/v1/secrets/{}", s["id"].as_str().unwrap()));
                    s.as_object_mut().unwrap().remove("id");
                }
            }
            json_of(200, json!({many: all}))
        }
        ("GET" | "DELETE", Some(id)) => {
            let all = cloud.stored.entry((*name).to_owned()).or_default();
            let Some(at) = all.iter().position(|o| o["id"] == **id) else {
                return json_of(404, json!({"itemNotFound": {"message": "gone"}}));
            };
            if verb == "DELETE" {
                all.remove(at);
                return StatusCode::NO_CONTENT.into_response();
            }
            json_of(200, if secret { all[at].clone() } else { json!({one: all[at]}) })
        }
        _ => json_of(405, json!({"message": "not so"})),
    }
}
