//! `/v3/auth/{projects,domains,system,catalog}`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kogge_http::{ApiError, Auth, Json};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::api::answer::whole;
use crate::api::place::Place;
use crate::api::wire::Links;
use crate::api::wire::project::{Domain, Project};
use crate::service::Identity;

#[derive(Serialize)]
struct System {
    system: Vec<All>,
    links: Links,
}

#[derive(Serialize)]
struct All {
    all: bool,
}

#[derive(Serialize)]
struct Catalog<'a> {
    catalog: &'a RawValue,
    links: Links,
}

/// `GET /v3/auth/projects`.
pub(in crate::api) async fn projects(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let rows = identity.own_projects(&caller)?;
    Ok(whole(&place, "projects", rows.iter().map(|row| Project::of(row, &place)).collect()))
}

/// `GET /v3/auth/domains`.
pub(in crate::api) async fn domains(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let rows = identity.own_domains(&caller)?;
    Ok(whole(&place, "domains", rows.iter().map(|row| Domain::of(row, &place)).collect()))
}

/// `GET /v3/auth/system`.
pub(in crate::api) async fn system(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let all = identity.own_system(&caller)?;
    let system = if all { vec![All { all }] } else { Vec::new() };
    Ok(Json(System { system, links: Links { itself: place.link("auth/system") } }).into_response())
}

/// `GET /v3/auth/catalog`.
pub(in crate::api) async fn catalog(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let catalog = identity.own_catalog(&caller, place.base.root())?;
    Ok(Json(Catalog { catalog: &catalog, links: Links { itself: place.link("auth/catalog") } })
        .into_response())
}
