//! Resource providers: hosts, and what administrators make. They form trees.

use std::collections::BTreeSet;

use http::{HeaderMap, StatusCode};
use kogge_auth::Rule;
use kogge_db::{Paged, Record, Tx};
use kogge_http::ApiError;
use kogge_ids::ProviderId;
use kogge_resource::handlers::{Sent, is_said};
use kogge_resource::placement::path_of;
use kogge_resource::{
    Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Resource, Schema, Type, Update, Verb,
    Wanted,
};
use serde_json::{Map, Value, json};

use super::question::{Asked, question};
use crate::error::Error;
use crate::microversion::{AGGREGATES, ALLOCATIONS_LINK, CREATED_BODY, REPARENTING, TRAITS, TREES};
use crate::model::provider::Provider;
use crate::store::{allocations, providers as store};
use crate::{Placement, policy, reply};

/// Longest name, in characters.
const LONGEST: usize = 200;
const NAME: Field = Field::required("name", Type::Text(0, LONGEST));
const PARENT: Field = Field::optional("parent_provider_uuid", Type::Nullable(&Type::Uuid)).since(TREES);
const NEW: &[Field] = &[NAME, Field::optional("uuid", Type::Uuid), PARENT];

/// Resource providers.
pub(crate) struct Providers;

impl Resource for Providers {
    type Service = Placement;
    type Row = Provider;
    type More = ();

    const NAMES: Names = Names::new(
        "resource_provider",
        "resource_providers",
        "/resource_providers",
        "/resource_providers/{id}",
    );
    const READ: Rule = policy::PROVIDERS_SHOW;

    fn missing(_: &Call<Placement>, id: &str) -> Error {
        Error::no_provider(id)
    }

    fn id(row: &Provider) -> String {
        row.id.to_string()
    }

    fn view(call: &Call<Placement>, row: &Provider, (): &(), verb: Verb) -> Value {
        let version = call.version;
        if verb == Verb::Create && !version.has(CREATED_BODY) {
            return Value::Null;
        }
        let url = path_of(&call.base, &format!("/resource_providers/{}", row.id));
        let rels = [
            ("inventories", true),
            ("usages", true),
            ("aggregates", version.has(AGGREGATES)),
            ("traits", version.has(TRAITS)),
            ("allocations", version.has(ALLOCATIONS_LINK)),
        ];
        let mut links = vec![json!({ "rel": "self", "href": url })];
        let shown = rels.iter().filter(|(_, shown)| *shown);
        links.extend(shown.map(|(rel, _)| json!({ "rel": rel, "href": format!("{url}/{rel}") })));
        let mut view = Map::new();
        view.insert("uuid".into(), json!(row.id));
        view.insert("name".into(), json!(row.name));
        view.insert("generation".into(), json!(row.generation));
        view.insert("links".into(), Value::Array(links));
        if version.has(TREES) {
            view.insert("parent_provider_uuid".into(), json!(row.parent));
            view.insert("root_provider_uuid".into(), json!(row.root));
        }
        Value::Object(view)
    }

    fn headers(call: &Call<Placement>, rows: &[Provider], verb: Verb) -> HeaderMap {
        let modified = rows.iter().map(|one| one.updated_at).max().unwrap_or_else(|| call.service.now());
        let mut headers = HeaderMap::new();
        if verb != Verb::Create || call.version.has(CREATED_BODY) {
            headers = reply::age(call, modified);
        }
        if let (Verb::Create, [made]) = (verb, rows) {
            headers.extend(reply::location(call, &format!("/resource_providers/{}", made.id)));
        }
        headers
    }
}

/// The body of a request about a provider: who may not, and whoever names none, learns nothing of what is wrong with it.
pub(super) async fn sent(call: &Call<Placement>, body: Sent) -> Result<Value, ApiError> {
    is_said(&body)?;
    Loaded::<Providers>::now(call, call.param("id"), &call.rule).await?;
    Ok(body?.0)
}

impl List for Providers {
    const RULE: Rule = policy::PROVIDERS_LIST;
    const LIST: Listing = Listing::WHOLE;

