//! An image as clients see it: base attributes and further properties in one flat object.

use serde_json::{Map, Value, json};

use crate::model::image::{HASH_ALGO, Image};

/// The view. `store` is the name of the store that holds the data.
pub(crate) fn view(image: &Image, store: &str) -> Map<String, Value> {
    let mut view: Map<String, Value> =
        image.properties.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let data = image.data.as_ref();
    let href = format!("/v2/images/{}", image.id);
    let size = data.map(|data| data.size).or(image.staged.as_ref().map(|staged| staged.size));
    let base = [
        ("name", json!(image.name)),
        ("disk_format", json!(image.disk_format)),
        ("container_format", json!(image.container_format)),
        ("visibility", json!(image.visibility)),
        ("size", json!(size)),
        ("virtual_size", json!(data.and_then(|data| data.virtual_size))),
        ("status", json!(image.status)),
        ("checksum", json!(data.map(|data| &data.checksum))),
        ("protected", json!(image.protected)),
        ("min_ram", json!(image.min_ram)),
        ("min_disk", json!(image.min_disk)),
        ("owner", json!(image.owner)),
        ("os_hidden", json!(image.hidden)),
        ("os_hash_algo", json!(data.map(|_| HASH_ALGO))),
        ("os_hash_value", json!(data.map(|data| &data.sha512))),
        ("id", json!(image.id)),
        ("created_at", json!(image.created_at.seconds_z())),
        ("updated_at", json!(image.updated_at.seconds_z())),
        ("tags", json!(image.tags)),
        ("file", json!(format!("{href}/file"))),
        ("self", json!(href)),
        ("schema", json!("/v2/schemas/image")),
    ];
    view.extend(base.map(|(name, value)| (name.to_owned(), value)));
    if data.is_some() {
        view.insert("stores".to_owned(), json!(store));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::tests::image;

    #[test]
    fn a_property_cannot_hide_a_base_attribute() {
        let mut image = image();
        image.properties.insert("status".into(), "active".into());
        image.properties.insert("os_distro".into(), "debian".into());
        let view = view(&image, "file");
        assert_eq!(view["status"], "queued");
        assert_eq!(view["os_distro"], "debian");
        assert_eq!(view["size"], Value::Null);
        assert!(!view.contains_key("stores"));
        assert_eq!(view["file"], format!("/v2/images/{}/file", image.id));
    }
}
