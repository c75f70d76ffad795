//! `/v2/tasks` and `/v2/images/{id}/tasks`: imports, to be read only.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use super::error::{image_id, without_nul};
use super::wire::import::{stub, view};
use crate::Images;

/// The imports of an image.
pub(super) async fn of_image(call: Call<Images>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let imports = call.service.imports_of(&call.caller, image_id(id)?).await?;
    let views: Vec<Map<String, Value>> = imports.iter().map(view).collect();
    Ok(Json(json!({ "tasks": views })))
}

/// The newest thousand.
pub(super) async fn list(State(images): State<Images>, Auth(caller): Auth) -> Result<Json<Value>, ApiError> {
    let imports = images.list_imports(&caller).await?;
    let views: Vec<Map<String, Value>> = imports.iter().map(stub).collect();
    Ok(Json(json!({ "tasks": views, "first": "/v2/tasks", "schema": "/v2/schemas/tasks" })))
}

/// One of them.
pub(super) async fn show(call: Call<Images>) -> Result<Json<Map<String, Value>>, ApiError> {
    let id = call.key();
    without_nul(id)?;
    Ok(Json(view(&call.service.show_import(&call.caller, id).await?)))
}
