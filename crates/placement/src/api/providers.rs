//! `/resource_providers`

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion, Patch};
use kogge_ids::ProviderId;
use kogge_resource::Call;
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
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let question = question(&call.query, Asked::Providers, call.version)?;
    let found = call.service.select(&call.caller, &policy::PROVIDERS_LIST, &question).await?;
    let modified =
        found.iter().map(|one| one.provider.updated_at).max().unwrap_or_else(|| call.service.now());
    let views: Vec<Value> = found.iter().map(|one| view(&one.provider, &call.base, call.version)).collect();
    Ok(reply(call.version, modified, json!({ "resource_providers": views })))
}

/// Makes one.
pub(super) async fn create(call: Call<Placement>, Json(body): Json<Body>) -> Result<Response, ApiError> {
    checked(&body, call.version)?;
    let id = body.uuid.as_deref().map(|text| uuid("uuid", text)).transpose()?;
    let parent =
        body.parent_provider_uuid.set().map(|text| uuid("parent_provider_uuid", &text)).transpose()?;
    let provider =
        call.service.create_provider(&call.caller, NewProvider { id, name: body.name, parent }).await?;
    let path = format!("/resource_providers/{}", provider.id);
    if !call.version.has(CREATED_BODY) {
        return Ok(made(StatusCode::CREATED, &call.base, &path));
    }
    let location = [(http::header::LOCATION, call.base.join(&path))];
    Ok((location, reply(call.version, provider.updated_at, view(&provider, &call.base, call.version)))
        .into_response())
}

/// Shows one.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let id = call.key();
    call.caller.allow_on_own(&policy::PROVIDERS_SHOW).map_err(crate::Error::from)?;
    let provider = call.service.provider(provider_id(id)?).await?;
    Ok(reply(call.version, provider.updated_at, view(&provider, &call.base, call.version)))
}

/// Renames one, or moves it.
pub(super) async fn update(call: Call<Placement>, Json(body): Json<Body>) -> Result<Response, ApiError> {
    let id = call.key();
    checked(&body, call.version)?;
    if body.uuid.is_some() {
        return Err(unexpected("uuid"));
    }
    let parent = match body.parent_provider_uuid {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Set(text) => Some(Some(uuid("parent_provider_uuid", &text)?)),
    };
    let change = ProviderChange { name: body.name, parent, reparenting: call.version.has(REPARENTING) };
    let provider = call.service.update_provider(&call.caller, provider_id(id)?, change).await?;
    Ok(reply(call.version, provider.updated_at, view(&provider, &call.base, call.version)))
}

/// Deletes one.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.delete_provider(&call.caller, provider_id(id)?).await?;
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
