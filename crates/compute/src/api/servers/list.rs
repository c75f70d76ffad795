//! `GET /servers`, `GET /servers/detail`.

use axum::response::{IntoResponse, Response};
use kogge_db::Paged;
use kogge_http::{ApiError, Json};
use kogge_ids::ServerId;
use kogge_resource::Call;
use serde::Serialize;

use crate::Compute;
use crate::api::wire::server::{self, Brief, Viewer};
use crate::links::{self, Link};
use crate::resources::server_filter as filter;

/// A page of servers.
#[derive(Serialize)]
pub(crate) struct List<T> {
    servers: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers_links: Option<Vec<Link>>,
}

/// `GET /servers`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<List<Brief>>, ApiError> {
    let asked = filter::read(&call, false)?;
    let found = if asked.empty { none() } else { call.service.list_names(&asked).await? };
    let servers_links = next(&call, "servers", found.more, found.items.last().map(|last| last.id));
    let servers = found.items.into_iter().map(|one| server::brief(one, &call.base)).collect();
    Ok(Json(List { servers, servers_links }))
}

/// `GET /servers/detail`
pub(crate) async fn details(call: Call<Compute>) -> Result<Response, ApiError> {
    let asked = filter::read(&call, true)?;
    let found = if asked.empty { none() } else { call.service.list_servers(&asked).await? };
    let servers_links = next(&call, "servers/detail", found.more, found.items.last().map(|last| last.id));
    let details = call.service.details(found.items).await?;
    let viewer = Viewer { caller: &call.caller, version: call.version, base: &call.base };
    Ok(Json(List { servers: server::details(&details, viewer), servers_links }).into_response())
}

const fn none<T>() -> Paged<T> {
    Paged { items: Vec::new(), more: false }
}

fn next(call: &Call<Compute>, collection: &str, more: bool, last: Option<ServerId>) -> Option<Vec<Link>> {
    links::next(&call.base, collection, &call.query, more, last.map(|id| id.to_string()).as_deref())
}
