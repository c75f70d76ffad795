//! Transfers: volumes that are offered to other projects. They stand at two paths; the newer one says more.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, text};
use kogge_db::{Direction, Paged, SortKey};
use kogge_http::{ApiError, Json};
use kogge_resource::cinder::Cinder;
use kogge_resource::nova::{Fields, wrong};
use kogge_resource::{
    Body, Call, Field, List, Listing, Loaded, Names, Op, Pages, Resource, Schema, Service as _, Stored as _,
    Type, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::transfer::Transfer;
use crate::service::transfers::Offer;
use crate::{Volumes, microversion as v, policy};

/// Transfers.
pub(crate) struct Transfers;

/// The path of old.
pub(crate) const OLD: &str = "/v3/os-volume-transfer";

impl Resource for Transfers {
    type Service = Volumes;
    type Row = Transfer;
    type More = ();

    const NAMES: Names = Names::new("transfer", "transfers", OLD, "/v3/os-volume-transfer/{id}");
    const READ: Rule = policy::GET_TRANSFER;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::NotFound(format!("Transfer {id} could not be found."))
    }

    fn id(row: &Transfer) -> String {
        row.id.to_string()
    }

    fn target(row: &Transfer) -> Target<'_> {
        Target::project(row.project_id.as_str())
    }

    fn view(call: &Call<Volumes>, row: &Transfer, (): &(), verb: Verb) -> Value {
        let mut view = json!({
            "id": row.id, "volume_id": row.volume_id, "name": row.name, "links": super::links(call, "os-volume-transfer", &row.id.to_string()),
        });
        if verb == Verb::List {
            return view;
        }
        view["created_at"] = json!(row.created_at.micros());
        if call.version.has(v::TRANSFER_SNAPSHOTS) {
            view["no_snapshots"] = json!(row.no_snapshots);
        }
        if call.version.has(v::TRANSFER_PROJECTS) {
            view["source_project_id"] = json!(row.project_id);
            // one that was accepted is gone
            view["destination_project_id"] = Value::Null;
            view["accepted"] = json!(false);
        }
        view
    }
}

impl List for Transfers {
    const RULE: Rule = policy::GET_ALL_TRANSFERS;
    const LIST: Listing = Listing {
        filters: &[&[text("name", "name = ?"), text("volume_id", "volume_id = ?")]],
        words: &["project_id"],
        sort: &[
            by("id"),
            by("name"),
            by("volume_id"),
            by("created_at"),
            SortKey { name: "display_name", expression: "name" },
        ],
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        pages: Pages::Marker,
        pages_since: Some(v::TRANSFER_PAGES),
        ..Listing::OWN
    };

    /// The oldest first, until lists have pages.
    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<Paged<Transfer>> {
        let mut wanted = wanted.clone();
        if call.version.before(v::TRANSFER_PAGES) {
            wanted.query.page.sort = vec![("created_at".to_owned(), Direction::Ascending)];
        }
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        Transfer::listed(&call.service, &Self::LIST, Self::whose(call)?, &wanted).await
    }
}

const BODY: Schema = Schema::new(
    "transfer",
    &[&[
        Field::required("volume_id", Type::Uuid),
        Field::optional("name", Type::Nullable(&Type::Name)),
        Field::optional("no_snapshots", Type::Bool),
    ]],
);

/// `POST /v3/os-volume-transfer`
pub(crate) async fn create_old(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let asked = read(&call, &body)?;
    with_snapshots(&asked, &body)?;
    create_as(&call, &asked, false).await
}

/// Refuses the word of the newer interface.
fn with_snapshots(asked: &Body, body: &Value) -> Result<(), ApiError> {
    if asked.get("no_snapshots").is_none() {
        return Ok(());
    }
    let whole = body.get("transfer").unwrap_or(&Value::Null);
    Err(wrong("transfer", whole, &kogge_resource::nova::additional(&["no_snapshots"])))
}

/// `POST /v3/volume-transfers`
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let asked = read(&call, &body)?;
    if call.version.before(v::TRANSFER_SNAPSHOTS) {
        with_snapshots(&asked, &body)?;
    }
    let encrypted = call.version.has(v::TRANSFER_ENCRYPTED);
    create_as(&call, &asked, encrypted).await
}

fn read(call: &Call<Volumes>, body: &Value) -> Result<Body, ApiError> {
    let fields = Fields::of(body)?;
    let whole = fields.required("transfer", fields.take("transfer"))?;
    fields.finish()?;
    BODY.read::<Cinder>(Op::Create, call.version, whole)
}

async fn create_as(call: &Call<Volumes>, asked: &Body, encrypted: bool) -> Result<Response, ApiError> {
    let service = &call.service;
    let offer = Offer {
        name: asked.text("name"),
        no_snapshots: asked.truth("no_snapshots").unwrap_or(false),
        encrypted,
    };
    let mut tx = service.begin().await?;
    let volume = service.source_in(&mut tx, &call.caller, asked.str("volume_id"), &call.rule).await?;
    let (transfer, key) = service.offer_in(&mut tx, volume, offer).await?;
    service.commit(tx).await?;
    let mut view = Transfers::view(call, &transfer, &(), Verb::Create);
    view["auth_key"] = json!(key);
    Ok((StatusCode::ACCEPTED, Json(json!({ "transfer": view }))).into_response())
}

/// `POST …/{id}/accept`
pub(crate) async fn accept(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let fields = Fields::of(&body)?;
    let inner = fields.object("accept")?;
    fields.finish()?;
    let key = match inner.required("auth_key", inner.take("auth_key"))? {
        Value::String(key) if key.len() <= 255 => key.clone(),
        Value::Number(key) if key.is_i64() || key.is_u64() => key.to_string(),
        other => return Err(wrong("auth_key", other, "It is not of type 'string', 'integer'.")),
    };
    inner.finish()?;
    let transfer = call.service.take(&call.caller, call.key(), &key).await?;
    let view = Transfers::view(&call, &transfer, &(), Verb::List);
    Ok((StatusCode::ACCEPTED, Json(json!({ "transfer": view }))).into_response())
}

/// `DELETE …/{id}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let service = &call.service;
    let found = Loaded::<Transfers>::now(&call, call.key(), &call.rule).await?;
    let mut tx = service.begin().await?;
    service.withdraw_in(&mut tx, &found).await?;
    service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}
