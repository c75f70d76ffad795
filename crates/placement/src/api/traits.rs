//! `/traits` and `/resource_providers/{id}/traits`

use std::collections::BTreeSet;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde::Deserialize;
use serde_json::json;

use super::error::{at_most, provider_id};
use super::reply::{dated, made, reply};
use crate::model::bounds;
use crate::model::names::{is_custom, is_name};
use crate::service::providers::Words;
use crate::store::names::Kind;
use crate::{Placement, policy};

/// The traits of a provider in a body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    traits: BTreeSet<String>,
    resource_provider_generation: i64,
}

/// Lists traits: all, by name or prefix, or those that are (not) in use.
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !matches!(*name, "name" | "associated")) {
        return Err(ApiError::bad_request(format!(
            "Invalid query string parameters: '{name}' was unexpected"
        )));
    }
    let mut names = call.service.names(&call.caller, &policy::TRAITS_LIST, Kind::Trait).await?;
    if let Some(filter) = call.query.get("name") {
        match filter.split_once(':') {
            Some(("in", list)) => names.retain(|name| list.split(',').any(|one| one == name)),
            Some(("startswith", prefix)) => names.retain(|name| name.starts_with(prefix)),
            _ => {
                let form = "Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix].";
                return Err(ApiError::bad_request(format!(
                    "Badly formatted name parameter. {form} Got: \"{filter}\""
                )));
            }
        }
    }
    if let Some(associated) = call.query.get("associated") {
        let wanted: bool = associated.to_lowercase().parse().map_err(|_| {
            ApiError::bad_request("The query parameter \"associated\" only accepts \"true\" or \"false\"")
        })?;
        let used = call.service.traits_in_use().await?;
        names.retain(|name| used.contains(name) == wanted);
    }
    Ok(reply(call.version, call.service.now(), json!({ "traits": names })))
}

/// Says that a trait is there.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let name = call.key();
    call.service.name_exists(&call.caller, &policy::TRAITS_SHOW, Kind::Trait, name).await?;
    Ok(dated(call.version, call.service.now(), StatusCode::NO_CONTENT.into_response()))
}

/// Makes a custom trait.
pub(super) async fn create(call: Call<Placement>) -> Result<Response, ApiError> {
    let name = call.key();
    if !is_custom(name) {
        let message = "The trait is invalid. A valid trait must be no longer than 255 characters, start with the \
                       prefix \"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"";
        return Err(ApiError::bad_request(message));
    }
    let new = call.service.make_name(&call.caller, &policy::TRAITS_UPDATE, Kind::Trait, name).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok(dated(call.version, call.service.now(), made(status, &call.base, &format!("/traits/{name}"))))
}

/// Deletes a custom trait.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let name = call.key();
    if !is_name(name) {
        return Err(ApiError::not_found(format!("No such trait(s): {name}.")));
    }
    call.service.delete_name(&call.caller, &policy::TRAITS_DELETE, Kind::Trait, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the traits of a provider.
pub(super) async fn of_provider(call: Call<Placement>) -> Result<Response, ApiError> {
    let id = call.key();
    let words = call.service.provider_traits(&call.caller, provider_id(id)?).await?;
    Ok(answer(&call.service, call.version, &words))
}

/// Replaces them.
pub(super) async fn replace(call: Call<Placement>, Json(body): Json<Body>) -> Result<Response, ApiError> {
    let id = call.key();
    at_most("traits", body.traits.len(), bounds::TRAITS)?;
    let (id, generation) = (provider_id(id)?, body.resource_provider_generation);
    let words = call.service.set_provider_traits(&call.caller, id, body.traits, generation).await?;
    Ok(answer(&call.service, call.version, &words))
}

/// Removes them.
pub(super) async fn delete_all(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.delete_provider_traits(&call.caller, provider_id(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(placement: &Placement, version: Microversion, words: &Words) -> Response {
    let body = json!({ "traits": words.words, "resource_provider_generation": words.generation });
    reply(version, placement.now(), body)
}
