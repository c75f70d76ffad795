//! An import on the wire: a "task" of Glance.

use serde_json::{Map, Value, json};

use crate::model::task::{Import, Method};

/// A line of a list.
pub(crate) fn stub(import: &Import) -> Map<String, Value> {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("id", json!(import.id));
    put("type", json!("api_image_import"));
    put("status", json!(import.progress.as_str()));
    put("owner", json!(import.owner));
    put("created_at", json!(import.created_at.seconds_z()));
    put("updated_at", json!(import.updated_at.seconds_z()));
    put("self", json!(format!("/v2/tasks/{}", import.id)));
    put("schema", json!("/v2/schemas/task"));
    if let Some(expires) = import.expires_at {
        put("expires_at", json!(expires.seconds_z()));
    }
    view
}

/// All of it.
pub(crate) fn view(import: &Import) -> Map<String, Value> {
    let mut view = stub(import);
    let method = match &import.method {
        Method::GlanceDirect => json!({ "name": "glance-direct" }),
        Method::WebDownload { uri } => json!({ "name": "web-download", "uri": uri }),
    };
    let input = json!({ "image_id": import.image_id, "import_req": { "method": method }, "backend": [null] });
    view.insert("input".to_owned(), input);
    view.insert("result".to_owned(), Value::Null);
    view.insert("message".to_owned(), json!(import.message));
    view.insert("image_id".to_owned(), json!(import.image_id));
    view.insert("request_id".to_owned(), json!(import.request_id));
    view.insert("user_id".to_owned(), json!(import.user_id));
    view
}
