//! `PATCH /v2/images/{id}`

use http::header;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Map, Value};

use crate::Images;
use crate::api::error::image_id;
use crate::api::wire::image::view;
use crate::api::wire::patch::{changes, dialect};

/// Changes an image.
pub(crate) async fn update(
    call: Call<Images>,
    Json(body): Json<Value>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let kind = call.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let changes = changes(dialect(kind)?, &body)?;
    let image = call.service.update_image(&call.caller, image_id(call.key())?, changes).await?;
    Ok(Json(view(&image, &call.service.config().store_name)))
}
