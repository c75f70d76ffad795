//! The five handlers, written once. What they do, in which order, for all resources of all services.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_auth::Rule;
use kogge_http::{ApiError, Json};
use serde_json::{Value, json};

use crate::resource::Sight;
use crate::{
    At, Body, Call, Create, Delete, Dialect, List, Loaded, Op, Resource, Service, Shape, Update, Verb,
};

type Manners<R> = <<R as Resource>::Service as Service>::Dialect;

/// From the error of a service to an answer.
fn api(error: impl Into<ApiError>) -> ApiError {
    error.into()
}

/// `GET` of all.
pub(crate) async fn list<R: List>(call: Call<R::Service>) -> Result<Json<Value>, ApiError> {
    let wanted = Manners::<R>::wanted(&R::LIST, &call)?;
    let page = R::page(&call, &wanted).await.map_err(api)?;
    let more = R::more(&call, &page.items).await.map_err(api)?;
    let sight = Sight::of::<R>(&call.caller, &wanted.fields);
    let views = page.items.iter().zip(&more);
    let items = views.map(|(row, more)| R::item(sight.view::<R>(&call, row, more, Verb::List))).collect();
    let ends = page.items.first().zip(page.items.last()).map(|(first, last)| (R::id(first), R::id(last)));
    let shape = Shape { items, ends, more: page.more, wanted: &wanted };
    Ok(Json(Manners::<R>::collection(&call, &R::NAMES, &R::LIST, shape)))
}

/// `GET` of one.
pub(crate) async fn show<R: Resource>(call: Call<R::Service>) -> Result<Json<Value>, ApiError> {
    let fields = Manners::<R>::fields(&R::QUESTION, &call)?;
    let loaded =
        Loaded::<R>::get(&call, &mut At::Now(&call.service), call.key(), &R::READ).await.map_err(api)?;
    let more = R::more(&call, std::slice::from_ref(&*loaded)).await.map_err(api)?.pop().unwrap_or_default();
    let view = Sight::of::<R>(&call.caller, &fields).view::<R>(&call, &loaded, &more, Verb::Show);
    Ok(Json(Manners::<R>::member(&R::NAMES, view)))
}

/// `POST`: one, or several that are made all or not at all.
pub(crate) async fn create<R: Create>(
    call: Call<R::Service>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let (items, many) = R::bodies(body)?;
    let mut bodies = Vec::with_capacity(items.len());
    for item in &items {
        bodies.push(R::BODY.read::<Manners<R>>(Op::Create, call.version, item)?);
    }
    let mut made = make::<R>(&call, bodies).await.map_err(api)?;
    let body = match (many, made.pop()) {
        (false, Some(one)) => Manners::<R>::member(&R::NAMES, one),
        (_, last) => {
            made.extend(last);
            json!({ R::NAMES.many: made })
        }
    };
    Ok((R::created(&call), Json(body)).into_response())
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
    let mut ready = Vec::with_capacity(bodies.len());
    for body in bodies {
        R::permit(call, &body)?;
        ready.push(R::prepare(call, body).await?);
    }
    let sight = Sight::of::<R>(&call.caller, &[]);
    let mut made = Vec::with_capacity(ready.len());
    let mut write = call.service.begin().await?;
    for body in ready {
        let (row, more) = R::create(call, &mut write, body).await?;
        made.push(sight.view::<R>(call, &row, &more, Verb::Create));
    }
    call.service.commit(write).await?;
    Ok(made)
}

/// `PUT` or `PATCH` of one.
pub(crate) async fn update<R: Update>(
    call: Call<R::Service>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let item = R::body(body)?;
    if Manners::<R>::LOADS_BEFORE_READING {
        Loaded::<R>::get(&call, &mut At::Now(&call.service), call.key(), &R::READ).await.map_err(api)?;
    }
    let body = R::BODY.read::<Manners<R>>(Op::Update, call.version, &item)?;
    let view = change::<R>(&call, body).await.map_err(api)?;
    Ok(Json(Manners::<R>::member(&R::NAMES, view)))
}

/// Asks the policy before a transaction is opened, where that is the service's manner.
async fn ask<R: Resource>(call: &Call<R::Service>, rule: &Rule) -> Result<(), crate::Error<R>> {
    if Manners::<R>::ASKS_FIRST {
        Loaded::<R>::get(call, &mut At::Now(&call.service), call.key(), rule).await?;
    }
    Ok(())
}

async fn change<R: Update>(call: &Call<R::Service>, body: Body) -> Result<Value, crate::Error<R>> {
    ask::<R>(call, &R::RULE).await?;
    let body = R::prepare(call, body).await?;
    let mut write = call.service.begin().await?;
    let loaded = Loaded::<R>::get(call, &mut At::In(&mut write), call.key(), &R::RULE).await?;
    let (row, more) = R::update(call, &mut write, loaded, body).await?;
    call.service.commit(write).await?;
    Ok(Sight::of::<R>(&call.caller, &[]).view::<R>(call, &row, &more, Verb::Update))
}

/// `DELETE` of one.
pub(crate) async fn delete<R: Delete>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    Manners::<R>::fields(&<R as Delete>::QUESTION, &call)?;
    take_away::<R>(&call).await.map_err(api)?;
    Ok(R::deleted(&call))
}

async fn take_away<R: Delete>(call: &Call<R::Service>) -> Result<(), crate::Error<R>> {
    ask::<R>(call, &R::RULE).await?;
    let mut write = call.service.begin().await?;
    let loaded = Loaded::<R>::get(call, &mut At::In(&mut write), call.key(), &R::RULE).await?;
    R::delete(call, &mut write, loaded).await?;
    call.service.commit(write).await
}
