//! `GET /v2/images/{id}`

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Map, Value};

use crate::Images;
use crate::api::error::image_id;
use crate::api::wire::image::view;

/// Shows an image.
pub(crate) async fn show(call: Call<Images>) -> Result<Json<Map<String, Value>>, ApiError> {
    let image = call.service.show_image(&call.caller, image_id(call.key())?).await?;
    Ok(Json(view(&image, &call.service.config().store_name)))
}
