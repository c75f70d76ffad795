//! Aggregates of hosts, for admins. With the key `availability_zone` among its metadata one is a zone.

use axum::http::StatusCode;
use kogge_auth::Rule;
use kogge_db::record::Json as Stored;
use kogge_db::{DbError, Paged, Record, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::HostId;
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{
    Body, Call, Create, Delete, Field, Judgement, List, Listing, Loaded, Names, Refused, Resource, Schema,
    Service as _, Type, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::host::{Aggregate, ZONE_KEY};
use crate::store::{aggregates as store, hosts, numbers};
use crate::{Compute, microversion as v, policy};

/// Aggregates.
pub(crate) struct Aggregates;

impl Resource for Aggregates {
    type Service = Compute;
    type Row = Aggregate;
    type More = ();

    const NAMES: Names =
        Names::new("aggregate", "aggregates", "/v2.1/os-aggregates", "/v2.1/os-aggregates/{id}");
    const READ: Rule = policy::AGGREGATES_SHOW;

    fn missing(_: &Call<Compute>, id: &str) -> Error {
        Error::NotFound(format!("Aggregate {id} could not be found."))
    }

    fn id(row: &Aggregate) -> String {
        row.number.to_string()
    }

    fn judge(call: &Call<Compute>, rule: &Rule, found: Option<&Aggregate>) -> Judgement {
        Judgement::shared(&call.caller, rule, found.is_some())
    }

    /// Its hosts and metadata are not shown when it is made.
    fn view(call: &Call<Compute>, row: &Aggregate, (): &(), verb: Verb) -> Value {
        let mut view = json!({
            "id": row.number,
            "name": row.name,
            "availability_zone": row.metadata.get(ZONE_KEY),
            "created_at": row.created_at.micros(),
            "updated_at": row.updated_at.map(kogge_clock::Timestamp::micros),
            "deleted": false,
            "deleted_at": null,
        });
        if call.version.has(v::AGGREGATE_UUID) {
            view["uuid"] = json!(row.uuid);
        }
        if verb != Verb::Create {
            view["hosts"] = json!(row.hosts.0);
            view["metadata"] = json!(row.metadata.0);
        }
        view
    }
}

impl List for Aggregates {
    const RULE: Rule = policy::AGGREGATES_INDEX;
    const LIST: Listing = Listing::WHOLE;

    async fn page(call: &Call<Compute>, _: &Wanted) -> Result<Paged<Aggregate>> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        Ok(Paged { items: store::list(call.service.db()).await?, more: false })
    }
}

/// A zone's name has no colon.
fn zone(value: Value) -> Result<Value, Refused> {
    let zone = kogge_resource::nova::text("availability_zone", &value, 1, 255)?;
    if zone.contains(':') || zone.trim() != zone {
        let why = "An invalid 'name' value was provided. The name must be: printable characters except :.Can not \
                   start or end with whitespace.";
        return Err(ApiError::bad_request(why).into());
    }
    Ok(value)
}

const ZONE: Field = Field::optional("availability_zone", Type::Nullable(&Type::Check(zone)));
const NEW: &[Field] = &[Field::required("name", Type::Name), ZONE];
const CHANGE: &[Field] = &[Field::optional("name", Type::Name), ZONE];

impl Create for Aggregates {
    const RULE: Rule = policy::AGGREGATES_CREATE;
    const BODY: Schema = Schema::new("aggregate", &[NEW]);

    async fn create(call: &Call<Compute>, tx: &mut Tx, body: Body) -> Result<(Aggregate, ())> {
        let zone = body.text("availability_zone");
        let row = Aggregate {
            number: numbers::next(tx, "aggregate").await?,
            uuid: HostId::random(),
            name: body.name("name"),
            hosts: Stored::default(),
            metadata: Stored(zone.map(|zone| (ZONE_KEY.to_owned(), zone)).into_iter().collect()),
            created_at: call.service.now(),
            updated_at: None,
        };
        if row.insert(tx).await? { Ok((row, ())) } else { Err(taken(&row.name)) }
    }
}

impl Update for Aggregates {
    const RULE: Rule = policy::AGGREGATES_UPDATE;
    const BODY: Schema = Schema::new("aggregate", &[CHANGE]);

    async fn update(
        call: &Call<Compute>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Aggregate, ())> {
        let mut row = loaded.into_row();
        if body.is_empty() {
            let why = "Invalid input for field/attribute aggregate. Value: {}. {} should be non-empty";
            return Err(Error::Invalid(why.to_owned()));
        }
        row.name = body.text("name").unwrap_or(row.name);
        match body.patch("availability_zone") {
            kogge_http::Patch::Set(zone) => drop(row.metadata.0.insert(ZONE_KEY.to_owned(), zone)),
            kogge_http::Patch::Null => drop(row.metadata.0.remove(ZONE_KEY)),
            kogge_http::Patch::Absent => {}
        }
        save(call, tx, &mut row).await?;
        Ok((row, ()))
    }
}

async fn save(call: &Call<Compute>, tx: &mut Tx, row: &mut Aggregate) -> Result<()> {
    row.updated_at = Some(call.service.now());
    let saved = row.save(tx).await;
    saved.map_err(|error| if error.is_unique_violation() { taken(&row.name) } else { error.into() })
}

fn taken(name: &str) -> Error {
    Error::Conflict(format!("Aggregate {name} already exists."))
}

/// It must be empty.
impl Delete for Aggregates {
    const RULE: Rule = policy::AGGREGATES_DELETE;

    async fn before(_: &Call<Compute>, _: &mut Tx, row: &Aggregate) -> Result<()> {
        if row.hosts.is_empty() {
            return Ok(());
        }
        let number = row.number;
        Err(Error::Invalid(format!(
            "Cannot remove aggregate {number} while it has hosts; remove them first."
        )))
    }

    fn deleted(_: &Call<Compute>) -> StatusCode {
        StatusCode::OK
    }
}

/// What else can be done to one.
enum Action {
    /// A host joins.
    AddHost(String),
    /// A host leaves.
    RemoveHost(String),
    /// Properties; `None` takes one away.
    SetMetadata(Vec<(String, Option<String>)>),
}

/// `POST /os-aggregates/{id}/action`
pub(crate) async fn action(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let (rule, action) = read_action(&body)?;
    let (loaded, mut tx) = Loaded::<Aggregates>::open(&call, call.key(), &rule).await?;
    let mut row = loaded.into_row();
    apply(&mut tx, &mut row, action).await?;
    save(&call, &mut tx, &mut row).await?;
    call.service.commit(tx).await?;
    Ok(Json(json!({ "aggregate": Aggregates::view(&call, &row, &(), Verb::Update) })))
}

fn read_action(body: &Value) -> Read<(Rule, Action)> {
    let fields = Fields::of(body)?;
    let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
    let rule = match name {
        "add_host" => policy::AGGREGATES_ADD_HOST,
        "remove_host" => policy::AGGREGATES_REMOVE_HOST,
        "set_metadata" => policy::AGGREGATES_SET_METADATA,
        _ => return Err(fields.no_action()),
    };
    let inner = fields.object(name)?;
    let host = || inner.required("host", inner.text("host", 1, 255)?);
    let action = match name {
        "add_host" => Action::AddHost(host()?),
        "remove_host" => Action::RemoveHost(host()?),
        _ => Action::SetMetadata(inner.object("metadata")?.nullable_pairs()?),
    };
    inner.finish()?;
    fields.finish()?;
    Ok((rule, action))
}

async fn apply(tx: &mut Tx, row: &mut Aggregate, action: Action) -> Result<()> {
    let number = row.number;
    match action {
        Action::AddHost(host) => {
            if !is_host(tx, &host).await? {
                return Err(Error::NotFound(format!("Compute host {host} could not be found.")));
            }
            if row.hosts.contains(&host) {
                return Err(Error::Conflict(format!("Aggregate {number} already has host {host}.")));
            }
            row.hosts.0.push(host);
        }
        Action::RemoveHost(host) => {
            let place = row.hosts.iter().position(|one| *one == host);
            let none = || Error::NotFound(format!("Aggregate {number} has no host {host}."));
            row.hosts.0.remove(place.ok_or_else(none)?);
        }
        Action::SetMetadata(pairs) => {
            for (key, value) in pairs {
                match value {
                    Some(value) => drop(row.metadata.0.insert(key, value)),
                    None => drop(row.metadata.0.remove(&key)),
                }
            }
            if row.metadata.len() > bounds::PAIRS {
                let most = bounds::PAIRS;
                return Err(Error::Invalid(format!("An aggregate has {most} properties at most.")));
            }
        }
    }
    Ok(())
}

async fn is_host(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    Ok(hosts::list(tx).await?.iter().any(|host| host.name() == name))
}
