//! The handlers, written once: what they do, in which order, for all resources of all services. [`crate::Crud`] gives
//! them their routes; by themselves they are for routes whose access or versions are not the resource's.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use kogge_auth::Rule;
use kogge_http::{ApiError, ErrorKind, Json};
use serde_json::Value;

use crate::dialect::named;
use crate::sight::Page;
use crate::{
    Body, Call, Create, Delete, Dialect, List, Loaded, Op, Resource, Service, Shape, Sight, Update, Verb,
};

type Manners<R> = <<R as Resource>::Service as Service>::Dialect;

/// A body, or what is wrong with it: that comes late where the policy is asked first.
pub type Sent = Result<Json<Value>, ApiError>;

/// Refuses what is not said to be JSON: that comes before the policy everywhere.
///
/// # Errors
/// 415.
pub fn is_said(body: &Sent) -> Result<(), ApiError> {
    match body {
        Err(error) if error.kind() == ErrorKind::UnsupportedMediaType => Err(error.clone()),
        _ => Ok(()),
    }
}

/// From the error of a service to an answer.
fn api(error: impl Into<ApiError>) -> ApiError {
    error.into()
}

/// An answer; without body where there is nothing to show.
fn answer(status: StatusCode, headers: HeaderMap, body: Value) -> Response {
    match (status, body) {
        (StatusCode::OK, Value::Null) => (StatusCode::NO_CONTENT, headers).into_response(),
        (_, Value::Null) => (status, headers).into_response(),
        (_, body) => (status, headers, Json(body)).into_response(),
    }
}

/// `GET` of all.
///
/// # Errors
/// What the resource refuses.
pub async fn list<R: List>(call: Call<R::Service>) -> Result<Response, ApiError> {
    listed::<R>(call, Verb::List).await
}

/// `GET` of all with everything, where a list is brief.
///
/// # Errors
/// What the resource refuses.
pub async fn details<R: List>(call: Call<R::Service>) -> Result<Response, ApiError> {
    listed::<R>(call, Verb::Details).await
}

async fn listed<R: List>(call: Call<R::Service>, verb: Verb) -> Result<Response, ApiError> {
    let wanted = Manners::<R>::wanted(&R::LIST, &call)?;
    let page = R::page(&call, &wanted).await.map_err(api)?;
    let more = R::more(&call, &page.items).await.map_err(api)?;
    let total = R::total(&call, &wanted).await.map_err(api)?;
    let sight = Sight::of::<R>(&call.caller, &wanted.fields);
    let ends = page.items.first().zip(page.items.last()).map(|(first, last)| (R::id(first), R::id(last)));
    let shape = Shape { count: page.items.len(), ends, more: page.more, total, wanted: &wanted };
    let beside = Manners::<R>::beside(&call, &R::NAMES, &R::LIST, shape);
    let headers = R::headers(&call, &page.items, verb);
    let body = Page::<R> { call: &call, sight: &sight, verb, rows: &page.items, more: &more, beside };
    Ok((StatusCode::OK, headers, Json(body)).into_response())
}

/// `GET` of one.
///
/// # Errors
/// What the resource refuses.
pub async fn show<R: Resource>(call: Call<R::Service>) -> Result<Response, ApiError> {
    let fields = Manners::<R>::fields(&R::QUESTION, &call)?;
    let loaded = Loaded::<R>::now(&call, call.key(), &R::READ).await.map_err(api)?;
    let rows = std::slice::from_ref(&*loaded);
    let more = R::more(&call, rows).await.map_err(api)?.pop().unwrap_or_default();
    let view = Sight::of::<R>(&call.caller, &fields).view::<R>(&call, &loaded, &more, Verb::Show);
    let headers = R::headers(&call, rows, Verb::Show);
    Ok(answer(StatusCode::OK, headers, Manners::<R>::member(&R::NAMES, view)))
}

