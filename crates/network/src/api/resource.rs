//! The five operations that every resource has, written once.

use std::future::Future;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use kogge_auth::{Caller, Rule};
use kogge_db::{Paged, SortKey, Tx};
use kogge_http::{ApiError, Auth, BaseUrl, Json, Pairs, Path};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::listing;
use crate::attributes::{Attribute, Body, Op, Prepared, prepare};
use crate::error::{Error, Result};
use crate::store::filter::ListQuery;
use crate::{Networking, policy};

/// A resource of the API.
pub(crate) trait Resource: Send + Sync + 'static {
    /// Its name in bodies: `network`.
    const ONE: &'static str;
    /// The name of its lists: `networks`.
    const MANY: &'static str;
    /// The last part of its path: `networks`.
    const PATH: &'static str;
    /// What may stand in its bodies.
    const ATTRIBUTES: &'static [&'static [Attribute]];
    /// What lists are sorted by.
    const SORT: &'static [SortKey];
    /// Attributes that only those see whom the rule allows.
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[];
    /// What the service answers.
    type View: Send + Sync;

    /// Creates one.
    fn create(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        body: Prepared,
    ) -> impl Future<Output = Result<Self::View>> + Send;
    /// One page of them.
    fn list(
        net: &Networking,
        caller: &Caller,
        query: &ListQuery,
    ) -> impl Future<Output = Result<Paged<Self::View>>> + Send;
    /// One of them.
    fn show(net: &Networking, caller: &Caller, id: &str) -> impl Future<Output = Result<Self::View>> + Send;
    /// Changes one.
    fn update(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        id: &str,
        body: Prepared,
        revision: Option<i64>,
    ) -> impl Future<Output = Result<Self::View>> + Send;
    /// Deletes one.
    fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        id: &str,
        revision: Option<i64>,
    ) -> impl Future<Output = Result<()>> + Send;
    /// The body of one.
    fn wire(net: &Networking, view: &Self::View) -> Body;
}

/// The canonical values as a command.
pub(crate) fn command<T: DeserializeOwned>(values: Body) -> Result<T> {
    serde_json::from_value(Value::Object(values))
        .map_err(|error| Error::Attribute(format!("Invalid input: {error}.")))
}

/// The field rules that a body asks: of each attribute that the user named, and of the parts of those with parts.
pub(crate) fn field_rules(body: &Prepared) -> Vec<String> {
    let mut rules = Vec::new();
    for name in &body.explicit {
        rules.push((*name).to_owned());
        let parts: Vec<&Value> = match &body.values[*name] {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        for part in parts.into_iter().filter_map(Value::as_object) {
            rules.extend(
                part.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| format!("{name}:{key}")),
            );
        }
    }
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// What a caller sees of a resource.
pub(crate) fn visible<R: Resource>(
    net: &Networking,
    caller: &Caller,
    view: &R::View,
    fields: &[&str],
) -> Value {
    shown(R::wire(net, view), &hidden::<R>(caller), fields)
}

/// Attributes that a caller does not see, whatever it is of.
fn hidden<R: Resource>(caller: &Caller) -> Vec<&'static str> {
    let may = |rule| caller.may_on_own(rule) || caller.may(rule, &kogge_auth::Target::none());
    R::GUARDED.iter().filter(|(_, rule)| !may(rule)).map(|(name, _)| *name).collect()
}

fn shown(mut body: Body, hidden: &[&str], fields: &[&str]) -> Value {
    for name in hidden {
        body.remove(*name);
    }
    if !fields.is_empty() {
        body.retain(|name, _| fields.contains(&name.as_str()));
    }
    Value::Object(body)
}

fn object(value: Value, what: &str) -> Result<Body> {
    match value {
        Value::Object(body) => Ok(body),
        _ => Err(Error::Attribute(format!("Object '{what}' contains invalid data"))),
    }
}

/// Most things that one request creates: all of them are one transaction.
const MOST_AT_ONCE: usize = 200;

