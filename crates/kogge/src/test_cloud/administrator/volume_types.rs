//! Changing volume types.

use kogge_client::Method;
use kogge_conform_iaas::proof::Change;
use serde_json::{Value, json};

use super::{Administrator, id, only, pick};

/// The type that makes the claims.
const FAST: &str = "fast";

/// All types; none where nothing answers block storage.
pub(super) async fn all(admin: &Administrator) -> Vec<Value> {
    let list = admin.client.list("block-storage", "types", "volume_types");
    list.with(|call| call.query("is_public", "None")).collect().await.unwrap_or_default()
}

pub(super) async fn make_sound(admin: &Administrator) {
    for kind in all(admin).await {
        describe(admin, &kind, &json!("A volume type")).await;
    }
    create(admin, &json!({"name": FAST, "description": "[scs:encrypted, replicated] Fast"})).await;
}

pub(super) async fn change(admin: &Administrator, change: &Change) {
    match change {
        Change::TypeDescription(text) => {
            let fast = only(all(admin).await, FAST, |kind| kind["name"] == FAST);
            describe(admin, &fast, text).await;
        }
        Change::NewType { name, description } => {
            create(admin, &json!({"name": name, "description": description})).await;
        }
        other => panic!("{other:?} is no change of a volume type"),
    }
}

async fn describe(admin: &Administrator, kind: &Value, text: &Value) {
    let body = json!({"volume_type": {"description": text}});
    admin.must(Method::PUT, "block-storage", &format!("types/{}", id(kind)), &body).await;
}

async fn create(admin: &Administrator, kind: &Value) {
    admin.must(Method::POST, "block-storage", "types", &json!({"volume_type": kind})).await;
}

/// Types that are used, or the default, cannot be made anew: only their descriptions are put back.
pub(super) async fn restore(admin: &Administrator, before: &[Value]) {
    for kind in all(admin).await {
        match before.iter().find(|old| old["name"] == kind["name"]) {
            Some(old) if *old == content(&kind) => {}
            Some(old) => describe(admin, &kind, &old["description"]).await,
            None => admin.delete("block-storage", &format!("types/{}", id(&kind))).await,
        }
    }
}

/// What a mutation can change of a type.
pub(super) fn content(kind: &Value) -> Value {
    pick(kind, &["name", "description"])
}