/// `POST`: one, or several that are made all or not at all.
pub(crate) async fn create<R: Create>(call: Call<R::Service>, body: Sent) -> Result<Response, ApiError> {
    is_said(&body)?;
    if Manners::<R>::ASKS_BEFORE_READING {
        R::Service::permit_new(&call.caller, &R::RULE).map_err(api)?;
    }
    let (items, many) = R::bodies(body?.0)?;
    let mut bodies = Vec::with_capacity(items.len());
    for item in &items {
        bodies.push(R::BODY.read::<Manners<R>>(Op::Create, call.version, item)?);
    }
    let (mut made, headers) = made::<R>(&call, bodies).await.map_err(api)?;
    let body = match (many, made.pop()) {
        (false, Some(one)) => Manners::<R>::member(&R::NAMES, one),
        (_, last) => {
            made.extend(last);
            named(R::NAMES.many, made).into()
        }
    };
    Ok(answer(R::created(&call), headers, body))
}

/// Makes things of these bodies, all of them or none, and answers how they look. For what is made by another route than
/// `POST`.
///
/// # Errors
/// What the resource refuses.
pub async fn make<R: Create>(
    call: &Call<R::Service>,
    bodies: Vec<Body>,
) -> Result<Vec<Value>, crate::Error<R>> {
    made::<R>(call, bodies).await.map(|(views, _)| views)
}

/// How what was made looks, and the headers of the answer that shows it.
async fn made<R: Create>(
    call: &Call<R::Service>,
    bodies: Vec<Body>,
) -> Result<(Vec<Value>, HeaderMap), crate::Error<R>> {
    let mut ready = Vec::with_capacity(bodies.len());
    for body in bodies {
        R::permit(call, &body)?;
        ready.push(R::prepare(call, body).await?);
    }
    let sight = Sight::of::<R>(&call.caller, &[]);
    let (mut views, mut rows) = (Vec::with_capacity(ready.len()), Vec::with_capacity(ready.len()));
    let mut write = call.service.begin().await?;
    for body in ready {
        let (row, more) = R::create(call, &mut write, body).await?;
        views.push(sight.view::<R>(call, &row, &more, Verb::Create));
        rows.push(row);
    }
    call.service.commit(write).await?;
    Ok((views, R::headers(call, &rows, Verb::Create)))
}

/// `PUT` or `PATCH` of one.
///
/// # Errors
/// What the resource refuses.
pub async fn update<R: Update>(call: Call<R::Service>, body: Sent) -> Result<Response, ApiError> {
    is_said(&body)?;
    if Manners::<R>::ASKS_BEFORE_READING {
        Loaded::<R>::now(&call, call.key(), &R::RULE).await.map_err(api)?;
    }
    let item = R::body(body?.0)?;
    let body = R::BODY.read::<Manners<R>>(Op::Update, call.version, &item)?;
    let (view, headers) = change::<R>(&call, body).await.map_err(api)?;
    Ok(answer(StatusCode::OK, headers, Manners::<R>::member(&R::NAMES, view)))
}

/// Asks the policy before a transaction is opened, where that is the service's manner.
async fn ask<R: Resource>(call: &Call<R::Service>, rule: &Rule) -> Result<(), crate::Error<R>> {
    if Manners::<R>::ASKS_FIRST {
        Loaded::<R>::now(call, call.key(), rule).await?;
    }
    Ok(())
}

async fn change<R: Update>(
    call: &Call<R::Service>,
    body: Body,
) -> Result<(Value, HeaderMap), crate::Error<R>> {
    ask::<R>(call, &R::RULE).await?;
    let body = R::prepare(call, body).await?;
    let (loaded, mut write) = Loaded::<R>::open(call, call.key(), &R::RULE).await?;
    let (row, more) = R::update(call, &mut write, loaded, body).await?;
    call.service.commit(write).await?;
    let view = Sight::of::<R>(&call.caller, &[]).view::<R>(call, &row, &more, Verb::Update);
    Ok((view, R::headers(call, std::slice::from_ref(&row), Verb::Update)))
}

/// `DELETE` of one.
pub(crate) async fn delete<R: Delete>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    Manners::<R>::fields(&<R as Delete>::QUESTION, &call)?;
    take_away::<R>(&call).await.map_err(api)?;
    Ok(R::deleted(&call))
}

async fn take_away<R: Delete>(call: &Call<R::Service>) -> Result<(), crate::Error<R>> {
    ask::<R>(call, &R::RULE).await?;
    let (loaded, mut write) = Loaded::<R>::open(call, call.key(), &R::RULE).await?;
    R::delete(call, &mut write, loaded).await?;
    call.service.commit(write).await
}
