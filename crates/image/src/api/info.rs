//! `/v2/info`, and `/v2/stores`, of which there is one.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use super::error::image_id;
use crate::Images;

/// Ways to import.
pub(super) async fn import(State(images): State<Images>) -> Json<Value> {
    let methods = images.config().import_methods();
    Json(json!({ "import-methods": {
        "description": "Import methods available.", "type": "array", "value": methods,
    } }))
}

/// The store.
pub(super) async fn stores(State(images): State<Images>) -> Json<Value> {
    Json(json!({ "stores": [{ "id": images.config().store_name, "default": "true" }] }))
}

/// The store with details, for administrators and services.
pub(super) async fn stores_detail(call: Call<Images>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    let config = call.service.config();
    let properties =
        json!({ "data_dir": config.data_dir, "chunk_size": 262_144, "thin_provisioning": false });
    let store = json!({
        "id": config.store_name, "default": "true", "type": "file", "weight": 0, "properties": properties,
    });
    Ok(Json(json!({ "stores": [store] })))
}

/// What the caller's project uses.
pub(super) async fn usage(State(images): State<Images>, Auth(caller): Auth) -> Result<Json<Value>, ApiError> {
    let counted = images.usage(&caller).await?;
    let usage: Map<String, Value> = counted
        .into_iter()
        .map(|(name, usage, limit)| (name.to_string(), json!({ "usage": usage, "limit": limit })))
        .collect();
    Ok(Json(json!({ "usage": usage })))
}

/// Data are not removed from the only store that has them.
pub(super) async fn delete_from_store(call: Call<Images>) -> Result<(), ApiError> {
    let [store, id] = call.keys();
    if store != call.service.config().store_name {
        let message = format!("The selected store {store} is not available on this node.");
        return Err(ApiError::conflict(message));
    }
    call.service.show_image(&call.caller, image_id(id)?).await?;
    let message =
        "Cannot delete image data from the only store containing it. Consider deleting the image instead.";
    Err(ApiError::forbidden(message))
}
