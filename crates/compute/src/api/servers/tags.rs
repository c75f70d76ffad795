//! `/servers/{id}/tags`, since 2.26.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use super::create::tag;
use crate::api::body::Fields;
use crate::api::query;
use crate::links;
use crate::{Compute, microversion as v};

/// `GET …/tags`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let server = call.service.server(&call.caller, call.key(), &call.rule).await?;
    Ok(Json(json!({ "tags": server.tags })))
}

/// `GET …/tags/{tag}`
pub(crate) async fn show(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    let server = call.service.server(&call.caller, id, &call.rule).await?;
    let known = server.tags.iter().any(|known| known == tag);
    known
        .then_some(StatusCode::NO_CONTENT)
        .ok_or_else(|| ApiError::not_found(format!("Server {id} has no tag '{tag}'")))
}

/// `PUT …/tags`
pub(crate) async fn replace(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let list = fields.required("tags", fields.list("tags")?)?;
    let tags = list.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    fields.finish()?;
    let tags = call.service.set_tags(&call.caller, call.key(), &tags).await?;
    Ok(Json(json!({ "tags": tags })))
}

/// `PUT …/tags/{tag}`: 201 for a new one, 204 for one that was there.
pub(crate) async fn add(call: Call<Compute>) -> Result<Response, ApiError> {
    let [id, name] = call.keys();
    tag(&Value::from(name)).map_err(|error| {
        ApiError::bad_request(format!("Tag '{name}' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: {}", error.message()))
    })?;
    if !call.service.add_tag(&call.caller, id, name).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut response = StatusCode::CREATED.into_response();
    let location = call.base.join(&format!("{}/servers/{id}/tags/{name}", links::ROOT));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `DELETE …/tags/{tag}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    call.service.delete_tags(&call.caller, id, Some(tag)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/tags`
pub(crate) async fn delete_all(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_tags(&call.caller, call.key(), None).await?;
    Ok(StatusCode::NO_CONTENT)
}
