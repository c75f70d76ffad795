//! Making and changing images.

use kogge_client::Method;
use kogge_conform_iaas::proof::{Change, sound_images};
use serde_json::{Value, json};

use super::{Administrator, id, only};
use crate::test_cloud::qcow2;

/// What the image service decides itself.
pub(super) const ITS_OWN: [&str; 8] =
    ["id", "status", "size", "created_at", "os_hash_algo", "tags", "file", "schema"];

/// What else it shows of an image that nobody can set.
const SHOWN: [&str; 9] = [
    "updated_at",
    "checksum",
    "os_hash_value",
    "owner",
    "self",
    "virtual_size",
    "direct_url",
    "locations",
    "stores",
];

pub(super) async fn all(admin: &Administrator) -> Vec<Value> {
    admin.list("image", "images", "images", &[("limit", "1000")]).await
}

pub(super) async fn change(admin: &Administrator, change: &Change) {
    match change {
        Change::NoImages => {
            for image in all(admin).await {
                delete(admin, &image).await;
            }
        }
        Change::NoImage(name) => delete(admin, &image(admin, name).await).await,
        Change::Image { image: name, key, value } => {
            patch(admin, &image(admin, name).await, key, value).await;
        }
        Change::NewImage { name, like, set } => {
            let mut new = only(sound_images(), like, |image| image["name"] == *like);
            new["name"] = name.clone();
            set.iter().for_each(|(key, value)| new[*key] = value.clone());
            create(admin, &new).await;
        }
        other => panic!("{other:?} is no change of an image"),
    }
}

async fn image(admin: &Administrator, name: &str) -> Value {
    only(all(admin).await, name, |image| image["name"] == name)
}

pub(super) async fn delete(admin: &Administrator, image: &Value) {
    admin.delete("image", &format!("images/{}", id(image))).await;
}

async fn patch(admin: &Administrator, image: &Value, key: &str, value: &Value) {
    let op = match (value.is_null(), image.get(key).is_some()) {
        (true, _) => json!([{"op": "remove", "path": format!("/{key}")}]),
        (false, true) => json!([{"op": "replace", "path": format!("/{key}"), "value": value}]),
        (false, false) => json!([{"op": "add", "path": format!("/{key}"), "value": value}]),
    };
    let kind = "application/openstack-images-v2.1-json-patch";
    send(admin, Method::PATCH, &format!("images/{}", id(image)), kind, op.to_string().into_bytes()).await;
}

/// Makes an image and gives it some data, so that it has a size and a hash.
pub(super) async fn create(admin: &Administrator, image: &Value) {
    let mut body = content(image);
    let data = if image["disk_format"] == "qcow2" { qcow2() } else { vec![0; 1024] };
    if image["disk_format"] != "qcow2" {
        body["disk_format"] = json!("raw");
    }
    body["container_format"] = json!("bare");
    let made = admin.must(Method::POST, "image", "images", &body).await;
    let path = format!("images/{}/file", id(&made));
    send(admin, Method::PUT, &path, "application/octet-stream", data).await;
}

async fn send(admin: &Administrator, method: Method, path: &str, kind: &str, body: Vec<u8>) {
    let call = admin.client.call(method.clone(), "image", path).body(kind, body);
    let sent = call.send().await.and_then(kogge_client::Answer::success);
    sent.unwrap_or_else(|error| panic!("{method} image {path}: {error}"));
}

/// What makes one image differ from another, and what it can be made from.
pub(super) fn content(image: &Value) -> Value {
    let own = |key: &str| !ITS_OWN.contains(&key) && !SHOWN.contains(&key);
    let kept = image.as_object().into_iter().flatten();
    let kept = kept.filter(|(key, value)| own(key) && !value.is_null());
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
