//! Steps about images.

use std::time::Duration;

use kogge_client::{Answer, Client, Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{delete, refusal, send};
use crate::fix::action::NewImage;
use crate::lookup::text;
use crate::wait::{Look, until};

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
pub(super) async fn import(
    client: &Client,
    new: &NewImage,
    cancel: &CancellationToken,
) -> Result<(), Problem> {
    let id = begun(client, new).await?;
    let filled = tokio::select! {
        biased;
        filled = Box::pin(fill(client, &id, new)) => filled,
        () = cancel.cancelled() => Err(Problem::ours("stopped while the cloud downloaded it")),
    };
    let Err(problem) = filled else { return Ok(()) };
    let Err(left) = delete(client, SERVICE, &path_of(&id)).await else { return Err(problem) };
    Err(problem
        .reworded(|words| format!("{words}; and the unfinished image {id} could not be removed: {left}")))
}

/// The new image's id. It follows from name and address, so that a second try finds what a first one left half-way. The
/// image service never gives the id of a deleted image again: then it chooses one itself.
async fn begun(client: &Client, new: &NewImage) -> Result<String, Problem> {
    let place = format!("{}\n{}", client.config().auth_url, new.uri);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{place}\n{}", new.name).as_bytes()).to_string();
    let mut named = record(new);
    named["id"] = json!(id);
    let answer = client.call(Method::POST, SERVICE, "images").json(&named).send().await?;
    let made: Value = if answer.status.as_u16() == 409 {
        let known = client.get(SERVICE, &path_of(&id)).await?;
        if known.status.is_success() {
            known
        } else {
            send(client, Method::POST, SERVICE, "images", &record(new)).await?
        }
    } else {
        answer.success().map_err(refusal)?
    }
    .json()?;
    text(&made, "id").ok_or_else(|| Problem::cloud(format!("the new image {:?} shows no id", new.name)))
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
    let image: Value = client.get(SERVICE, &path_of(id)).await?.success()?.json()?;
    // an earlier try may have got further
    if text(&image, "status").as_deref() == Some("queued") {
        let body = json!({"method": {"name": "web-download", "uri": new.uri}});
        send(client, Method::POST, SERVICE, &format!("{}/import", path_of(id)), &body).await?;
    }
    let what = format!("the download of {} into image {:?}", new.uri, new.name);
    until(&what, DOWNLOAD, || async { Look::tolerant(look(client, id, new).await.map(Look::of)) }).await?;
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
    Problem::cloud(format!(
        "the cloud could not download {}: {because}; see whether its image service may reach the vendor",
        new.uri
    ))
}
