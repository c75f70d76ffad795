//! Traits.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use kogge_auth::Rule;
use kogge_db::{Paged, Tx};
use kogge_http::{ApiError, VersionRange};
use kogge_resource::{At, Call, Delete, List, Listing, Names, Resource, Verb, Wanted};
use serde_json::{Value, json};

use super::names::{self, Trait};
use crate::error::Error;
use crate::microversion::TRAITS;
use crate::model::names::is_custom;
use crate::{Placement, policy, reply, store};

/// Traits.
pub(crate) struct Traits;

impl Resource for Traits {
    type Service = Placement;
    type Row = Trait;
    type More = ();

    const NAMES: Names = Names::new("trait", "traits", "/traits", "/traits/{name}");
    const VERSIONS: VersionRange = VersionRange { since: Some(TRAITS), until: None };
    const READ: Rule = policy::TRAITS_SHOW;

    fn missing(_: &Call<Placement>, name: &str) -> Error {
        Error::Unnamed(format!("No such trait(s): {name}."))
    }

    fn id(row: &Trait) -> String {
        row.name.clone()
    }

    async fn load(
        _: &Call<Placement>,
        at: &mut At<'_, Placement>,
        name: &str,
    ) -> Result<Option<Trait>, Error> {
        names::find(&mut at.source(), name).await
    }

    /// That there is one is all there is to say of it.
    fn view(_: &Call<Placement>, row: &Trait, (): &(), verb: Verb) -> Value {
        if verb == Verb::List { json!(row.name) } else { Value::Null }
    }

    fn headers(call: &Call<Placement>, _: &[Trait], _: Verb) -> HeaderMap {
        reply::age(call, call.service.now())
    }
}

impl List for Traits {
    const RULE: Rule = policy::TRAITS_LIST;
    const LIST: Listing = Listing::WHOLE;

    /// All, by name or prefix, or those that are (not) in use.
    async fn page(call: &Call<Placement>, _: &Wanted) -> Result<Paged<Trait>, Error> {
        if let Some((name, _)) = call.query.iter().find(|(name, _)| !matches!(*name, "name" | "associated")) {
            return Err(Error::invalid(format!("Invalid query string parameters: '{name}' was unexpected")));
        }
        Self::whose(call)?;
        let mut items: Vec<Trait> = names::all(&call.service).await?;
        if let Some(filter) = call.query.get("name") {
            match filter.split_once(':') {
                Some(("in", list)) => items.retain(|one| list.split(',').any(|name| name == one.name)),
                Some(("startswith", prefix)) => items.retain(|one| one.name.starts_with(prefix)),
                _ => {
                    let form = "Expected name query string parameter in form: \
                                ?name=[in|startswith]:[name1,name2|prefix].";
                    return Err(Error::invalid(format!(
                        "Badly formatted name parameter. {form} Got: \"{filter}\""
                    )));
                }
            }
        }
        if let Some(associated) = call.query.get("associated") {
            let wanted: bool = associated.to_lowercase().parse().map_err(|_| {
                Error::invalid("The query parameter \"associated\" only accepts \"true\" or \"false\"")
            })?;
            let used = store::providers::traits(call.service.db()).await?;
            items.retain(|one| used.iter().any(|(_, name)| *name == one.name) == wanted);
        }
        Ok(Paged { items, more: false })
    }
}

impl Delete for Traits {
    const RULE: Rule = policy::TRAITS_DELETE;

    async fn before(_: &Call<Placement>, tx: &mut Tx, row: &Trait) -> Result<(), Error> {
        let name = &row.name;
        if names::is_standard::<Trait>(name) {
            return Err(Error::invalid(format!("Cannot delete standard trait {name}.")));
        }
        if names::is_used::<Trait>(tx, name).await? {
            let because = format!("The trait {name} is in use by a resource provider.");
            return Err(Error::InUse { because, code: "placement.undefined_code" });
        }
        Ok(())
    }
}

/// `PUT`: makes one, or says that it is there.
pub(crate) async fn put(call: Call<Placement>) -> Result<Response, ApiError> {
    let name = call.key();
    if !is_custom(name) {
        let message = "The trait is invalid. A valid trait must be no longer than 255 characters, start with the \
                       prefix \"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"";
        return Err(ApiError::bad_request(message));
    }
    let new = names::ensure::<Trait>(&call, &policy::TRAITS_UPDATE, name).await?;
    let age = reply::age(&call, call.service.now());
    Ok((age, reply::put(&call, &format!("/traits/{name}"), new)).into_response())
}
