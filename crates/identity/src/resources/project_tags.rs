//! Tags of projects: `/v3/projects/{project_id}/tags`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_auth::Rule;
use kogge_http::{ApiError, Json};
use kogge_resource::{At, Call, Loaded, Service as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::project_body::kind;
use super::projects::Projects;
use super::{Object, itself, refuse_immutable};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::policy;
use crate::service::{Identity, checked_tag, checked_tags};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replace {
    tags: Vec<String>,
}

fn missing(tag: &str) -> Error {
    Error::Missing(format!("Could not find project tag: {tag}."))
}

/// The project of the path and the tag, if the path has one.
fn place(call: &Call<Identity>) -> (&str, &str) {
    (call.param("project_id"), call.param("value"))
}

async fn tags_of(call: &Call<Identity>, rule: &Rule) -> Result<Vec<String>> {
    let project = Loaded::<Projects>::get(call, &mut At::Now(&call.service), place(call).0, rule).await?;
    Ok(project.tags.clone())
}

/// Changes the tags of a project that `rule` lets the caller change.
async fn change(
    call: &Call<Identity>,
    rule: &Rule,
    change: impl FnOnce(Vec<String>) -> Result<Vec<String>> + Send,
) -> Result<Vec<String>> {
    tags_of(call, rule).await?;
    let mut draft = call.service.begin().await?;
    let old = Loaded::<Projects>::get(call, &mut At::In(&mut draft), place(call).0, rule).await?.into_row();
    refuse_immutable(kind(&old), &old.id, old.immutable, "update", false)?;
    let tags = change(old.tags.clone())?;
    draft.put(Project { tags: tags.clone(), ..(*old).clone() });
    call.service.commit(draft).await?;
    Ok(tags)
}

fn shown(call: &Call<Identity>, tags: &[String]) -> Json<Value> {
    Json(json!({ "tags": tags, "links": { "self": itself(call) } }))
}

/// `GET`.
pub(crate) async fn list(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let tags = tags_of(&call, &policy::LIST_PROJECT_TAGS).await?;
    Ok(shown(&call, &tags))
}

/// `PUT`.
pub(crate) async fn replace(
    call: Call<Identity>,
    Json(Object(body)): Json<Object<Replace>>,
) -> Result<Json<Value>, ApiError> {
    let tags = change(&call, &policy::UPDATE_PROJECT_TAGS, |_| checked_tags(body.tags)).await?;
    Ok(shown(&call, &tags))
}

/// `DELETE` of all.
pub(crate) async fn clear(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    change(&call, &policy::DELETE_PROJECT_TAGS, |_| Ok(Vec::new())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD` of one.
pub(crate) async fn check(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let tag = place(&call).1;
    let has = tags_of(&call, &policy::GET_PROJECT_TAG).await?.iter().any(|found| found == tag);
    if has { Ok(StatusCode::NO_CONTENT) } else { Err(missing(tag).into()) }
}

/// `PUT` of one. Keystone validates the tags as they will be: none stands twice.
pub(crate) async fn add(call: Call<Identity>) -> Result<Response, ApiError> {
    let add = |mut tags: Vec<String>| {
        tags.push(checked_tag(place(&call).1)?);
        checked_tags(tags)
    };
    change(&call, &policy::CREATE_PROJECT_TAG, add).await?;
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(location) = HeaderValue::from_str(&itself(&call)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `DELETE` of one.
pub(crate) async fn remove(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let tag = place(&call).1;
    let remove = |mut tags: Vec<String>| {
        let at = tags.iter().position(|found| found == tag).ok_or_else(|| missing(tag))?;
        tags.remove(at);
        Ok(tags)
    };
    change(&call, &policy::DELETE_PROJECT_TAG, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
