//! The route table: one line per operation, with the rule that guards it.

mod actions;
mod admin;
mod discovery;
mod listing;
mod quotas;
mod resource;
mod resources;
mod tags;
mod wire;

use kogge_http::{Access, ApiError, ErrorKind, Routes};

use crate::error::{Error, Kind};
use crate::service::tags::Tagged;
use crate::{Networking, policy};
use resource::{create, delete, list, show, update};
use resources::{
    AddressScopes, DefaultRules, FloatingIps, Networks, Ports, RbacPolicies, Routers, SecurityGroupRules,
    SecurityGroups, SubnetPools, Subnets,
};

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            Kind::BadRequest => ErrorKind::BadRequest,
            Kind::Forbidden => ErrorKind::Forbidden,
            Kind::NotFound => ErrorKind::NotFound,
            Kind::Conflict => ErrorKind::Conflict,
            Kind::PreconditionFailed => ErrorKind::PreconditionFailed,
            Kind::Unavailable => ErrorKind::Unavailable,
            Kind::Internal => return Self::internal(&error),
        };
        Self::new(kind, error.to_string()).named(error.name())
    }
}

/// Adds the five operations of a resource.
macro_rules! crud {
    ($routes:expr, $many:literal, $one:literal, $type:ty, $get:ident, $create:ident, $update:ident, $delete:ident) => {
        $routes
            .get($many, Access::Rule(policy::$get), list::<$type>)
            .post($many, Access::Rule(policy::$create), create::<$type>)
            .get($one, Access::Rule(policy::$get), show::<$type>)
            .put($one, Access::Rule(policy::$update), update::<$type>)
            .delete($one, Access::Rule(policy::$delete), delete::<$type>)
    };
}

/// Adds the four operations of a resource that is never changed.
macro_rules! fixed {
    ($routes:expr, $many:literal, $one:literal, $type:ty, $get:ident, $create:ident, $delete:ident) => {
        $routes
            .get($many, Access::Rule(policy::$get), list::<$type>)
            .post($many, Access::Rule(policy::$create), create::<$type>)
            .get($one, Access::Rule(policy::$get), show::<$type>)
            .delete($one, Access::Rule(policy::$delete), delete::<$type>)
    };
}

/// The routes, inside of the service's mount point.
#[must_use]
pub fn routes() -> Routes<Networking> {
    let routes = discovery_routes(Routes::new());
    let routes = l2_routes(routes);
    let routes = l3_routes(routes);
    let routes = security_routes(routes);
    let routes = tags::routes(routes);
    admin_routes(routes)
}

fn discovery_routes(routes: Routes<Networking>) -> Routes<Networking> {
    routes
        .get("/", Access::Public, discovery::versions)
        .get("/v2.0", Access::AnyToken, discovery::resources)
        .get("/v2.0/", Access::AnyToken, discovery::resources)
        .get("/v2.0/extensions", Access::AnyToken, discovery::extensions)
        .get("/v2.0/extensions/{alias}", Access::AnyToken, discovery::extension)
        .get("/v2.0/availability_zones", Access::Rule(policy::GET_AVAILABILITY_ZONE), discovery::zones)
        .get("/v2.0/service-providers", Access::Rule(policy::GET_SERVICE_PROVIDER), discovery::providers)
}

fn l2_routes(routes: Routes<Networking>) -> Routes<Networking> {
    let routes = crud!(
        routes,
        "/v2.0/networks",
        "/v2.0/networks/{id}",
        Networks,
        GET_NETWORK,
        CREATE_NETWORK,
        UPDATE_NETWORK,
        DELETE_NETWORK
    );
    let routes = crud!(
        routes,
        "/v2.0/subnets",
        "/v2.0/subnets/{id}",
        Subnets,
        GET_SUBNET,
        CREATE_SUBNET,
        UPDATE_SUBNET,
        DELETE_SUBNET
    );
    let routes = crud!(
        routes,
        "/v2.0/subnetpools",
        "/v2.0/subnetpools/{id}",
        SubnetPools,
        GET_SUBNETPOOL,
        CREATE_SUBNETPOOL,
        UPDATE_SUBNETPOOL,
        DELETE_SUBNETPOOL
    );
    let routes = crud!(
        routes,
        "/v2.0/address-scopes",
        "/v2.0/address-scopes/{id}",
        AddressScopes,
        GET_ADDRESS_SCOPE,
        CREATE_ADDRESS_SCOPE,
        UPDATE_ADDRESS_SCOPE,
        DELETE_ADDRESS_SCOPE
    );
    let routes = crud!(
        routes,
        "/v2.0/rbac-policies",
        "/v2.0/rbac-policies/{id}",
        RbacPolicies,
        GET_RBAC_POLICY,
        CREATE_RBAC_POLICY,
        UPDATE_RBAC_POLICY,
        DELETE_RBAC_POLICY
    );
    crud!(routes, "/v2.0/ports", "/v2.0/ports/{id}", Ports, GET_PORT, CREATE_PORT, UPDATE_PORT, DELETE_PORT)
}

