//! `POST /v2/images`

use std::collections::{BTreeMap, BTreeSet};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, BaseUrl, Json};
use kogge_resource::Call;
use serde_json::{Map, Value};

use crate::Images;
use crate::api::wire::attribute::{attribute, base, mismatch, property, settable};
use crate::api::wire::image::view;
use crate::model::change::Attribute;
use crate::model::visibility::Visibility;
use crate::service::images::NewImage;

/// Registers an image.
pub(crate) async fn create(
    call: Call<Images>,
    address: BaseUrl,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let Value::Object(body) = body else { return Err(mismatch("the body is not an object")) };
    let image = call.service.create_image(&call.caller, command(&body)?).await?;
    let config = call.service.config();
    let headers = [
        ("location", address.join(&format!("/v2/images/{}", image.id))),
        ("openstack-image-import-methods", config.import_methods().join(",")),
        ("openstack-image-store-ids", config.store_name.clone()),
    ];
    Ok((StatusCode::CREATED, headers, Json(view(&image, &config.store_name))).into_response())
}

/// Reads the body. Types come first (400), then what nobody may set (403), as in Glance.
fn command(body: &Map<String, Value>) -> Result<NewImage, ApiError> {
    let mut new = blank();
    let mut refused = None;
    for (name, value) in body {
        if name == "id" {
            let id = value.as_str().filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
            new.id = Some(id.ok_or_else(|| mismatch(format!("{value} is not a UUID (attribute 'id')")))?);
        } else if let Some(known) = base(name) {
            set(&mut new, attribute(known, value)?);
        } else if let Err(error) = settable(name) {
            refused = refused.or(Some(error));
        } else if name == "locations" {
            refused = refused.or_else(|| Some(ApiError::forbidden("Attribute 'locations' is reserved.")));
        } else {
            new.properties.insert(name.clone(), property(name, value)?);
        }
    }
    refused.map_or(Ok(new), Err)
}

fn blank() -> NewImage {
    NewImage {
        id: None,
        owner: None,
        name: None,
        visibility: Visibility::Shared,
        protected: false,
        hidden: false,
        disk_format: None,
        container_format: None,
        min_disk: 0,
        min_ram: 0,
        properties: BTreeMap::new(),
        tags: BTreeSet::new(),
    }
}

fn set(new: &mut NewImage, attribute: Attribute) {
    match attribute {
        Attribute::Name(value) => new.name = value,
        Attribute::Visibility(value) => new.visibility = value,
        Attribute::Protected(value) => new.protected = value,
        Attribute::Hidden(value) => new.hidden = value,
        Attribute::Owner(value) => new.owner = Some(value),
        Attribute::DiskFormat(value) => new.disk_format = value,
        Attribute::ContainerFormat(value) => new.container_format = value,
        Attribute::MinDisk(value) => new.min_disk = value,
        Attribute::MinRam(value) => new.min_ram = value,
        Attribute::Tags(value) => new.tags = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<NewImage, u16> {
        command(body.as_object().unwrap()).map_err(|error| error.kind().status().as_u16())
    }

    #[test]
    fn base_attributes_and_properties_are_told_apart() {
        let new = read(json!({ "name": "a", "os_distro": "debian", "min_disk": 2, "owner": null })).unwrap();
        assert_eq!((new.name.as_deref(), new.min_disk, new.owner), (Some("a"), 2, Some(None)));
        assert_eq!(new.properties["os_distro"], "debian");
        assert_eq!(new.visibility, Visibility::Shared);
    }

    #[test]
    fn wrong_types_are_400_even_beside_read_only_attributes() {
        assert_eq!(read(json!({ "status": "active" })), Err(403));
        assert_eq!(read(json!({ "locations": [] })), Err(403));
        assert_eq!(read(json!({ "status": "active", "name": 1 })), Err(400));
        assert_eq!(read(json!({ "id": "x" })), Err(400));
        assert_eq!(read(json!({ "id": "11111111222243338444555555555555" })), Err(400));
    }
}
