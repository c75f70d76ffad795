//! Regions: where endpoints are. They lie in one another, and never in a circle.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_http::{ApiError, Json};
use kogge_resource::keystone::{Keystone, links};
use kogge_resource::{
    Body, Call, Create, Delete, Dialect, Field, List, Listing, Loaded, Names, Op, Resource, Schema, Type,
    Update, Verb, make,
};
use serde_json::{Value, json};

use super::{NULLABLE, emptied, kept_as, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::{Kind, Region};
use crate::policy;
use crate::service::{Draft, Identity, checked_description, checked_extra, described, merge, new_id};

/// Regions.
pub(crate) struct Regions;

impl Resource for Regions {
    kept_as!(Region, "region");
    type More = ();

    const NAMES: Names = Names::new("region", "regions", "/v3/regions", "/v3/regions/{region_id}");
    const READ: Rule = policy::GET_REGION;

    fn target(_: &Arc<Region>) -> Target<'_> {
        Target::none()
    }

    fn view(call: &Call<Identity>, row: &Arc<Region>, (): &(), _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "parent_region_id": row.parent_region_id,
            "description": row.description,
            "links": links(call, &format!("/v3/regions/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Regions {
    const RULE: Rule = policy::LIST_REGIONS;
    const LIST: Listing = Listing { names: &["parent_region_id"], ..Listing::OWN };
}

const BODY: Schema = Schema::open(
    "region",
    &[&[
        Field::optional("id", NULLABLE),
        Field::optional("parent_region_id", NULLABLE),
        Field::optional("description", NULLABLE),
        Field::optional("links", Type::Any),
    ]],
);

impl Create for Regions {
    const RULE: Rule = policy::CREATE_REGION;
    const BODY: Schema = BODY;

    async fn create(_: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Region>, ())> {
        let id = body.text("id").filter(|id| !id.is_empty()).unwrap_or_else(new_id);
        if id.len() > 255 || id.chars().any(char::is_control) {
            return Err(Error::invalid(
                "Invalid input for field 'id': at most 255 characters, none of them control characters",
            ));
        }
        let region = Region {
            id,
            parent_region_id: body.text("parent_region_id"),
            description: checked_description(body.name("description"))?,
            extra: checked_extra(body.others)?,
        };
        if draft.regions.get(&region.id).is_some() {
            let because = format!("Duplicate ID, {}.", region.id);
            return Err(Error::Conflict { kind: "region", because });
        }
        Ok((draft.put_region(region)?, ()))
    }
}

impl Update for Regions {
    const RULE: Rule = policy::UPDATE_REGION;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Region>, ())> {
        same_id(call, &body)?;
        let mut region = (**loaded).clone();
        region.parent_region_id = body.patch("parent_region_id").apply(region.parent_region_id);
        region.description = described(region.description, emptied(body.patch("description")))?;
        region.extra = merge(&region.extra, body.others)?;
        Ok((draft.put_region(region)?, ()))
    }
}

/// With those below it; not while endpoints are in any of them.
impl Delete for Regions {
    const RULE: Rule = policy::DELETE_REGION;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, row: Loaded<Self>) -> Result<()> {
        let mut all = vec![row.id.clone()];
        let mut at = 0;
        while let Some(above) = all.get(at).cloned() {
            let below =
                draft.regions.iter().filter(|region| region.parent_region_id.as_ref() == Some(&above));
            all.extend(below.map(|region| region.id.clone()).collect::<Vec<_>>());
            at += 1;
        }
        let is_in = |id: &Option<String>| id.as_ref().is_some_and(|id| all.contains(id));
        if draft.endpoints.iter().any(|endpoint| is_in(&endpoint.region_id)) {
            return Err(Error::Refused(format!(
                "Unable to delete region {} because it or its child regions have associated endpoints.",
                row.id
            )));
        }
        all.iter().for_each(|id| draft.delete(Kind::Region, id));
        Ok(())
    }
}

/// `PUT /v3/regions/{region_id}`: makes one with that id.
pub(crate) async fn create_with_id(
    call: Call<Identity>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let item = Keystone::item(&Regions::NAMES, body)?;
    let mut body = BODY.read::<Keystone>(Op::Create, call.version, &item)?;
    if body.str("id").is_some_and(|given| given != call.key()) {
        return Err(Error::invalid("Conflicting region IDs specified").into());
    }
    body.put("id", call.key());
    let made = make::<Regions>(&call, vec![body]).await?.pop().unwrap_or_default();
    Ok((StatusCode::CREATED, Json(Keystone::member(&Regions::NAMES, made))).into_response())
}

impl Draft {
    /// Writes a region whose parents exist and lead nowhere back.
    fn put_region(&mut self, region: Region) -> Result<Arc<Region>> {
        let mut above = region.parent_region_id.clone();
        let mut seen = vec![region.id.clone()];
        while let Some(id) = above {
            if seen.contains(&id) {
                let because =
                    format!("The specified parent region {id} would create a circular region hierarchy.");
                return Err(Error::Invalid(because));
            }
            let found = self.regions.get(&id).ok_or_else(|| Error::not_found("region", &id))?;
            above = found.parent_region_id.clone();
            seen.push(id);
        }
        Ok(self.put(region))
    }
}
