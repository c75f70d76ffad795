//! What the cloud has that the walk can use: an image, a flavor, a network with a way out.

use kogge_client::Client;
use serde_json::Value;

use super::Stop;

/// How the images that this project builds are called.
const TINY: &str = "kogge-tiny";
/// The smallest flavor with a disk that SCS-0103 knows.
const FLAVOR: &str = "SCS-1L-1-5";

/// An image to boot from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: String,
    /// Who logs in, as SCS-0102 has it told.
    pub(super) user: Option<String>,
    pub(super) min_disk: u64,
    pub(super) min_ram: u64,
}

/// The image that was asked for, or the one that suits a walk best; `None` where the cloud has none.
pub(super) async fn image(client: &Client, asked: Option<&str>) -> Result<Option<Image>, Stop> {
    let list = client.list("image", "images", "images").with(|call| call.query("status", "active"));
    let all: Vec<Value> = list.collect().await?;
    match asked {
        Some(asked) => match all.iter().find(|image| is(image, asked)) {
            Some(found) => Ok(Some(read(found))),
            None => Err(Stop::Failed(format!("there is no active image called {asked}"))),
        },
        None => Ok(best(&all).map(read)),
    }
}

/// A tiny one of ours, the newest; else the smallest public one.
fn best(all: &[Value]) -> Option<&Value> {
    let bootable = |image: &&Value| image["container_format"] == "bare" && image["visibility"] == "public";
    let ours = |image: &Value| text(image, "name").starts_with(TINY);
    let all = || all.iter().filter(bootable);
    let tiny = all().filter(|image| ours(image)).max_by_key(|image| text(image, "created_at"));
    tiny.or_else(|| all().min_by_key(|image| image["size"].as_u64().unwrap_or(u64::MAX)))
}

/// The flavor that was asked for, or a small one with a disk that takes the image: name and id.
pub(super) async fn flavor(
    client: &Client,
    asked: Option<&str>,
    image: &Image,
) -> Result<(String, String), Stop> {
    let all: Vec<Value> = client.list("compute", "flavors/detail", "flavors").collect().await?;
    let found = match asked {
        Some(asked) => all.iter().find(|flavor| is(flavor, asked)),
        None => smallest(&all, image),
    };
    let found = found.ok_or_else(|| match asked {
        Some(asked) => Stop::Failed(format!("there is no flavor called {asked}")),
        None => {
            Stop::Failed(format!("no flavor has a disk and the memory that the image {} needs", image.name))
        }
    })?;
    Ok((text(found, "name").to_owned(), text(found, "id").to_owned()))
}

fn smallest<'a>(all: &'a [Value], image: &Image) -> Option<&'a Value> {
    let number = |flavor: &Value, key: &str| flavor[key].as_u64().unwrap_or(0);
    let suits = |flavor: &&Value| {
        number(flavor, "disk") >= image.min_disk.max(1) && number(flavor, "ram") >= image.min_ram
    };
    let mut suiting = all.iter().filter(suits);
    let usual = suiting.clone().find(|flavor| flavor["name"] == FLAVOR);
    let size = |flavor: &&Value| (number(flavor, "ram"), number(flavor, "vcpus"), number(flavor, "disk"));
    usual.or_else(|| suiting.by_ref().min_by_key(size))
}

/// A network with a way out, as name and id.
pub(super) async fn external(client: &Client) -> Result<Option<(String, String)>, Stop> {
    let list =
        client.list("network", "networks", "networks").with(|call| call.query("router:external", "true"));
    let all: Vec<Value> = list.collect().await?;
    Ok(all.first().map(|network| (text(network, "name").to_owned(), text(network, "id").to_owned())))
}

fn is(object: &Value, asked: &str) -> bool {
    object["id"] == asked || object["name"] == asked
}

pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

pub(super) fn read(image: &Value) -> Image {
    let user = Some(text(image, "image_original_user")).filter(|user| !user.is_empty() && *user != "none");
    Image {
        id: text(image, "id").to_owned(),
        name: text(image, "name").to_owned(),
        user: user.map(str::to_owned),
        min_disk: image["min_disk"].as_u64().unwrap_or(0),
        min_ram: image["min_ram"].as_u64().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(name: &str, size: u64, created: &str, visibility: &str) -> Value {
        json!({"id": name, "name": name, "size": size, "created_at": created, "visibility": visibility,
            "container_format": "bare"})
    }

    #[test]
    fn a_tiny_image_of_ours_is_preferred_then_the_smallest_public_one() {
        let others = [seen("Debian 12", 300, "1", "public"), seen("Alpine", 50, "1", "public")];
        let ours = [seen("kogge-tiny-1", 400, "1", "public"), seen("kogge-tiny-2", 400, "2", "public")];
        let own = seen("kogge-tiny-3", 1, "3", "private");
        let all = [&others[..], &ours[..], std::slice::from_ref(&own)].concat();
        assert_eq!(read(best(&all).unwrap()).name, "kogge-tiny-2");
        assert_eq!(read(best(&others).unwrap()).name, "Alpine");
        assert!(best(&[own]).is_none());
    }

    #[test]
    fn the_flavor_takes_the_image() {
        let flavor =
            |name: &str, ram: u64, disk: u64| json!({"name": name, "ram": ram, "disk": disk, "vcpus": 1});
        let all = [
            flavor("no-disk", 512, 0),
            flavor("big", 8192, 20),
            flavor(FLAVOR, 1024, 5),
            flavor("s", 512, 4),
        ];
        let image = |min_disk, min_ram| Image { min_disk, min_ram, ..read(&json!({})) };
        let of = |image: &Image| smallest(&all, image).map(|flavor| text(flavor, "name").to_owned());
        assert_eq!(of(&image(0, 0)).as_deref(), Some(FLAVOR));
        assert_eq!(of(&image(10, 0)).as_deref(), Some("big"));
        assert_eq!(of(&image(50, 0)), None);
        assert_eq!(smallest(&all[3..], &image(1, 0)).unwrap()["name"], "s");
    }
}
