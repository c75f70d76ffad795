//! `PATCH /v2/images/{id}`

use axum::extract::State;
use http::{HeaderMap, header};
use kogge_http::{ApiError, Auth, Json, Path};
use serde_json::{Map, Value};

use crate::Images;
use crate::api::error::image_id;
use crate::api::wire::image::view;
use crate::api::wire::patch::{changes, dialect};

/// Changes an image.
pub(crate) async fn update(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let changes = changes(dialect(kind)?, &body)?;
    let image = images.update_image(&caller, image_id(&id)?, changes).await?;
    Ok(Json(view(&image, &images.config().store_name)))
}
