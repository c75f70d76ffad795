//! Changing the catalogue.

use http::Method;
use kogge_conform_iaas::proof::Change;
use serde_json::{Value, json};

use super::{Session, found, id, must};

pub(super) async fn change_catalog(admin: &Session, change: &Change) {
    match change {
        Change::NoService(kind) => {
            let service = service(admin, kind).await;
            must(admin, Method::DELETE, &format!("/identity/v3/services/{}", id(&service)), Value::Null)
                .await;
        }
        Change::NewService(kind, like) => {
            let url = endpoints(admin, id(&service(admin, like).await)).await.remove(0);
            add_service(admin, kind, url["url"].as_str().unwrap_or_default()).await;
        }
        Change::NoEndpoints(kind) => {
            for endpoint in endpoints(admin, id(&service(admin, kind).await)).await {
                must(
                    admin,
                    Method::DELETE,
                    &format!("/identity/v3/endpoints/{}", id(&endpoint)),
                    Value::Null,
                )
                .await;
            }
        }
        other => panic!("{other:?} cannot be done over the APIs"),
    }
}

async fn service(admin: &Session, kind: &str) -> Value {
    found(admin, "/identity/v3/services", "services", |service| service["type"] == kind).await.remove(0)
}

async fn endpoints(admin: &Session, service: &str) -> Vec<Value> {
    found(admin, "/identity/v3/endpoints", "endpoints", |endpoint| endpoint["service_id"] == service).await
}

pub(super) async fn add_service(admin: &Session, kind: &str, url: &str) {
    let body = json!({"service": {"type": kind, "name": kind, "enabled": true}});
    let made = must(admin, Method::POST, "/identity/v3/services", body).await;
    let endpoint = json!({"endpoint": {"service_id": id(&made["service"]), "interface": "public", "url": url, "enabled": true}});
    must(admin, Method::POST, "/identity/v3/endpoints", endpoint).await;
}
