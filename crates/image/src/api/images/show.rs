//! `GET /v2/images/{id}`

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Path};
use serde_json::{Map, Value};

use crate::Images;
use crate::api::error::image_id;
use crate::api::wire::image::view;

/// Shows an image.
pub(crate) async fn show(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let image = images.show_image(&caller, image_id(&id)?).await?;
    Ok(Json(view(&image, &images.config().store_name)))
}
