//! How the double answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Cloud;

/// The running cloud's state.
pub struct Inner {
    base: String,
    seen: Mutex<Vec<String>>,
    state: Mutex<(Cloud, u32)>,
}

impl Inner {
    pub fn change(&self, change: impl FnOnce(&mut Cloud)) {
        change(&mut self.state.lock().unwrap().0);
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub fn stored(&self, collection: &str) -> Vec<Value> {
        self.state.lock().unwrap().0.stored.get(collection).cloned().unwrap_or_default()
    }
}

/// Serves the cloud on a free port: its address and its state.
pub async fn start(cloud: Cloud) -> (String, Arc<Inner>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let inner = Arc::new(Inner { base: base.clone(), seen: Mutex::default(), state: Mutex::new((cloud, 0)) });
    let app = Router::new().fallback(serve).with_state(Arc::clone(&inner));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (base, inner)
}

async fn serve(State(inner): State<Arc<Inner>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    inner.seen.lock().unwrap().push(format!("{method} {path}"));
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let silent = inner.state.lock().unwrap().0.silent.iter().any(|p| path.starts_with(p.as_str()));
    if silent {
        std::future::pending::<()>().await;
    }
    let number = inner.seen.lock().unwrap().len();
    let gateway = inner.state.lock().unwrap().0.gateway;
    if gateway.is_some_and(|(every, from)| number % every == from % every) {
        return (StatusCode::BAD_GATEWAY, "<html>no upstream</html>").into_response();
    }
    let answer = respond(&inner, &method, &path, &body);
    let lost = method == Method::POST && inner.state.lock().unwrap().0.lost.contains(&path);
    if lost { (StatusCode::BAD_GATEWAY, "lost").into_response() } else { answer }
}

fn respond(inner: &Inner, method: &Method, path: &str, body: &Value) -> Response {
    let mut state = inner.state.lock().unwrap();
    let (cloud, counter) = &mut *state;
    let fits = |o: &&super::Override| {
        let here = if o.exact { path == o.path } else { path.starts_with(o.path.as_str()) };
        o.method == *method && here
    };
    if let Some(forced) = cloud.overrides.iter().find(fits) {
        return (StatusCode::from_u16(forced.status).unwrap(), forced.body.clone()).into_response();
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["identity", "v3", "auth", "tokens"]) => {
            ([("x-subject-token", "geheim")], json_of(201, token(cloud, &inner.base))).into_response()
        }
        ("GET", ["compute", "v2.1", "flavors", "detail"]) => json_of(200, json!({"flavors": cloud.flavors})),
        ("GET", ["image", "v2", "images"]) => {
            let shown: Vec<&Value> = cloud.images.iter().filter(|i| i["os_hidden"] != true).collect();
            json_of(200, json!({"images": shown}))
        }
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
    let place = |kind: &String| path(cloud.places.get(kind).unwrap_or(kind).as_str());
    let entries = cloud.catalog.iter().map(|kind| {
        let path = if cloud.pathless.contains(kind) { "" } else { place(kind) };
        let url = cloud.addresses.get(kind).cloned().unwrap_or_else(|| format!("{base}{path}"));
        let endpoint = json!({"interface": "public", "region": "r", "region_id": "r", "url": url});
        let endpoints = if cloud.endpointless.contains(kind) { vec![] } else { vec![endpoint] };
        json!({"type": kind, "name": kind, "endpoints": endpoints})
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
        let rule = |(direction, ethertype): &(String, String)| json!({"id": format!("{direction}-{ethertype}"), "direction": direction, "ethertype": ethertype});
        object["security_group_rules"] = cloud.fresh_rules.iter().map(rule).collect();
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
