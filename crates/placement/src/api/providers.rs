//! `/resource_providers`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs, Patch, Path};
use kogge_ids::ProviderId;
use serde_json::{Value, json};

use super::error::{provider_id, without_nul};
use super::reply::{made, reply};
use super::wire::provider::{Body, view};
use super::wire::question::{Asked, question};
use crate::microversion::{CREATED_BODY, REPARENTING, TREES};
use crate::service::providers::{NewProvider, ProviderChange};
use crate::{Placement, policy};

/// Longest name, in characters.
const LONGEST: usize = 200;

/// Lists providers.
pub(super) async fn list(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    pairs: Pairs,
) -> Result<Response, ApiError> {
    let question = question(&pairs, Asked::Providers, version)?;
    let found = placement.select(&caller, &policy::PROVIDERS_LIST, &question).await?;
    let modified = found.iter().map(|one| one.provider.updated_at).max().unwrap_or_else(|| placement.now());
    let views: Vec<Value> = found.iter().map(|one| view(&one.provider, &base, version)).collect();
    Ok(reply(version, modified, json!({ "resource_providers": views })))
}

/// Makes one.
pub(super) async fn create(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Json(body): Json<Body>,
) -> Result<Response, ApiError> {
    checked(&body, version)?;
    let id = body.uuid.as_deref().map(|text| uuid("uuid", text)).transpose()?;
    let parent =
        body.parent_provider_uuid.set().map(|text| uuid("parent_provider_uuid", &text)).transpose()?;
    let provider = placement.create_provider(&caller, NewProvider { id, name: body.name, parent }).await?;
    let path = format!("/resource_providers/{}", provider.id);
    if !version.has(CREATED_BODY) {
        return Ok(made(StatusCode::CREATED, &base, &path));
    }
    let location = [(http::header::LOCATION, base.join(&path))];
    Ok((location, reply(version, provider.updated_at, view(&provider, &base, version))).into_response())
}

/// Shows one.
pub(super) async fn show(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.allow_on_own(&policy::PROVIDERS_SHOW).map_err(crate::Error::from)?;
    let provider = placement.provider(provider_id(&id)?).await?;
    Ok(reply(version, provider.updated_at, view(&provider, &base, version)))
}

/// Renames one, or moves it.
pub(super) async fn update(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Response, ApiError> {
    checked(&body, version)?;
    if body.uuid.is_some() {
        return Err(unexpected("uuid"));
    }
    let parent = match body.parent_provider_uuid {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Set(text) => Some(Some(uuid("parent_provider_uuid", &text)?)),
    };
    let change = ProviderChange { name: body.name, parent, reparenting: version.has(REPARENTING) };
    let provider = placement.update_provider(&caller, provider_id(&id)?, change).await?;
    Ok(reply(version, provider.updated_at, view(&provider, &base, version)))
}

/// Deletes one.
pub(super) async fn delete(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    placement.delete_provider(&caller, provider_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(body: &Body, version: Microversion) -> Result<(), ApiError> {
    without_nul(&body.name)?;
    if body.name.chars().count() > LONGEST {
        return Err(ApiError::bad_request(format!(
            "JSON does not validate: the name is longer than {LONGEST}"
        )));
    }
    if !version.has(TREES) && !body.parent_provider_uuid.is_absent() {
        return Err(unexpected("parent_provider_uuid"));
    }
    Ok(())
}

fn unexpected(name: &str) -> ApiError {
    let why = format!("Additional properties are not allowed ('{name}' was unexpected)");
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

fn uuid(name: &str, text: &str) -> Result<ProviderId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(format!("JSON does not validate: '{text}' of {name} is not a 'uuid'"))
    })
}
