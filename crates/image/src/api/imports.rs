//! `POST /v2/images/{id}/import`

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::Value;

use super::error::{image_id, without_nul};
use crate::Images;
use crate::model::task::Method;
use crate::resources::images::attribute::excerpt;

/// Asks for an import; 202, it is done in the background.
pub(super) async fn import(call: Call<Images>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let (method, uri) = method(&body, &call.service.config().import_methods())?;
    stores(&body, &call.service.config().store_name)?;
    call.service.import(&call.caller, image_id(call.key())?, method, uri).await?;
    Ok(StatusCode::ACCEPTED)
}

fn method(body: &Value, known: &[&str]) -> Result<(Method, Option<String>), ApiError> {
    let wrong = |why: String| ApiError::bad_request(why);
    let method = body.get("method").and_then(Value::as_object);
    let method = method.ok_or_else(|| wrong("Import request requires a 'method' field.".into()))?;
    let name = method.get("name").ok_or_else(|| wrong("Import request requires a 'name' field.".into()))?;
    let name = excerpt(&name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    if !known.contains(&name.as_str()) {
        return Err(wrong(format!("Unknown import method name '{name}'.")));
    }
    for field in ["all_stores_must_succeed", "all_stores"] {
        if body.get(field).is_some_and(|value| !value.is_boolean()) {
            return Err(wrong(format!("'{field}' must be boolean value only")));
        }
    }
    if name == "glance-direct" {
        return Ok((Method::GlanceDirect, None));
    }
    let uri = method.get("uri").and_then(Value::as_str).filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| wrong("URI for web-download does not pass filtering: None".into()))?;
    without_nul(uri)?;
    Ok((Method::WebDownload, Some(uri.to_owned())))
}

/// There is one store; others are a conflict, as in Glance.
fn stores(body: &Value, own: &str) -> Result<(), ApiError> {
    let Some(named) = body.get("stores") else { return Ok(()) };
    let named = named.as_array().ok_or_else(|| ApiError::bad_request("'stores' must be a list of names"))?;
    match named.iter().find(|name| name.as_str() != Some(own)) {
        Some(other) => {
            let other = excerpt(&other.to_string());
            Err(ApiError::conflict(format!("Unknown scheme {other} found in stores")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies() {
        let read = |body: Value| method(&body, &["glance-direct", "web-download"]).ok();
        assert_eq!(
            read(json!({ "method": { "name": "glance-direct" } })),
            Some((Method::GlanceDirect, None))
        );
        let uri = json!({ "method": { "name": "web-download", "uri": "http://x/" } });
        assert_eq!(read(uri), Some((Method::WebDownload, Some("http://x/".into()))));
        for body in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "method": 1 }),
            json!({ "method": {} }),
            json!({ "method": { "name": "copy-image" } }),
            json!({ "method": { "name": ["x"] } }),
            json!({ "method": { "name": "web-download" } }),
            json!({ "method": { "name": "web-download", "uri": 1 } }),
            json!({ "method": { "name": "glance-direct" }, "all_stores": "yes" }),
        ] {
            assert_eq!(read(body.clone()), None, "{body}");
        }
        assert!(stores(&json!({ "stores": ["file"] }), "file").is_ok());
        assert!(stores(&json!({ "stores": ["ceph"] }), "file").is_err());
        assert!(stores(&json!({ "stores": "file" }), "file").is_err());
    }
}