fn l3_routes(routes: Routes<Networking>) -> Routes<Networking> {
    let routes = crud!(
        routes,
        "/v2.0/routers",
        "/v2.0/routers/{id}",
        Routers,
        GET_ROUTER,
        CREATE_ROUTER,
        UPDATE_ROUTER,
        DELETE_ROUTER
    );
    let routes = crud!(
        routes,
        "/v2.0/floatingips",
        "/v2.0/floatingips/{id}",
        FloatingIps,
        GET_FLOATINGIP,
        CREATE_FLOATINGIP,
        UPDATE_FLOATINGIP,
        DELETE_FLOATINGIP
    );
    let add = Access::Rule(policy::ADD_ROUTER_INTERFACE);
    let remove = Access::Rule(policy::REMOVE_ROUTER_INTERFACE);
    let topology = Access::Rule(policy::GET_AUTO_ALLOCATED_TOPOLOGY);
    let no_topology = Access::Rule(policy::DELETE_AUTO_ALLOCATED_TOPOLOGY);
    routes
        .put("/v2.0/routers/{id}/add_router_interface", add, actions::add_interface)
        .put("/v2.0/routers/{id}/remove_router_interface", remove, actions::remove_interface)
        .put("/v2.0/routers/{id}/add_extraroutes", Access::Rule(policy::ADD_EXTRAROUTES), actions::add_routes)
        .put(
            "/v2.0/routers/{id}/remove_extraroutes",
            Access::Rule(policy::REMOVE_EXTRAROUTES),
            actions::remove_routes,
        )
        .get("/v2.0/auto-allocated-topology/{project}", topology, actions::topology)
        .delete("/v2.0/auto-allocated-topology/{project}", no_topology, actions::no_topology)
}

fn security_routes(routes: Routes<Networking>) -> Routes<Networking> {
    let routes = crud!(
        routes,
        "/v2.0/security-groups",
        "/v2.0/security-groups/{id}",
        SecurityGroups,
        GET_SECURITY_GROUP,
        CREATE_SECURITY_GROUP,
        UPDATE_SECURITY_GROUP,
        DELETE_SECURITY_GROUP
    );
    let routes = fixed!(
        routes,
        "/v2.0/security-group-rules",
        "/v2.0/security-group-rules/{id}",
        SecurityGroupRules,
        GET_SECURITY_GROUP_RULE,
        CREATE_SECURITY_GROUP_RULE,
        DELETE_SECURITY_GROUP_RULE
    );
    fixed!(
        routes,
        "/v2.0/default-security-group-rules",
        "/v2.0/default-security-group-rules/{id}",
        DefaultRules,
        GET_DEFAULT_SECURITY_GROUP_RULE,
        CREATE_DEFAULT_SECURITY_GROUP_RULE,
        DELETE_DEFAULT_SECURITY_GROUP_RULE
    )
}

fn admin_routes(routes: Routes<Networking>) -> Routes<Networking> {
    let availability = Access::Rule(policy::GET_NETWORK_IP_AVAILABILITY);
    routes
        .get("/v2.0/quotas", Access::Rule(policy::GET_QUOTA), quotas::index)
        .get("/v2.0/quotas/{project}", Access::Rule(policy::GET_QUOTA), quotas::show)
        .put("/v2.0/quotas/{project}", Access::Rule(policy::UPDATE_QUOTA), quotas::update)
        .delete("/v2.0/quotas/{project}", Access::Rule(policy::DELETE_QUOTA), quotas::reset)
        .get("/v2.0/quotas/{project}/default", Access::Rule(policy::GET_QUOTA), quotas::default)
        .get("/v2.0/quotas/{project}/details", Access::Rule(policy::GET_QUOTA), quotas::details)
        .get("/v2.0/quotas/{project}/details.json", Access::Rule(policy::GET_QUOTA), quotas::details)
        .get("/v2.0/agents", Access::Rule(policy::GET_AGENT), admin::agents)
        .get("/v2.0/agents/{id}", Access::Rule(policy::GET_AGENT), admin::agent)
        .get("/v2.0/network-ip-availabilities", availability, admin::availabilities)
        .get("/v2.0/network-ip-availabilities/{id}", availability, admin::availability)
}

/// The kinds with tags, for the route table.
pub(crate) const TAGGED: &[(Tagged, &str)] = &Tagged::ALL;
