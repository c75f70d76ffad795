//! `POST /v2/images`

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, BaseUrl, Json};
use kogge_ids::ImageId;
use kogge_resource::Call;
use serde_json::{Map, Value};

use crate::Images;
use crate::api::wire::attribute::{attribute, base, mismatch, property, settable};
use crate::api::wire::image::view;
use crate::model::change::Change;

/// Registers an image.
pub(crate) async fn create(
    call: Call<Images>,
    address: BaseUrl,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let Value::Object(body) = body else { return Err(mismatch("the body is not an object")) };
    let (id, attributes) = command(&body)?;
    let image = call.service.create_image(&call.caller, id, attributes).await?;
    let config = call.service.config();
    let headers = [
        ("location", address.join(&format!("/v2/images/{}", image.id))),
        ("openstack-image-import-methods", config.import_methods().join(",")),
        ("openstack-image-store-ids", config.store_name.clone()),
    ];
    Ok((StatusCode::CREATED, headers, Json(view(&image, &config.store_name))).into_response())
}

/// Reads the body: an id, if one is chosen, and attributes. Types come first (400), then what nobody may set (403), as in
/// Glance.
fn command(body: &Map<String, Value>) -> Result<(Option<ImageId>, Vec<Change>), ApiError> {
    let (mut id, mut attributes, mut refused) = (None, Vec::new(), None);
    for (name, value) in body {
        if name == "id" {
            let known = value.as_str().filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
            id = Some(known.ok_or_else(|| mismatch(format!("{value} is not a UUID (attribute 'id')")))?);
        } else if let Some(known) = base(name) {
            attributes.push(Change::Set(attribute(known, value)?));
        } else if let Err(error) = settable(name) {
            refused = refused.or(Some(error));
        } else if name == "locations" {
            refused = refused.or_else(|| Some(ApiError::forbidden("Attribute 'locations' is reserved.")));
        } else {
            attributes.push(Change::Add(name.clone(), property(name, value)?, false));
        }
    }
    refused.map_or(Ok((id, attributes)), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::apply;
    use crate::model::image::{Image, tests::image};
    use crate::model::visibility::Visibility;
    use serde_json::json;

    fn read(body: Value) -> Result<Image, u16> {
        let read = command(body.as_object().unwrap()).map_err(|error| error.kind().status().as_u16());
        let mut image = image();
        read?.1.into_iter().for_each(|change| apply(&mut image, change).unwrap());
        Ok(image)
    }

    #[test]
    fn base_attributes_and_properties_are_told_apart() {
        let new = read(json!({ "name": "a", "os_distro": "debian", "min_disk": 2, "owner": null })).unwrap();
        assert_eq!((new.name.as_deref(), new.min_disk, new.owner), (Some("a"), 2, None));
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
