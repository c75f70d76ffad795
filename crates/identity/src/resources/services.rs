//! Services of the catalog.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_resource::keystone::links;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Resource, Schema, Type, Update,
    Verb,
};
use serde_json::{Value, json};

use super::{GIVEN, TEXT, kept_as, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::{Kind, Service};
use crate::policy;
use crate::service::{Draft, Identity, NAME, checked_extra, checked_name, merge, new_id};

/// Services.
pub(crate) struct Services;

impl Resource for Services {
    kept_as!(Service, "service");
    type More = ();

    const NAMES: Names = Names::new("service", "services", "/v3/services", "/v3/services/{service_id}");
    const READ: Rule = policy::GET_SERVICE;

    fn target(_: &Arc<Service>) -> Target<'_> {
        Target::none()
    }

    fn view(call: &Call<Identity>, row: &Arc<Service>, (): &(), _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "type": row.kind,
            "enabled": row.enabled,
            "links": links(call, &format!("/v3/services/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Services {
    const RULE: Rule = policy::LIST_SERVICES;
    const LIST: Listing = Listing { names: &["name", "type"], ..Listing::OWN };
}

const BODY: Schema = Schema::open(
    "service",
    &[&[Field::required("type", TEXT), Field::both("enabled", Absent::Bool(true), Type::Bool)], &GIVEN],
);

impl Create for Services {
    const RULE: Rule = policy::CREATE_SERVICE;
    const BODY: Schema = BODY;

    async fn create(_: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Service>, ())> {
        let service = Service {
            id: new_id(),
            kind: checked_name("type", &body.name("type"), NAME)?,
            enabled: body.truth("enabled").unwrap_or(true),
            extra: checked_extra(body.others)?,
        };
        Ok((draft.put(service), ()))
    }
}

impl Update for Services {
    const RULE: Rule = policy::UPDATE_SERVICE;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Service>, ())> {
        same_id(call, &body)?;
        let mut service = (**loaded).clone();
        if let Some(kind) = body.str("type") {
            service.kind = checked_name("type", kind, NAME)?;
        }
        service.enabled = body.truth("enabled").unwrap_or(service.enabled);
        service.extra = merge(&service.extra, body.others)?;
        Ok((draft.put(service), ()))
    }
}

/// With its endpoints.
impl Delete for Services {
    const RULE: Rule = policy::DELETE_SERVICE;

    async fn before(_: &Call<Identity>, draft: &mut Draft, row: &Arc<Service>) -> Result<()> {
        let own = draft.endpoints.iter().filter(|endpoint| endpoint.service_id == row.id);
        let own: Vec<String> = own.map(|endpoint| endpoint.id.clone()).collect();
        own.iter().for_each(|id| draft.delete(Kind::Endpoint, id));
        Ok(())
    }
}
