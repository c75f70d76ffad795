//! `kogge image`: an image that everybody may use, from a file, once.
//!
//! The image's id follows from its name and its data. So whoever publishes the same file twice, or at the same time as
//! somebody else, names the same image; and one that an operator has deleted does not come back, because an id of an image
//! is never given twice.

use std::path::Path;
use std::time::Duration;

use kogge_client::{Answer, Client, Method, chain};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use crate::cli::{Image, Publish};
use crate::commands::check::target;
use crate::exit::{Exit, Failure};
use crate::output::line;

/// Largest file: it is held in memory.
const LARGEST: u64 = 512 << 20;
/// Longest upload.
const PATIENCE: Duration = Duration::from_secs(600);
/// The account of a cloud on this machine that may publish.
const ADMINISTRATOR: &str = "kogge-admin";
/// Of the ids of images that are made here.
const NAMESPACE: Uuid = Uuid::from_u128(0x6b6f_6767_6500_4000_8000_7075_626c_6973);

/// Does what the command line says.
///
/// # Errors
/// Where the file cannot be read, or the cloud does not take it.
pub async fn run(command: Image) -> Result<Exit, Failure> {
    let Image::Publish(arguments) = command;
    let data = read(&arguments.file).await?;
    let client = client(&arguments)?;
    let id = id(&arguments.name, &data);
    let told = publish(&client, id, &arguments, data).await?;
    line(&format!("{} ({id}): {told}", arguments.name));
    Ok(Exit::Pass)
}

async fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut data = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut data).await.map_err(failed)?;
    if data.len() as u64 > LARGEST {
        return Err(Failure::Usage(format!(
            "{} is larger than 512 MiB: upload it with `openstack image create --file`",
            path.display()
        )));
    }
    if !data.starts_with(b"QFI\xfb") {
        return Err(Failure::Usage(format!("{} is no qcow2 file", path.display())));
    }
    Ok(data)
}

fn client(arguments: &Publish) -> Result<Client, Failure> {
    let target =
        crate::cli::Target { cloud: arguments.cloud.clone(), region: None, data: arguments.data.clone() };
    if target.cloud.is_some() {
        return target::client(&target);
    }
    target::client_of_machine(arguments.data.as_deref(), ADMINISTRATOR)
}

fn id(name: &str, data: &[u8]) -> Uuid {
    let digest = Sha256::digest(data);
    Uuid::new_v5(&NAMESPACE, format!("{}:{name}", hex::encode(digest)).as_bytes())
}

/// Makes the image, or finds it; what was done.
async fn publish(
    client: &Client,
    id: Uuid,
    wanted: &Publish,
    data: Vec<u8>,
) -> Result<&'static str, Failure> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: kogge_client::Error| Failure::outside(&what, chain(&error))
    };
    let made = client.request(Method::POST, "image", "images", None, Some(&body(id, wanted))).await;
    let made = made.map_err(failed("making the image"))?;
    if made.status.as_u16() == 409 {
        match status(client, id).await?.as_deref() {
            Some("queued") => {}
            Some("saving" | "importing" | "active") => return wait(client, id, "is there already").await,
            Some("deactivated") => return Ok("is there, and was taken out of service"),
            Some(other) => return Err(Failure::Outside(format!("image {id} is {other}"))),
            None => return Ok("was deleted, and is not made again"),
        }
    } else {
        made.success().map_err(failed("making the image"))?;
    }
    let path = format!("images/{id}/file");
    let upload = client.call(Method::PUT, "image", &path).body("application/octet-stream", data);
    let sent = upload.deadline(PATIENCE).send().await.map_err(failed("sending its data"))?;
    // somebody else may be sending the same at this moment
    if sent.status.as_u16() != 409 {
        sent.success().map_err(failed("sending its data"))?;
    }
    wait(client, id, "is there now, for everybody").await
}

fn body(id: Uuid, wanted: &Publish) -> Value {
    let mut body: Map<String, Value> =
        wanted.properties.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    let own = [
        ("id", Value::from(id.to_string())),
        ("name", Value::from(wanted.name.as_str())),
        ("visibility", Value::from("public")),
        ("disk_format", Value::from("qcow2")),
        ("container_format", Value::from("bare")),
        ("min_disk", Value::from(wanted.min_disk)),
        ("min_ram", Value::from(wanted.min_ram)),
    ];
    body.extend(own.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(body)
}

/// Its status; `None` where it is not there.
async fn status(client: &Client, id: Uuid) -> Result<Option<String>, Failure> {
    let asked = client.get("image", &format!("images/{id}")).await;
    let failed = |error| Failure::outside("looking at the image", chain(&error));
    let answer = asked.map_err(failed)?;
    if answer.status.as_u16() == 404 {
        return Ok(None);
    }
    let body: Value = answer.success().and_then(|answer: Answer| answer.json()).map_err(failed)?;
    Ok(body["status"].as_str().map(str::to_owned))
}

/// Waits until it can be used.
async fn wait(client: &Client, id: Uuid, then: &'static str) -> Result<&'static str, Failure> {
    let waiting = async {
        loop {
            match status(client, id).await?.as_deref() {
                Some("active") => return Ok(then),
                // whoever was sending it gave up
                None | Some("queued" | "killed") => {
                    return Err(Failure::Outside(format!("image {id} got no data: try again")));
                }
                Some(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    };
    let late = |_| Failure::Outside(format!("image {id} is still not active"));
    tokio::time::timeout(PATIENCE, waiting).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_follows_from_name_and_data() {
        assert_eq!(id("a", b"x"), id("a", b"x"));
        assert_ne!(id("a", b"x"), id("b", b"x"));
        assert_ne!(id("a", b"x"), id("a", b"y"));
    }

    #[tokio::test]
    async fn what_is_no_qcow2_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("disk.raw");
        std::fs::write(&file, [0; 512]).unwrap();
        assert!(read(&file).await.unwrap_err().to_string().contains("no qcow2"));
        assert!(read(&dir.path().join("none")).await.unwrap_err().to_string().contains("cannot be read"));
    }
}
