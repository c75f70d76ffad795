//! A cloud on port 0 with what a run looks up, and a few things that can be deleted.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform_e2e::{Accounts, Ordinary};
use serde_json::{Value, json};

/// A started cloud.
#[derive(Clone)]
pub struct Cloud {
    pub base: String,
    pub state: Arc<Mutex<Stored>>,
}

/// What it has and what it heard.
#[derive(Default)]
pub struct Stored {
    pub servers: Vec<Value>,
    pub flavors: Vec<Value>,
    pub deleted: Vec<String>,
}

pub fn flavor(name: &str, ram: u64, disk: u64) -> Value {
    json!({"id": format!("id-{name}"), "name": name, "ram": ram, "vcpus": 1, "disk": disk})
}

impl Cloud {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let flavors = vec![flavor("S", 512, 5), flavor("M", 1024, 5)];
        let stored = Stored { flavors, ..Stored::default() };
        let cloud = Self { base, state: Arc::new(Mutex::new(stored)) };
        let app = Router::new().fallback(answer).with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        cloud
    }

    /// A user `name` of a project.
    pub fn client(&self, folder: &Path, name: &str, project: &str) -> Client {
        let file = folder.join(format!("{name}.yaml"));
        let auth = format!(
            "clouds: {{{name}: {{auth: {{auth_url: '{}/identity', username: {name}, password: geheim-{name}, \
             user_domain_name: Default, project_name: {project}, project_domain_name: Default}}}}}}",
            self.base
        );
        std::fs::write(&file, auth).unwrap();
        let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", file.to_str().unwrap())], "/");
        Client::new(CloudConfig::load(&environment, &Selection::default()).unwrap()).unwrap()
    }

    /// A member and a reader in each of two projects.
    pub fn accounts(&self, folder: &Path) -> Accounts {
        Accounts::Ordinary(Ordinary {
            member: self.client(folder, "ann", "one"),
            reader: Some(self.client(folder, "ben", "one")),
            alt_member: Some(self.client(folder, "cem", "two")),
            alt_reader: Some(self.client(folder, "dea", "two")),
        })
    }
}

async fn answer(State(cloud): State<Cloud>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path();
    let mut stored = cloud.state.lock().unwrap();
    if method == Method::POST && path.ends_with("/auth/tokens") {
        return token(&cloud.base, &serde_json::from_slice(&body).unwrap());
    }
    if method == Method::DELETE {
        let id = path.rsplit('/').next().unwrap().to_owned();
        stored.servers.retain(|server| server["id"] != id.as_str());
        stored.deleted.push(path.to_owned());
        return StatusCode::NO_CONTENT.into_response();
    }
    let image = |name: &str, size: u64| {
        json!({"id": format!("id-{name}"), "name": name, "status": "active", "visibility": "public", "size": size,
            "disk_format": "qcow2", "container_format": "bare"})
    };
    let outside = json!({"id": "ext", "name": "public", "router:external": true, "subnets": ["s"]});
    let inside =
        |project: &str| json!({"id": project, "name": "private", "project_id": project, "subnets": ["s"]});
    let body = match path.trim_end_matches('/') {
        "/compute/v2.1" => json!({"version": {"version": "2.96", "min_version": "2.1"}}),
        "/compute/v2.1/flavors/detail" => json!({ "flavors": stored.flavors }),
        "/compute/v2.1/servers" => json!({ "servers": stored.servers }),
        "/image/v2/images" => json!({"images": [image("a", 5), image("b", 6)]}),
        "/network/v2.0/networks" if uri.query().is_some_and(|query| query.contains("external")) => {
            json!({ "networks": [outside] })
        }
        "/network/v2.0/networks" => json!({"networks": [outside, inside("id-one")]}),
        "/network/v2.0/extensions" => json!({"extensions": [{"alias": "router"}]}),
        other => json!({ other.rsplit('/').next().unwrap().replace("os-", "").replace('-', "_"): [] }),
    };
    axum::Json(body).into_response()
}

fn token(base: &str, request: &Value) -> Response {
    let user = request.pointer("/auth/identity/password/user/name").unwrap().as_str().unwrap();
    let project = request.pointer("/auth/scope/project/name").unwrap().as_str().unwrap();
    let service = |kind: &str, path: &str| json!({"type": kind, "name": kind, "endpoints": [{"interface": "public", "region": "north", "url": format!("{base}{path}")}]});
    let domain = json!({"id": "default", "name": "Default"});
    let body = json!({"token": {
        "expires_at": "2999-01-01T00:00:00.000000Z",
        "user": {"id": format!("id-{user}"), "name": user, "domain": domain},
        "project": {"id": format!("id-{project}"), "name": project, "domain": domain},
        "roles": [],
        "catalog": [service("identity", "/identity/v3"), service("compute", "/compute/v2.1"),
            service("image", "/image"), service("network", "/network")],
    }});
    (StatusCode::CREATED, [("x-subject-token", "t")], axum::Json(body)).into_response()
}
