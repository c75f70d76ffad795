//! `PUT /v2/images/{id}/file` and `PUT /v2/images/{id}/stage`

use axum::body::Body;
use http::{HeaderMap, StatusCode, header};
use kogge_http::{ApiError, ErrorKind};

use crate::Images;
use crate::api::error::image_id;
use crate::service::bounds::Resource;
use kogge_resource::Call;

/// Takes the data of an image.
pub(crate) async fn upload(call: Call<Images>, body: Body) -> Result<StatusCode, ApiError> {
    known_store(&call.service, &call.headers)?;
    take(&call, Resource::Stored, body).await
}

/// Takes data for a later import.
pub(crate) async fn stage(call: Call<Images>, body: Body) -> Result<StatusCode, ApiError> {
    take(&call, Resource::Staged, body).await
}

async fn take(call: &Call<Images>, kind: Resource, body: Body) -> Result<StatusCode, ApiError> {
    let size = checked(&call.headers)?;
    let id = image_id(call.key())?;
    call.service.take(&call.caller, id, kind, size, body.into_data_stream()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Content type and announced size.
fn checked(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let kind = text(header::CONTENT_TYPE.as_str()).unwrap_or("");
    if kind.split(';').next().unwrap_or("").trim() != "application/octet-stream" {
        return Err(ApiError::new(ErrorKind::UnsupportedMediaType, format!("Invalid content type {kind}")));
    }
    let invalid = |_| ApiError::bad_request("Invalid or missing image size in request headers.");
    match text("x-openstack-image-size") {
        Some(size) => size.trim().parse().map(Some).map_err(invalid),
        None => Ok(None),
    }
}

fn known_store(images: &Images, headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("x-image-meta-store").map(|name| name.to_str().unwrap_or("")) {
        Some(name) if name != images.config().store_name => {
            Err(ApiError::bad_request(format!("Unknown scheme '{name}' found in URI")))
        }
        _ => Ok(()),
    }
}