/// `POST` of one (`{"network": …}`) or several (`{"networks": […]}`), all or nothing.
pub(crate) async fn create<R: Resource>(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let Value::Object(mut body) = body else {
        return Err(Error::Attribute("Body contains invalid data".to_owned()).into());
    };
    let (items, many) = match (body.remove(R::ONE), body.remove(R::MANY)) {
        (Some(one), _) => (vec![one], false),
        (None, Some(Value::Array(items))) if items.len() > MOST_AT_ONCE => {
            let message =
                format!("At most {MOST_AT_ONCE} {} are created at once, not {}", R::MANY, items.len());
            return Err(Error::Attribute(message).into());
        }
        (None, Some(Value::Array(items))) if !items.is_empty() => (items, true),
        (None, Some(_)) => return Err(Error::Attribute("Resources required".to_owned()).into()),
        (None, None) => {
            return Err(Error::Attribute(format!("Unable to find '{}' in request body", R::ONE)).into());
        }
    };
    let mut prepared = Vec::with_capacity(items.len());
    for item in items {
        prepared.push(prepare(R::ATTRIBUTES, Op::Create, object(item, R::ONE)?)?);
    }
    let mut tx = net.db().begin().await?;
    let mut made = Vec::with_capacity(prepared.len());
    for body in prepared {
        let view = R::create(&net, &mut tx, &caller, body).await?;
        made.push(visible::<R>(&net, &caller, &view, &[]));
    }
    tx.commit().await?;
    net.changed();
    let answer = match (many, made.pop()) {
        (false, Some(one)) => json!({ R::ONE: one }),
        (_, last) => {
            made.extend(last);
            json!({ R::MANY: made })
        }
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// `GET` of the list.
pub(crate) async fn list<R: Resource>(
    State(net): State<Networking>,
    Auth(caller): Auth,
    base: BaseUrl,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    let query = listing::query(&pairs, R::SORT)?;
    if let Some(marker) = &query.page.marker {
        R::show(&net, &caller, marker).await?;
    }
    let page = R::list(&net, &caller, &query).await?;
    let fields: Vec<&str> = pairs.all("fields").collect();
    let hidden = hidden::<R>(&caller);
    let (mut items, mut ids) = (Vec::with_capacity(page.items.len()), Vec::with_capacity(page.items.len()));
    for view in &page.items {
        let body = R::wire(&net, view);
        ids.push(listing::id_of(&body));
        items.push(shown(body, &hidden, &fields));
    }
    let mut answer = json!({ R::MANY: items });
    let links = listing::links(&base, R::PATH, &pairs, &query.page, &ids, page.more);
    if !links.is_empty() {
        answer[format!("{}_links", R::MANY)] = links.into();
    }
    Ok(Json(answer))
}

/// `GET` of one.
pub(crate) async fn show<R: Resource>(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    let view = R::show(&net, &caller, &id).await?;
    let fields: Vec<&str> = pairs.all("fields").collect();
    Ok(Json(json!({ R::ONE: visible::<R>(&net, &caller, &view, &fields) })))
}

/// `PUT` of one.
pub(crate) async fn update<R: Resource>(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let Value::Object(mut body) = body else {
        return Err(Error::Attribute("Body contains invalid data".to_owned()).into());
    };
    let Some(item) = body.remove(R::ONE) else {
        return Err(Error::Attribute(format!("Unable to find '{}' in request body", R::ONE)).into());
    };
    // who may not see it learns nothing of what would be wrong with the body
    R::show(&net, &caller, &id).await?;
    let prepared = prepare(R::ATTRIBUTES, Op::Update, object(item, R::ONE)?)?;
    let revision = revision(&headers)?;
    let mut tx = net.db().begin().await?;
    let view = R::update(&net, &mut tx, &caller, &id, prepared, revision).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(json!({ R::ONE: visible::<R>(&net, &caller, &view, &[]) })))
}

/// `DELETE` of one.
pub(crate) async fn delete<R: Resource>(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let revision = revision(&headers)?;
    let mut tx = net.db().begin().await?;
    R::delete(&net, &mut tx, &caller, &id, revision).await?;
    tx.commit().await?;
    net.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// `If-Match: revision_number=5`.
fn revision(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    let number = text.strip_prefix("revision_number=").and_then(|number| number.trim().parse().ok());
    let message = "Revision number etag must be in the format of revision_number=<int>";
    number.map(Some).ok_or_else(|| Error::Attribute(message.to_owned()))
}

/// The rule that nobody passes, for resources without an operation.
pub(crate) fn refused() -> Error {
    Error::Policy(policy::ADMIN_ONLY.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_asked_for_named_attributes_and_their_parts() {
        let body = json!({"network_id": "4e72dc2d-44c5-4336-9667-f7972e95c402", "name": "", "fixed_ips": [{"ip_address": "10.0.0.1"}]});
        let Value::Object(body) = body else { panic!("object") };
        let table: &[&[Attribute]] = &[crate::attributes::STANDARD, crate::attributes::ports::PORT];
        let prepared = prepare(table, Op::Create, body).unwrap();
        assert_eq!(field_rules(&prepared), ["fixed_ips", "fixed_ips:ip_address"]);
    }

    #[test]
    fn if_match_has_one_form() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, text.parse().unwrap());
            revision(&headers)
        };
        assert_eq!(of("revision_number=5").unwrap(), Some(5));
        assert!(of("5").is_err());
        assert!(of("revision_number=x").is_err());
        assert_eq!(revision(&HeaderMap::new()).unwrap(), None);
    }
}
