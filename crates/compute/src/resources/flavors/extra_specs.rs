//! `/flavors/{id}/os-extra_specs`: the properties of a flavor, which everybody reads who sees it, and admins write.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use kogge_db::Record as _;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::nova::{Fields, query, repr};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::Flavors;
use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::extra_specs::objection;
use crate::{Compute, microversion as v};

type Specs = BTreeMap<String, String>;

/// `GET …/os-extra_specs`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let flavor = Loaded::<Flavors>::now(&call, call.key(), &call.rule).await?;
    Ok(Json(json!({ "extra_specs": flavor.extra_specs.0 })))
}

/// `GET …/os-extra_specs/{key}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let flavor = Loaded::<Flavors>::now(&call, id, &call.rule).await?;
    let value = flavor.extra_specs.get(key).ok_or_else(|| missing(id, key))?;
    Ok(Json(json!({ key: value })))
}

/// `POST …/os-extra_specs`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let specs = fields.object("extra_specs")?.specs()?;
    fields.finish()?;
    check(&specs, call.version)?;
    add(&call, specs).await?;
    Ok(Json(body))
}

/// `PUT …/os-extra_specs/{key}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let specs = Fields::of(&body)?.specs()?;
    if specs.len() != 1 {
        let many = if specs.is_empty() { "should be non-empty" } else { "has too many properties" };
        return Err(ApiError::bad_request(format!("{} {many}", repr(&body))));
    }
    if !specs.contains_key(call.key()) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    check(&specs, call.version)?;
    add(&call, specs).await?;
    Ok(Json(body))
}

/// `DELETE …/os-extra_specs/{key}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    let remove = |known: &mut Specs| known.remove(key).map(drop).ok_or_else(|| missing(id, key));
    change(&call, remove).await?;
    Ok(StatusCode::OK)
}

async fn add(call: &Call<Compute>, specs: Specs) -> Result<()> {
    change(call, |known| {
        known.extend(specs);
        Ok(())
    })
    .await
}

async fn change(call: &Call<Compute>, change: impl FnOnce(&mut Specs) -> Result<()> + Send) -> Result<()> {
    let (loaded, mut tx) = Loaded::<Flavors>::open(call, call.param("id"), &call.rule).await?;
    let mut flavor = loaded.into_row();
    change(&mut flavor.extra_specs.0)?;
    if flavor.extra_specs.len() > bounds::PAIRS {
        return Err(Error::Invalid(format!("A flavor has {} extra specs at most.", bounds::PAIRS)));
    }
    flavor.updated_at = Some(call.service.now());
    flavor.save(&mut tx).await?;
    call.service.commit(tx).await
}

fn missing(id: &str, key: &str) -> Error {
    Error::NotFound(format!("Flavor {id} has no extra specs with key {key}."))
}

/// Names and values, since the version that checks them.
fn check(specs: &Specs, version: Microversion) -> Result<()> {
    let mut checked = specs.iter().filter(|_| version.has(v::EXTRA_SPEC_CHECKS));
    let objection = checked.find_map(|(name, value)| objection(name, value));
    objection.map_or(Ok(()), |why| Err(Error::Invalid(why)))
}
