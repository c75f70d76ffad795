//! `/v3/regions`: regions.

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::created;
use super::handlers::handlers;
use super::place::Place;
use super::wire::region;
use crate::error::Error;
use crate::service::Identity;

handlers! { "region" in "regions" as region::Region:
    create(region::Create { region } => create_region),
    list(&["parent_region_id"] => list_regions),
    show(get_region),
    update(region::Update { region } => update_region),
    delete(delete_region),
}

/// `PUT /v3/regions/{region_id}`: makes one with that id.
pub(super) async fn create_with_id(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(mut body): Json<region::Create>,
) -> Result<Response, ApiError> {
    if body.region.id.as_ref().is_some_and(|given| *given != id) {
        return Err(Error::invalid("Conflicting region IDs specified").into());
    }
    body.region.id = Some(id);
    let row = identity.create_region(&caller, body.region.into()).await?;
    Ok(created("region", region::Region::of(&row, &place)))
}
