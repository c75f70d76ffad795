//! Endpoints: where services answer.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_http::Patch;
use kogge_resource::keystone::links;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Resource, Schema, Type, Update,
    Verb,
};
use serde_json::{Value, json};

use super::{GIVEN, NULLABLE, TEXT, kept_as, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::{Endpoint, Extra, Interface, Region};
use crate::policy;
use crate::service::{Draft, Identity, checked_extra, checked_id, merge, new_id};
use crate::snapshot::{absolute, is_fillable};

/// Endpoints.
pub(crate) struct Endpoints;

impl Resource for Endpoints {
    kept_as!(Endpoint, "endpoint");
    type More = ();

    const NAMES: Names = Names::new("endpoint", "endpoints", "/v3/endpoints", "/v3/endpoints/{endpoint_id}");
    const READ: Rule = policy::GET_ENDPOINT;

    fn target(_: &Arc<Endpoint>) -> Target<'_> {
        Target::none()
    }

    fn view(call: &Call<Identity>, row: &Arc<Endpoint>, (): &(), _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "interface": row.interface,
            "region_id": row.region_id,
            "region": row.region_id,
            "service_id": row.service_id,
            "url": absolute(&row.url, call.base.root()),
            "enabled": row.enabled,
            "links": links(call, &format!("/v3/endpoints/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Endpoints {
    const RULE: Rule = policy::LIST_ENDPOINTS;
    const LIST: Listing = Listing { names: &["interface", "service_id", "region_id"], ..Listing::OWN };
}

const INTERFACES: Type = Type::Word(&["admin", "internal", "public"]);

const BODY: Schema = Schema::open(
    "endpoint",
    &[
        &[
            Field::required("service_id", TEXT),
            Field::required("interface", INTERFACES),
            Field::optional("region_id", NULLABLE),
            Field::optional("region", NULLABLE),
            Field::required("url", TEXT),
            Field::both("enabled", Absent::Bool(true), Type::Bool),
        ],
        &GIVEN,
    ],
);

impl Create for Endpoints {
    const RULE: Rule = policy::CREATE_ENDPOINT;
    const BODY: Schema = BODY;

    async fn create(_: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Endpoint>, ())> {
        let endpoint = Endpoint {
            id: new_id(),
            service_id: body.name("service_id"),
            interface: body.read("interface").unwrap_or(Interface::Public),
            region_id: body.text("region_id").or_else(|| body.text("region")),
            url: body.name("url"),
            enabled: body.truth("enabled").unwrap_or(true),
            extra: checked_extra(body.others.clone())?,
        };
        draft.make_region(body.text("region_id").is_none(), endpoint.region_id.as_deref())?;
        Ok((draft.put_endpoint(endpoint)?, ()))
    }
}

impl Update for Endpoints {
    const RULE: Rule = policy::UPDATE_ENDPOINT;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Endpoint>, ())> {
        same_id(call, &body)?;
        let mut endpoint = (**loaded).clone();
        endpoint.service_id = body.text("service_id").unwrap_or(endpoint.service_id);
        endpoint.interface = body.read("interface").unwrap_or(endpoint.interface);
        // `region` instead of `region_id`: the old spelling, which makes the region
        let makes_region = body.get("region_id").is_none();
        let region: Patch<String> = body.patch(if makes_region { "region" } else { "region_id" });
        endpoint.region_id = region.apply(endpoint.region_id);
        endpoint.url = body.text("url").unwrap_or(endpoint.url);
        endpoint.enabled = body.truth("enabled").unwrap_or(endpoint.enabled);
        endpoint.extra = merge(&endpoint.extra, body.others.clone())?;
        draft.make_region(makes_region, endpoint.region_id.as_deref())?;
        Ok((draft.put_endpoint(endpoint)?, ()))
    }
}

impl Delete for Endpoints {
    const RULE: Rule = policy::DELETE_ENDPOINT;
}

/// `scheme:something`, or our own spelling, a path on the cloud's address.
fn is_url(url: &str) -> bool {
    let scheme = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    url.len() <= 225
        && !url.chars().any(char::is_control)
        && (url.starts_with('/')
            || url.split_once(':').is_some_and(|(before, after)| scheme(before) && !after.is_empty()))
}

impl Draft {
    fn make_region(&mut self, wanted: bool, id: Option<&str>) -> Result<()> {
        id.map_or(Ok(()), |id| checked_id("region", id))?;
        if let Some(id) = id.filter(|id| wanted && self.regions.get(id).is_none()) {
            let (id, description) = (id.to_owned(), String::new());
            self.put(Region { id, parent_region_id: None, description, extra: Extra::new() });
        }
        Ok(())
    }

    fn put_endpoint(&mut self, endpoint: Endpoint) -> Result<Arc<Endpoint>> {
        if !is_url(&endpoint.url) || !is_fillable(&endpoint.url) {
            return Err(Error::Invalid(format!(
                "Cannot create an endpoint with an invalid URL: {}.",
                endpoint.url
            )));
        }
        if self.services.get(&endpoint.service_id).is_none() {
            return Err(Error::Invalid(format!("Could not find service: {}.", endpoint.service_id)));
        }
        if let Some(id) = endpoint.region_id.as_ref().filter(|id| self.regions.get(id).is_none()) {
            return Err(Error::Invalid(format!("Could not find region: {id}.")));
        }
        Ok(self.put(endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_or_are_paths_of_ours() {
        for good in ["http://a/b", "https://[::1]/$(project_id)s", "/compute/v2.1"] {
            assert!(is_url(good), "{good}");
        }
        for bad in ["", "no scheme", "http:", "://x", "http://a\n", &format!("http://{}", "a".repeat(225))] {
            assert!(!is_url(bad), "{bad}");
        }
    }
}
