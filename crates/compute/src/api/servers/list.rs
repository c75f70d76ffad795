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
use crate::model::server::Server;
use crate::resources::server_filter::{self as filter, Asked};
use crate::service::servers::find::Sieve;

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
    let matches = |server: &Server| asked.matches(server);
    let found = if asked.empty {
        Paged { items: Vec::new(), more: false }
    } else {
        call.service.list_names(&asked.filter, sieve(&asked, &matches).as_ref(), &asked.page).await?
    };
    let servers_links = next(&call, "servers", found.more, found.items.last().map(|last| last.id));
    let servers = found.items.into_iter().map(|one| server::brief(one, &call.base)).collect();
    Ok(Json(List { servers, servers_links }))
}

/// `GET /servers/detail`
pub(crate) async fn details(call: Call<Compute>) -> Result<Response, ApiError> {
    let asked = filter::read(&call, true)?;
    let matches = |server: &Server| asked.matches(server);
    let found = if asked.empty {
        Paged { items: Vec::new(), more: false }
    } else {
        call.service.list_servers(&asked.filter, sieve(&asked, &matches).as_ref(), &asked.page).await?
    };
    let servers_links = next(&call, "servers/detail", found.more, found.items.last().map(|last| last.id));
    let details = call.service.details(found.items).await?;
    let viewer = Viewer { caller: &call.caller, version: call.version, base: &call.base };
    Ok(Json(List { servers: server::details(&details, viewer), servers_links }).into_response())
}

fn next(call: &Call<Compute>, collection: &str, more: bool, last: Option<ServerId>) -> Option<Vec<Link>> {
    links::next(&call.base, collection, &call.query, more, last.map(|id| id.to_string()).as_deref())
}

/// What SQL cannot answer, if anything.
fn sieve<'a>(asked: &'a Asked, matches: &'a (dyn Fn(&Server) -> bool + Send + Sync)) -> Option<Sieve<'a>> {
    let needed = !asked.patterns.is_empty() || asked.addresses.is_some();
    needed.then_some(Sieve { matches, addresses: asked.addresses.as_ref() })
}
