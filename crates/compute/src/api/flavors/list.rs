//! `GET /flavors`, `/flavors/detail`, `/flavors/{id}`.

use kogge_auth::Caller;
use kogge_db::Paged;
use kogge_http::{ApiError, BaseUrl, Json, Microversion, Pairs};
use kogge_resource::Call;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Brief, Detail, brief, detail, detail_with, sees_specs};
use crate::api::links::{self, Link};
use crate::api::query;
use crate::model::flavor::Flavor;
use crate::store::flavors::{FlavorFilter, SORT_KEYS};
use crate::{Compute, microversion as v};

const KNOWN: &[&str] = &["limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir", "name"];

/// A page of flavors.
#[derive(Serialize)]
pub(crate) struct List<T> {
    flavors: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flavors_links: Option<Vec<Link>>,
}

/// `GET /flavors`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<List<Brief>>, ApiError> {
    let found = find(&call.service, &call.caller, call.version, &call.query).await?;
    let flavors = found.items.iter().map(|flavor| brief(flavor, &call.base, call.version)).collect();
    Ok(Json(List { flavors, flavors_links: next(&call.base, "flavors", &call.query, &found) }))
}

/// `GET /flavors/detail`
pub(crate) async fn details(call: Call<Compute>) -> Result<Json<List<Detail>>, ApiError> {
    let found = find(&call.service, &call.caller, call.version, &call.query).await?;
    let specs = sees_specs(&call.caller, call.version);
    let flavor = |flavor| detail_with(flavor, specs, &call.base, call.version);
    let flavors = found.items.iter().map(flavor).collect();
    Ok(Json(List { flavors, flavors_links: next(&call.base, "flavors/detail", &call.query, &found) }))
}

/// `GET /flavors/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let flavor = call.service.flavor(&call.caller, id).await?;
    Ok(Json(json!({ "flavor": detail(&flavor, &call.caller, &call.base, call.version) })))
}

fn next(base: &BaseUrl, collection: &str, pairs: &Pairs, found: &Paged<Flavor>) -> Option<Vec<Link>> {
    let last = found.items.last().map(|flavor| flavor.shape.id.as_str());
    links::next(base, collection, pairs, found.more, last)
}

async fn find(
    compute: &Compute,
    caller: &Caller,
    version: Microversion,
    pairs: &Pairs,
) -> Result<Paged<Flavor>, ApiError> {
    let known = if version.has(v::FLAVOR_CLEANUP) { KNOWN } else { &KNOWN[..KNOWN.len() - 1] };
    query::only(pairs, known, version, v::STRICT_QUERY)?;
    for key in pairs.all("sort_key") {
        let known = SORT_KEYS.iter().any(|one| one.name == key) || matches!(key, "disabled" | "vcpu_weight");
        if !known || (key == "rxtx_factor" && version.has(v::FLAVOR_CLEANUP)) {
            let why = format!(
                "Invalid input for query parameters sort_key. Value: {key}. No flavor is sorted by it."
            );
            return Err(ApiError::bad_request(why));
        }
    }
    let public = match pairs.get("is_public") {
        None => Some(true),
        Some(word) if word.eq_ignore_ascii_case("none") => None,
        Some(word) => Some(
            query::boolean("is_public", word)
                .map_err(|_| ApiError::bad_request(format!("Invalid is_public filter [{word}]")))?,
        ),
    };
    let least = |name: &str| -> Result<Option<i64>, ApiError> {
        let bad = |text: &str| ApiError::bad_request(format!("Invalid {name} filter [{text}]"));
        pairs.get(name).map(|text| text.trim().parse().map_err(|_| bad(text))).transpose()
    };
    let filter = FlavorFilter {
        min_ram: least("minRam")?,
        min_disk: least("minDisk")?,
        name: pairs.get("name").filter(|_| version.has(v::FLAVOR_CLEANUP)).map(str::to_owned),
        ..FlavorFilter::default()
    };
    let page = query::page(pairs, compute.config().max_limit, SORT_KEYS)?;
    Ok(compute.list_flavors(caller, public, filter, &page).await?)
}
