//! What is done with routers beyond the five operations, and get-me-a-network.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::neutron::check;
use kogge_resource::{Call, Refused};
use serde_json::{Value, json};

use crate::Networking;
use crate::attributes::subnets;
use crate::error::{Error, Result};
use crate::model::address::Route;
use crate::resources::routers::Routers;
use crate::service::router_interfaces::{Interface, InterfaceWish};

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
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, wish) = (router_id(call.key())?, wish(&body)?);
    let leg = call.service.add_router_interface(&call.caller, id, wish).await?;
    Ok(Json(interface(&leg)))
}

/// `PUT …/remove_router_interface`.
pub(crate) async fn remove_interface(
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, wish) = (router_id(call.key())?, wish(&body)?);
    let leg = call.service.remove_router_interface(&call.caller, id, wish).await?;
    Ok(Json(interface(&leg)))
}

/// The routes in `{"router": {"routes": […]}}`.
fn routes(body: Value) -> Result<Vec<Route>> {
    let wished = body.get("router").and_then(|router| router.get("routes")).cloned();
    let wished = wished.ok_or_else(|| {
        Error::Attribute("Unable to find 'router' with 'routes' in request body".to_owned())
    })?;
    let checked = subnets::routes(wished).map_err(|refused| match refused {
        Refused::Because(reason) => Error::invalid(reason),
        Refused::Fault(fault) => Error::Attribute(fault.message().to_owned()),
    })?;
    serde_json::from_value(checked).map_err(|error| Error::Attribute(format!("Invalid input: {error}.")))
}

/// A leg of a router.
fn interface(leg: &Interface) -> Value {
    json!({
        "id": leg.router_id,
        "tenant_id": leg.project_id,
        "project_id": leg.project_id,
        "port_id": leg.port_id,
        "network_id": leg.network_id,
        "subnet_id": leg.subnet_ids.first(),
        "subnet_ids": leg.subnet_ids,
    })
}

/// `PUT …/add_extraroutes`.
pub(crate) async fn add_routes(
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, more) = (router_id(call.key())?, routes(body)?);
    let (row, ips) = call.service.add_routes(&call.caller, id, more).await?;
    Ok(Json(Routers::shown(&call, &row, &ips)))
}

/// `PUT …/remove_extraroutes`.
pub(crate) async fn remove_routes(
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (id, less) = (router_id(call.key())?, routes(body)?);
    let (row, ips) = call.service.remove_routes(&call.caller, id, less).await?;
    Ok(Json(Routers::shown(&call, &row, &ips)))
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
pub(crate) async fn topology(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    let project = own(&call.caller, project)?;
    if call.query.all("fields").any(|field| field == "dry-run") {
        call.service.can_auto_allocate().await?;
        return Ok(Json(
            json!({"auto_allocated_topology": {"id": "dry-run=pass", "tenant_id": project, "project_id": project}}),
        ));
    }
    let id = call.service.auto_allocate(&call.caller).await?;
    Ok(Json(json!({"auto_allocated_topology": {"id": id, "tenant_id": project, "project_id": project}})))
}

/// `DELETE /auto-allocated-topology/{project}`.
pub(crate) async fn no_topology(call: Call<Networking>) -> Result<StatusCode, ApiError> {
    let project = call.key();
    let project = own(&call.caller, project)?;
    call.service.remove_auto(&call.caller, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}
