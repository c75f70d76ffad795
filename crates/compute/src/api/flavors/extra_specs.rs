//! `/flavors/{id}/os-extra_specs`.

use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::Fields;
use crate::api::query;
use crate::service::flavors::no_spec;
use crate::{Compute, microversion as v};

/// `GET …/os-extra_specs`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    Ok(Json(json!({ "extra_specs": call.service.extra_specs(&call.caller, id, false).await? })))
}

/// `GET …/os-extra_specs/{key}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let specs = call.service.extra_specs(&call.caller, id, true).await?;
    let value = specs.get(key).ok_or_else(|| no_spec(id, key))?;
    Ok(Json(json!({ key: value })))
}

/// `POST …/os-extra_specs`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let fields = Fields::of(&body)?;
    let specs = fields.object("extra_specs")?.specs()?;
    fields.finish()?;
    check(&specs, call.version)?;
    call.service.set_extra_specs(&call.caller, id, specs, false).await?;
    Ok(Json(body))
}

/// `PUT …/os-extra_specs/{key}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let specs = Fields::of(&body)?.specs()?;
    if specs.len() != 1 {
        let many = if specs.is_empty() { "should be non-empty" } else { "has too many properties" };
        return Err(ApiError::bad_request(format!("{} {many}", crate::api::body::repr(&body))));
    }
    if !specs.contains_key(key) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    check(&specs, call.version)?;
    call.service.set_extra_specs(&call.caller, id, specs, true).await?;
    Ok(Json(body))
}

/// `DELETE …/os-extra_specs/{key}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    call.service.delete_extra_spec(&call.caller, id, key).await?;
    Ok(StatusCode::OK)
}

/// Values of the extra specs that Kogge acts on or that the standards read. Those of other namespaces pass, as
/// Nova's checks know only what its own drivers know.
fn check(specs: &std::collections::BTreeMap<String, String>, version: Microversion) -> Result<(), ApiError> {
    if version.before(v::EXTRA_SPEC_CHECKS) {
        return Ok(());
    }
    for (key, value) in specs {
        let good = match key.as_str() {
            "hw:cpu_policy" => matches!(value.as_str(), "dedicated" | "shared" | "mixed"),
            "hw_rng:allowed" | "hw:boot_menu" | "hw:pmu" | "os:secure_boot" => {
                value == "required" || query::boolean(key, value).is_ok()
            }
            _ if key.starts_with("trait:") || (key.starts_with("trait") && key.contains(':')) => {
                matches!(value.as_str(), "required" | "forbidden")
            }
            _ if key.starts_with("resources:") => value.parse::<u64>().is_ok(),
            _ => true,
        };
        if !good {
            let why = format!("Validation failed; extra spec '{key}' has an invalid value '{value}'.");
            return Err(ApiError::bad_request(why));
        }
    }
    Ok(())
}
