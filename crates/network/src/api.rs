//! The route table: one line per operation, with the rule that guards it.

mod actions;
mod availabilities;
mod discovery;
mod quotas;

use kogge_http::{Access, ApiError, ErrorKind, Routes};
use kogge_resource::Crud as _;
use kogge_resource::neutron::tags;

use crate::error::{Error, Kind};
use crate::resources::address_scopes::AddressScopes;
use crate::resources::agents::Agents;
use crate::resources::default_rules::DefaultRules;
use crate::resources::floating_ips::FloatingIps;
use crate::resources::networks::Networks;
use crate::resources::ports::Ports;
use crate::resources::rbac_policies::RbacPolicies;
use crate::resources::routers::Routers;
use crate::resources::security_group_rules::SecurityGroupRules;
use crate::resources::security_groups::SecurityGroups;
use crate::resources::subnet_pools::{SubnetPools, prefixes};
use crate::resources::subnets::Subnets;
use crate::{Networking, policy};

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

/// The routes, inside of the service's mount point.
#[must_use]
pub fn routes() -> Routes<Networking> {
    let routes = discovery_routes(Routes::new())
        .list::<Agents>()
        .show::<Agents>()
        .update::<Agents>()
        .remove::<Agents>()
        .crud::<Networks>()
        .crud::<Subnets>()
        .crud::<SubnetPools>()
        .put("/v2.0/subnetpools/{id}/add_prefixes", Access::Rule(policy::ADD_PREFIXES), prefixes::add)
        .put(
            "/v2.0/subnetpools/{id}/remove_prefixes",
            Access::Rule(policy::REMOVE_PREFIXES),
            prefixes::remove,
        )
        .crud::<AddressScopes>()
        .crud::<RbacPolicies>()
        .crud::<Ports>()
        .crud::<Routers>()
        .crud::<FloatingIps>()
        .crud::<SecurityGroups>()
        .fixed::<SecurityGroupRules>()
        .fixed::<DefaultRules>();
    admin_routes(tag_routes(l3_routes(routes)))
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

fn l3_routes(routes: Routes<Networking>) -> Routes<Networking> {
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

fn tag_routes(routes: Routes<Networking>) -> Routes<Networking> {
    let routes = tags::routes::<Networks>(routes);
    let routes = tags::routes::<Subnets>(routes);
    let routes = tags::routes::<Ports>(routes);
    let routes = tags::routes::<Routers>(routes);
    let routes = tags::routes::<FloatingIps>(routes);
    let routes = tags::routes::<SecurityGroups>(routes);
    let routes = tags::routes::<SubnetPools>(routes);
    // upstream's tag plug-in spells this kind both ways
    let also = ("/v2.0/security_groups/{id}/tags", "/v2.0/security_groups/{id}/tags/{tag}");
    tags::routes_at::<SecurityGroups>(routes, also)
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
        .get("/v2.0/network-ip-availabilities", availability, availabilities::list)
        .get("/v2.0/network-ip-availabilities/{id}", availability, availabilities::show)
}
