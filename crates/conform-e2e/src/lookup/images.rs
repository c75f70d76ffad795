//! The images to start servers from: the smallest public ones, or the one that was asked for.

use kogge_client::Client;
use kogge_conform::Problem;
use serde_json::Value;

use super::{Facts, Wishes, text};

const GIB: u64 = 1 << 30;

/// An image that servers can start from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How large its file is, in bytes.
    pub size: u64,
    /// What it needs of a disk, in GiB.
    pub min_disk_gib: u64,
    /// What it needs of memory, in MiB.
    pub min_ram_mib: u64,
}

pub(super) async fn choose(client: &Client, wishes: &Wishes, facts: &mut Facts) -> Result<(), Problem> {
    let list = client.list("image", "images", "images").with(|call| call.query("limit", "1000"));
    let listed: Vec<Value> = list.collect().await?;
    facts.images = pick(&listed, wishes.image.as_deref())?;
    match facts.images.as_slice() {
        [] => facts.notes.push("there is no public image; name one with --image".to_owned()),
        [_] => facts.notes.push("there is one image only, so filters by image are not tested".to_owned()),
        _ => {}
    }
    Ok(())
}

/// The image asked for, or the smallest public one; and another one besides.
fn pick(listed: &[Value], wish: Option<&str>) -> Result<Vec<Image>, Problem> {
    let mut usable: Vec<(bool, Image)> = listed.iter().filter_map(read).collect();
    usable.sort_by(|(_, a), (_, b)| (a.size, &a.name, &a.id).cmp(&(b.size, &b.name, &b.id)));
    let mut chosen = Vec::new();
    if let Some(wish) = wish {
        let named = usable.iter().find(|(_, image)| image.id == wish || image.name == wish);
        let (_, image) = named.ok_or_else(|| {
            Problem::setup(format!("there is no active image {wish:?} in a disk format that can be started"))
        })?;
        chosen.push(image.clone());
    }
    let others = usable.into_iter().filter(|(public, _)| *public).map(|(_, image)| image);
    let first = chosen.first().map(|image| image.id.clone());
    chosen.extend(others.filter(|image| first.as_ref() != Some(&image.id)));
    chosen.truncate(2);
    Ok(chosen)
}

/// Whether it is public, and the image; `None` if no server can start from it.
fn read(image: &Value) -> Option<(bool, Image)> {
    let is = |key: &str, words: &[&str]| {
        image.get(key).and_then(Value::as_str).is_some_and(|w| words.contains(&w))
    };
    let hidden = image.get("os_hidden").and_then(Value::as_bool).unwrap_or(false);
    let bare = is("container_format", &["bare"]);
    let disk = is("disk_format", &["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"]);
    if !is("status", &["active"]) || hidden || !bare || !disk || is("image_type", &["snapshot"]) {
        return None;
    }
    let number = |key: &str| image.get(key).and_then(Value::as_u64);
    let size = number("size").filter(|size| *size > 0)?;
    let content = number("virtual_size").unwrap_or(size).div_ceil(GIB);
    let found = Image {
        id: text(image, "id")?,
        name: text(image, "name").unwrap_or_default(),
        size,
        min_disk_gib: number("min_disk").unwrap_or(0).max(content),
        min_ram_mib: number("min_ram").unwrap_or(0),
    };
    Some((is("visibility", &["public", "community"]), found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn image(name: &str, size: u64) -> Value {
        json!({"id": format!("id-{name}"), "name": name, "status": "active", "visibility": "public", "size": size,
            "disk_format": "qcow2", "container_format": "bare", "min_disk": 0, "min_ram": 0, "virtual_size": null})
    }

    fn with(mut image: Value, key: &str, value: Value) -> Value {
        image[key] = value;
        image
    }

    #[test]
    fn the_two_smallest_public_images_are_taken() {
        let names = |listed: &[Value], wish| {
            pick(listed, wish).unwrap().into_iter().map(|image| image.name).collect::<Vec<_>>()
        };
        let listed = [image("big", 900), image("small", 5), image("mid", 70)];
        assert_eq!(names(&listed, None), ["small", "mid"]);
        assert_eq!(names(&listed, Some("id-big")), ["big", "small"]);
        assert!(pick(&listed, Some("none")).unwrap_err().text().contains("none"));
    }

    #[test]
    fn what_cannot_be_started_or_is_not_for_all_is_left_aside() {
        let good = image("x", 5);
        for (key, value) in [
            ("status", json!("queued")),
            ("visibility", json!("private")),
            ("visibility", json!(["public"])),
            ("os_hidden", json!(true)),
            ("disk_format", json!("iso")),
            ("container_format", json!("ami")),
            ("size", json!(0)),
            ("size", json!("5")),
            ("size", json!(-1)),
            ("id", json!("a\nb = c")),
            ("id", json!(7)),
            ("image_type", json!("snapshot")),
        ] {
            assert_eq!(pick(&[with(good.clone(), key, value.clone())], None).unwrap(), [], "{key}: {value}");
        }
        assert_eq!(pick(&[json!(null), json!([]), json!("x")], None).unwrap(), []);
    }

    #[test]
    fn what_an_image_needs_of_a_disk_is_the_most_that_it_says() {
        let found = pick(&[with(image("x", 5), "virtual_size", json!(GIB * 3 + 1))], None).unwrap();
        assert_eq!(found[0].min_disk_gib, 4);
    }
}