    async fn page(call: &Call<Placement>, _: &Wanted) -> Result<Paged<Provider>, Error> {
        let question = question(&call.query, Asked::Providers, call.version)?;
        let found = call.service.select(&call.caller, &<Self as List>::RULE, &question).await?;
        Ok(Paged { items: found.into_iter().map(|one| one.provider).collect(), more: false })
    }
}

impl Create for Providers {
    const RULE: Rule = policy::PROVIDERS_CREATE;
    const BODY: Schema = Schema::new("", &[NEW]);

    async fn create(call: &Call<Placement>, tx: &mut Tx, body: Body) -> Result<(Provider, ()), Error> {
        let id = body.read("uuid").unwrap_or_else(ProviderId::random);
        let parent = body.read("parent_provider_uuid");
        let (root, now) = (root(tx, id, parent).await?, call.service.now());
        let row = Provider {
            id,
            name: body.name("name"),
            generation: 0,
            parent,
            root,
            created_at: now,
            updated_at: now,
        };
        if Provider::get(&mut *tx, &id).await?.is_some() {
            return Err(Error::Duplicate(format!("uuid: {id}")));
        }
        if row.insert(tx).await? { Ok((row, ())) } else { Err(Error::name_taken(&row.name)) }
    }

    fn created(call: &Call<Placement>) -> StatusCode {
        if call.version.has(CREATED_BODY) { StatusCode::OK } else { StatusCode::CREATED }
    }
}

/// The top of the tree in which `id` is below `parent`.
async fn root(tx: &mut Tx, id: ProviderId, parent: Option<ProviderId>) -> Result<ProviderId, Error> {
    let Some(parent) = parent else { return Ok(id) };
    let found = Provider::get(tx, &parent).await?;
    let missing = || Error::invalid(format!("parent provider UUID {parent} does not exist."));
    Ok(found.ok_or_else(missing)?.root)
}

/// Another name, or another parent.
impl Update for Providers {
    const RULE: Rule = policy::PROVIDERS_UPDATE;
    const BODY: Schema = Schema::new("", &[&[NAME, PARENT]]);

    async fn update(
        call: &Call<Placement>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Provider, ()), Error> {
        let mut row = loaded.into_row();
        let parent = body.read("parent_provider_uuid");
        if body.get("parent_provider_uuid").is_some() && parent != row.parent {
            if row.parent.is_some() && !call.version.has(REPARENTING) {
                return Err(Error::invalid("re-parenting a provider is not currently allowed."));
            }
            reparent(tx, &mut row, parent).await?;
        }
        row.name = body.name("name");
        row.updated_at = call.service.now();
        store::save(tx, &row).await?;
        Ok((row, ()))
    }
}

/// Moves a provider with all that is below it.
async fn reparent(tx: &mut Tx, row: &mut Provider, parent: Option<ProviderId>) -> Result<(), Error> {
    let all = store::list(&mut *tx).await?;
    let mut below = BTreeSet::from([row.id]);
    while let Some(next) = all
        .iter()
        .find(|one| !below.contains(&one.id) && one.parent.is_some_and(|parent| below.contains(&parent)))
    {
        below.insert(next.id);
    }
    if parent.is_some_and(|parent| below.contains(&parent)) {
        return Err(Error::invalid("creating loop in the provider tree is not allowed."));
    }
    row.root = root(tx, row.id, parent).await?;
    row.parent = parent;
    store::set_root(tx, &below.into_iter().collect::<Vec<_>>(), row.root).await?;
    Ok(())
}

/// Nobody may hold anything of it, and nothing may be below it.
impl Delete for Providers {
    const RULE: Rule = policy::PROVIDERS_DELETE;

    async fn before(_: &Call<Placement>, tx: &mut Tx, row: &Provider) -> Result<(), Error> {
        let id = row.id;
        if store::list(&mut *tx).await?.iter().any(|one| one.parent == Some(id)) {
            let because =
                format!("Unable to delete parent resource provider {id}: It has child resource providers.");
            return Err(Error::InUse { because, code: "placement.resource_provider.cannot_delete_parent" });
        }
        if !allocations::held_at(tx, id).await?.is_empty() {
            let because =
                format!("Unable to delete resource provider {id}: Resource provider has allocations.");
            return Err(Error::InUse { because, code: "placement.resource_provider.inuse" });
        }
        Ok(())
    }
}
