//! Making and changing images.

use http::Method;
use kogge_conform_iaas::proof::{Change, sound_images};
use serde_json::{Value, json};

use super::{Session, found, id, must};

/// What the image service decides itself.
pub(super) const ITS_OWN: [&str; 8] =
    ["id", "status", "size", "created_at", "os_hash_algo", "tags", "file", "schema"];

async fn images(admin: &Session, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    found(admin, "/image/v2/images?limit=1000", "images", fits).await
}

pub(super) async fn change_images(admin: &Session, change: &Change) {
    match change {
        Change::NoImages => delete(admin, images(admin, |_| true).await).await,
        Change::NoImage(name) => delete(admin, images(admin, |i| i["name"] == *name).await).await,
        Change::Image { image: name, key, value } => {
            let image = images(admin, |i| i["name"] == *name).await.remove(0);
            patch(admin, &image, key, value).await;
        }
        Change::NewImage { name, like, set } => {
            let like_it = sound_images().into_iter().find(|image| image["name"] == *like);
            let mut new = like_it.unwrap_or_else(|| panic!("there is no image {like}"));
            new["name"] = name.clone();
            set.iter().for_each(|(key, value)| new[*key] = value.clone());
            upload(admin, &new).await;
        }
        other => panic!("{other:?} is no change of an image"),
    }
}

async fn delete(admin: &Session, images: Vec<Value>) {
    for image in images {
        must(admin, Method::DELETE, &format!("/image/v2/images/{}", id(&image)), Value::Null).await;
    }
}

async fn patch(admin: &Session, image: &Value, key: &str, value: &Value) {
    let op = match (value.is_null(), image.get(key).is_some()) {
        (true, _) => json!([{"op": "remove", "path": format!("/{key}")}]),
        (false, true) => json!([{"op": "replace", "path": format!("/{key}"), "value": value}]),
        (false, false) => json!([{"op": "add", "path": format!("/{key}"), "value": value}]),
    };
    let path = format!("/image/v2/images/{}", id(image));
    let kind = Some("application/openstack-images-v2.1-json-patch");
    let answer = admin.send_bytes(Method::PATCH, &path, kind, op.to_string().into_bytes()).await;
    assert_eq!(answer.status, 200, "PATCH {path} {op}: {}", answer.body);
}

/// Makes an image and gives it some data, so that it has a size and a hash.
pub(super) async fn upload(admin: &Session, image: &Value) {
    let own = |(key, value): &(&String, &Value)| !ITS_OWN.contains(&key.as_str()) && !value.is_null();
    let kept = image.as_object().into_iter().flatten().filter(own);
    let mut body: Value = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    body["disk_format"] = json!("raw");
    body["container_format"] = json!("bare");
    let made = must(admin, Method::POST, "/image/v2/images", body).await;
    let path = format!("/image/v2/images/{}/file", id(&made));
    let sent = admin.send_bytes(Method::PUT, &path, Some("application/octet-stream"), vec![0; 1024]).await;
    assert_eq!(sent.status, 204, "PUT {path}: {}", sent.body);
}
