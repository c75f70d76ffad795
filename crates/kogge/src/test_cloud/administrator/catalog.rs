//! Changing the catalogue.

use kogge_client::Method;
use kogge_conform_iaas::proof::Change;
use serde_json::{Value, json};

use super::{Administrator, id, only, pick};

pub(super) async fn change(admin: &Administrator, change: &Change) {
    match change {
        Change::NoService(kind) => remove_service(admin, kind).await,
        Change::NewService(kind, like) => {
            let like = only(all(admin).await, like, |service| service["type"] == *like);
            let url = like["endpoints"][0]["url"].as_str().unwrap_or_default();
            add_service(admin, kind, url).await;
        }
        Change::NoEndpoints(kind) => {
            let service = only(all(admin).await, kind, |service| service["type"] == *kind);
            for endpoint in endpoints(admin).await.iter().filter(|endpoint| belongs(endpoint, &service)) {
                admin.delete("identity", &format!("endpoints/{}", id(endpoint))).await;
            }
        }
        other => panic!("{other:?} cannot be done over the APIs"),
    }
}

/// All services, each with its endpoints.
pub(super) async fn all(admin: &Administrator) -> Vec<Value> {
    let endpoints = endpoints(admin).await;
    let mut services = admin.list("identity", "services", "services", &[]).await;
    for service in &mut services {
        let own = endpoints.iter().filter(|endpoint| belongs(endpoint, service));
        let mut own: Vec<Value> =
            own.map(|endpoint| pick(endpoint, &["interface", "region_id", "url", "enabled"])).collect();
        own.sort_by_key(Value::to_string);
        service["endpoints"] = Value::Array(own);
    }
    services
}

async fn endpoints(admin: &Administrator) -> Vec<Value> {
    admin.list("identity", "endpoints", "endpoints", &[]).await
}

fn belongs(endpoint: &Value, service: &Value) -> bool {
    endpoint["service_id"] == service["id"]
}

pub(super) async fn kinds(admin: &Administrator) -> Vec<String> {
    let kinds = all(admin).await.into_iter();
    kinds.filter_map(|service| service["type"].as_str().map(str::to_owned)).collect()
}

/// Its endpoints go with it.
pub(super) async fn remove_service(admin: &Administrator, kind: &str) {
    let service = only(all(admin).await, kind, |service| service["type"] == kind);
    delete(admin, &service).await;
}

pub(super) async fn delete(admin: &Administrator, service: &Value) {
    admin.delete("identity", &format!("services/{}", id(service))).await;
}

/// A service in the region of all others.
pub(super) async fn add_service(admin: &Administrator, kind: &str, url: &str) {
    let region = endpoints(admin).await.first().map_or(Value::Null, |first| first["region_id"].clone());
    let endpoint = json!({"interface": "public", "url": url, "enabled": true, "region_id": region});
    create(admin, &json!({"type": kind, "name": kind, "enabled": true, "endpoints": [endpoint]})).await;
}

pub(super) async fn create(admin: &Administrator, service: &Value) {
    let body = json!({"service": pick(service, &["type", "name", "enabled"])});
    let made = admin.must(Method::POST, "identity", "services", &body).await;
    for endpoint in service["endpoints"].as_array().into_iter().flatten() {
        let mut endpoint = endpoint.clone();
        endpoint["service_id"] = made["service"]["id"].clone();
        admin.must(Method::POST, "identity", "endpoints", &json!({"endpoint": endpoint})).await;
    }
}

/// What makes one service differ from another.
pub(super) fn content(service: &Value) -> Value {
    pick(service, &["type", "name", "enabled", "endpoints"])
}
