//! Resource classes.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use kogge_auth::Rule;
use kogge_db::{Executor as _, Paged, Query, Record as _, Tx};
use kogge_http::{ApiError, Json, OptionalJson, VersionRange};
use kogge_resource::nova::repr;
use kogge_resource::placement::{Manners, path_of};
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Op, Refused, Resource, Schema,
    Service as _, Type, Verb, Wanted,
};
use serde_json::{Value, json};

use super::names::{self, Class};
use crate::error::Error;
use crate::microversion::{CLASSES, PUT_CLASS};
use crate::model::names::is_custom;
use crate::{Placement, policy, reply};

/// Resource classes.
pub(crate) struct Classes;

fn path(name: &str) -> String {
    format!("/resource_classes/{name}")
}

impl Resource for Classes {
    type Service = Placement;
    type Row = Class;
    type More = ();

    const NAMES: Names =
        Names::new("resource_class", "resource_classes", "/resource_classes", "/resource_classes/{name}");
    const VERSIONS: VersionRange = VersionRange { since: Some(CLASSES), until: None };
    const READ: Rule = policy::CLASSES_SHOW;

    fn missing(_: &Call<Placement>, name: &str) -> Error {
        Error::Unnamed(format!("No such resource class {name}."))
    }

    fn id(row: &Class) -> String {
        row.name.clone()
    }

    async fn load(
        _: &Call<Placement>,
        at: &mut At<'_, Placement>,
        name: &str,
    ) -> Result<Option<Class>, Error> {
        names::find(&mut at.source(), name).await
    }

    fn view(call: &Call<Placement>, row: &Class, (): &(), verb: Verb) -> Value {
        if verb == Verb::Create {
            return Value::Null;
        }
        let href = path_of(&call.base, &path(&row.name));
        json!({ "name": row.name, "links": [{ "rel": "self", "href": href }] })
    }

    fn headers(call: &Call<Placement>, rows: &[Class], verb: Verb) -> HeaderMap {
        match rows {
            [made] if verb == Verb::Create => reply::location(call, &path(&made.name)),
            _ => reply::age(call, call.service.now()),
        }
    }
}

impl List for Classes {
    const RULE: Rule = policy::CLASSES_LIST;
    const LIST: Listing = Listing::WHOLE;

    async fn page(call: &Call<Placement>, _: &Wanted) -> Result<Paged<Class>, Error> {
        Self::whose(call)?;
        Ok(Paged { items: names::all(&call.service).await?, more: false })
    }
}

fn custom(value: Value) -> Result<Value, Refused> {
    let why = match value.as_str() {
        Some(name) if is_custom(name) => return Ok(value),
        Some(name) => format!("'{name}' does not match '^CUSTOM\\_[A-Z0-9_]+$'"),
        None => format!("{} is not of type 'string'", repr(&value)),
    };
    Err(Refused::Because(why))
}

impl Create for Classes {
    const RULE: Rule = policy::CLASSES_CREATE;
    const BODY: Schema = Schema::new("", &[&[Field::required("name", Type::Check(custom))]]);

    async fn create(call: &Call<Placement>, tx: &mut Tx, body: Body) -> Result<(Class, ()), Error> {
        let row = Class { name: body.name("name"), created_at: call.service.now() };
        if names::add::<Class>(&call.service, tx, &row.name).await? {
            return Ok((row, ()));
        }
        let because = format!("Conflicting resource class already exists: {}", row.name);
        Err(Error::InUse { because, code: "placement.undefined_code" })
    }
}

impl Delete for Classes {
    const RULE: Rule = policy::CLASSES_DELETE;

    async fn before(_: &Call<Placement>, tx: &mut Tx, row: &Class) -> Result<(), Error> {
        let name = &row.name;
        if names::is_standard::<Class>(name) {
            return Err(Error::invalid(format!("Cannot delete standard resource class {name}.")));
        }
        if names::is_used::<Class>(tx, name).await? {
            let because = format!("Cannot delete resource class {name}. Class is in use in inventory.");
            return Err(Error::InUse { because, code: "placement.undefined_code" });
        }
        Ok(())
    }
}

/// `PUT`: makes one without body (since 1.7), or renames one (before).
pub(crate) async fn put(
    call: Call<Placement>,
    OptionalJson(body): OptionalJson<Value>,
) -> Result<Response, ApiError> {
    let read = |body: &Value| Classes::BODY.read::<Manners>(Op::Create, call.version, body);
    if !call.version.has(PUT_CLASS) {
        let body = read(&body.unwrap_or_else(|| json!({})))?;
        return Ok(Json(rename(&call, &body.name("name")).await?).into_response());
    }
    let name = call.key();
    read(&json!({ "name": name }))?;
    Ok(reply::put(&call, &path(name), names::ensure::<Class>(&call, &policy::CLASSES_UPDATE, name).await?)
        .into_response())
}

/// Renames a class, wherever it is used.
async fn rename(call: &Call<Placement>, name: &str) -> Result<Value, Error> {
    let (old, mut tx) = Loaded::<Classes>::open(call, call.key(), &policy::CLASSES_UPDATE).await?;
    if names::is_standard::<Class>(&old.name) {
        return Err(Error::invalid(format!("Cannot update standard resource class {}", old.name)));
    }
    if !names::add::<Class>(&call.service, &mut tx, name).await? {
        let because = format!("Resource class already exists: {name}");
        return Err(Error::InUse { because, code: "placement.undefined_code" });
    }
    for sql in [
        "UPDATE inventories SET resource_class = $1 WHERE resource_class = $2",
        "UPDATE allocations SET resource_class = $1 WHERE resource_class = $2",
    ] {
        tx.execute(Query::new(sql).bind(name).bind(&old.name)).await?;
    }
    Class::delete(&mut tx, &old.name).await?;
    call.service.commit(tx).await?;
    let new = Class { name: name.to_owned(), created_at: call.service.now() };
    Ok(Classes::view(call, &new, &(), Verb::Update))
}
