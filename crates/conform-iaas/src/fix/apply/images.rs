//! Steps about images.

use std::time::Duration;

use kogge_client::{Answer, Client, Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Map, Value, json};

use super::{delete, refusal, send};
use crate::fix::action::NewImage;
use crate::lookup::text;
use crate::wait::until;

const SERVICE: &str = "image";

/// The patch format in which `add` may meet a property that is there already.
const PATCH: &str = "application/openstack-images-v2.1-json-patch";

/// How long the cloud may take to fetch an image.
const DOWNLOAD: Duration = Duration::from_secs(3600);

fn path_of(id: &str) -> String {
    format!("images/{}", encode_segment(id))
}

/// Sets one property.
pub(super) async fn set_property(
    client: &Client,
    id: &str,
    key: &str,
    value: &str,
    present: bool,
) -> Result<(), Problem> {
    let (present, value) = match key {
        "min_disk" | "min_ram" => (true, json!(value.parse::<u64>().unwrap_or_default())),
        _ => (present, json!(value)),
    };
    let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
    let operation = if present { "replace" } else { "add" };
    patch(client, id, &json!([{"op": operation, "path": pointer, "value": value}])).await
}

async fn patch(client: &Client, id: &str, operations: &Value) -> Result<(), Problem> {
    let call =
        client.call(Method::PATCH, SERVICE, &path_of(id)).body(PATCH, operations.to_string().into_bytes());
    call.send().await.and_then(Answer::success).map(drop).map_err(refusal)
}

/// Has the cloud fetch an image. It becomes public only when it is whole; a failed one is removed.
pub(super) async fn import(client: &Client, new: &NewImage) -> Result<(), Problem> {
    let made = send(client, Method::POST, SERVICE, "images", &record(new)).await?;
    let id = text(&made.json()?, "id")
        .ok_or_else(|| Problem::new(format!("the new image {:?} shows no id", new.name)))?;
    let Err(problem) = Box::pin(fill(client, &id, new)).await else { return Ok(()) };
    match delete(client, SERVICE, &path_of(&id)).await {
        Ok(()) => Err(problem),
        Err(left) => {
            Err(Problem(format!("{problem}; and the unfinished image {id} could not be removed: {left}")))
        }
    }
}

fn record(new: &NewImage) -> Value {
    let mut image: Map<String, Value> =
        new.properties.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    image.extend([
        ("name".to_owned(), json!(new.name)),
        ("visibility".to_owned(), json!("private")),
        ("disk_format".to_owned(), json!("qcow2")),
        ("container_format".to_owned(), json!("bare")),
        ("min_disk".to_owned(), json!(new.min_disk)),
        ("min_ram".to_owned(), json!(new.min_ram)),
    ]);
    Value::Object(image)
}

async fn fill(client: &Client, id: &str, new: &NewImage) -> Result<(), Problem> {
    let body = json!({"method": {"name": "web-download", "uri": new.uri}});
    send(client, Method::POST, SERVICE, &format!("{}/import", path_of(id)), &body).await?;
    let what = format!("the download of {} into image {:?}", new.uri, new.name);
    until(&what, DOWNLOAD, || look(client, id, new)).await?;
    patch(client, id, &json!([{"op": "replace", "path": "/visibility", "value": "public"}])).await
}

/// Whether the download is over.
async fn look(client: &Client, id: &str, new: &NewImage) -> Result<Option<()>, Problem> {
    let image: Value = client.get(SERVICE, &path_of(id)).await?.success()?.json()?;
    let failed = text(&image, "os_glance_failed_import").filter(|stores| !stores.is_empty());
    match text(&image, "status").unwrap_or_default().as_str() {
        "active" => return Ok(Some(())),
        // before it begins, and after it failed
        "queued" => {}
        "importing" if failed.is_none() => return Ok(None),
        _ => return Err(undone(new, "the image went astray")),
    }
    let tasks: Value = client.get(SERVICE, &format!("{}/tasks", path_of(id))).await?.success()?.json()?;
    let tasks = tasks.get("tasks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match tasks.iter().find(|task| text(task, "status").as_deref() == Some("failure")) {
        Some(task) => Err(undone(new, &text(task, "message").unwrap_or_default())),
        None if failed.is_some() => Err(undone(new, "its import failed")),
        None => Ok(None),
    }
}

fn undone(new: &NewImage, because: &str) -> Problem {
    Problem(format!(
        "the cloud could not download {}: {because}; see whether its image service may reach the vendor",
        new.uri
    ))
}
