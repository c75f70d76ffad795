//! What is done with routers beyond the five operations, and get-me-a-network.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Pairs, Path};
use serde_json::{Value, json};

use super::resource::{Resource, command, visible};
use super::resources::Routers;
use super::wire::l3::interface;
use crate::Networking;
use crate::attributes::{Body, check, subnets};
use crate::error::{Error, Result};
use crate::service::router_interfaces::InterfaceWish;
use crate::store::rows::Route;

fn router_id(text: &str) -> Result<kogge_ids::RouterId> {
    text.parse().map_err(|_| Error::router_not_found(text))
}

fn wish(body: &Value) -> Result<InterfaceWish> {
    let bad =
        |value: &Value| Error::bad_request("router", format!("'{}' is not a valid UUID", check::show(value)));
    let read = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().filter(|text| check::is_uuid(text)).map(Some).ok_or_else(|| bad(value)),
    };
    Ok(InterfaceWish {
        port_id: read("port_id")?.and_then(|text| text.parse().ok()),
        subnet_id: read("subnet_id")?.and_then(|text| text.parse().ok()),
    })
}

/// `PUT …/add_router_interface`.
pub(crate) async fn add_interface(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, wish) = (router_id(&id)?, wish(&body)?);
    let mut tx = net.db().begin().await?;
    let leg = net.add_router_interface_in(&mut tx, &caller, id, wish).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(interface(&leg)))
}

/// `PUT …/remove_router_interface`.
pub(crate) async fn remove_interface(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, wish) = (router_id(&id)?, wish(&body)?);
    let mut tx = net.db().begin().await?;
    let leg = net.remove_router_interface_in(&mut tx, &caller, id, wish).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(interface(&leg)))
}

#[derive(serde::Deserialize)]
struct Routes {
    routes: Vec<Route>,
}

/// The routes in `{"router": {"routes": […]}}`.
fn routes(body: Value) -> Result<Vec<Route>> {
    let wished = body.get("router").and_then(|router| router.get("routes")).cloned();
    let wished = wished.ok_or_else(|| {
        Error::Attribute("Unable to find 'router' with 'routes' in request body".to_owned())
    })?;
    let checked = subnets::routes(wished).map_err(|refused| match refused {
        crate::attributes::Refused::Because(reason) => Error::invalid(reason),
        crate::attributes::Refused::Fault(error) => error,
    })?;
    let body: Body = [("routes".to_owned(), checked)].into_iter().collect();
    Ok(command::<Routes>(body)?.routes)
}

/// `PUT …/add_extraroutes`.
pub(crate) async fn add_routes(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, more) = (router_id(&id)?, routes(body)?);
    let mut tx = net.db().begin().await?;
    let view = net.add_routes_in(&mut tx, &caller, id, more).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(json!({ Routers::ONE: visible::<Routers>(&net, &caller, &view, &[]) })))
}

/// `PUT …/remove_extraroutes`.
pub(crate) async fn remove_routes(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, less) = (router_id(&id)?, routes(body)?);
    let mut tx = net.db().begin().await?;
    let view = net.remove_routes_in(&mut tx, &caller, id, less).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(json!({ Routers::ONE: visible::<Routers>(&net, &caller, &view, &[]) })))
}

/// The project that a topology is asked for: the caller's own, which `null` and `None` stand for.
fn own(caller: &kogge_auth::Caller, wished: &str) -> Result<String> {
    let project = crate::service::project_of(caller).ok_or(Error::Invisible)?;
    match wished {
        "null" | "None" => Ok(project.to_owned()),
        other if other == project => Ok(project.to_owned()),
        _ => Err(Error::Invisible),
    }
}

/// `GET /auto-allocated-topology/{project}`: makes it where there is none; `?fields=dry-run` only asks.
pub(crate) async fn topology(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    let project = own(&caller, &project)?;
    if pairs.all("fields").any(|field| field == "dry-run") {
        net.can_auto_allocate().await?;
        return Ok(Json(
            json!({"auto_allocated_topology": {"id": "dry-run=pass", "tenant_id": project, "project_id": project}}),
        ));
    }
    let mut tx = net.db().begin().await?;
    let id = net.auto_allocate_in(&mut tx, &caller).await?;
    tx.commit().await?;
    net.changed();
    Ok(Json(json!({"auto_allocated_topology": {"id": id, "tenant_id": project, "project_id": project}})))
}

/// `DELETE /auto-allocated-topology/{project}`.
pub(crate) async fn no_topology(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
) -> Result<StatusCode, ApiError> {
    let project = own(&caller, &project)?;
    let mut tx = net.db().begin().await?;
    net.remove_auto_in(&mut tx, &caller, &project).await?;
    tx.commit().await?;
    net.changed();
    Ok(StatusCode::NO_CONTENT)
}
