//! The route table of Placement 1.0 to 1.39.

mod allocations;
mod candidates;
mod error;
mod reshaper;
mod root;
mod usages;
mod wire;

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _};

use crate::resources::classes::{self, Classes};
use crate::resources::providers::Providers;
use crate::resources::traits::{self, Traits};
use crate::resources::{inventories, provider_aggregates, provider_traits};
use crate::{Placement, microversion as v, policy as p};

/// The routes of placement.
#[must_use]
pub fn routes() -> Routes<Placement> {
    Routes::new()
        .get("/", Access::Public, root::root)
        .merge(provider_routes())
        .merge(part_routes())
        .merge(allocation_routes())
        .merge(name_routes())
}

fn provider_routes() -> Routes<Placement> {
    const STOCK: &str = "/resource_providers/{id}/inventories";
    const CLASS: &str = "/resource_providers/{id}/inventories/{class}";
    Routes::new()
        .crud::<Providers>()
        .get(STOCK, p::INVENTORIES_LIST, inventories::list)
        .post(STOCK, p::INVENTORIES_CREATE, inventories::create)
        .put(STOCK, p::INVENTORIES_UPDATE, inventories::replace)
        .delete(STOCK, p::INVENTORIES_DELETE, inventories::delete_all)
        .get(CLASS, p::INVENTORIES_SHOW, inventories::show)
        .put(CLASS, p::INVENTORIES_UPDATE, inventories::update)
        .delete(CLASS, p::INVENTORIES_DELETE, inventories::delete)
}

fn part_routes() -> Routes<Placement> {
    const USAGES: &str = "/resource_providers/{id}/usages";
    const ALLOCATIONS: &str = "/resource_providers/{id}/allocations";
    const AGGREGATES: &str = "/resource_providers/{id}/aggregates";
    const TRAITS: &str = "/resource_providers/{id}/traits";
    let aggregates = Routes::within(VersionRange::since(v::AGGREGATES))
        .get(AGGREGATES, p::AGGREGATES_LIST, provider_aggregates::list)
        .put(AGGREGATES, p::AGGREGATES_UPDATE, provider_aggregates::replace);
    let traits = Routes::within(VersionRange::since(v::TRAITS))
        .get(TRAITS, p::PROVIDER_TRAITS_LIST, provider_traits::list)
        .put(TRAITS, p::PROVIDER_TRAITS_UPDATE, provider_traits::replace)
        .delete(TRAITS, p::PROVIDER_TRAITS_DELETE, provider_traits::delete_all);
    Routes::new()
        .get(USAGES, p::PROVIDER_USAGES, inventories::usages)
        .get(ALLOCATIONS, p::PROVIDER_ALLOCATIONS, allocations::of_provider)
        .merge(aggregates)
        .merge(traits)
}

fn allocation_routes() -> Routes<Placement> {
    const ALL: &str = "/allocations";
    const ONE: &str = "/allocations/{consumer}";
    const CANDIDATES: &str = "/allocation_candidates";
    let since = VersionRange::since;
    Routes::new()
        .get(ONE, p::ALLOCATIONS_LIST, allocations::show)
        .put(ONE, p::ALLOCATIONS_UPDATE, allocations::replace)
        .delete(ONE, p::ALLOCATIONS_DELETE, allocations::delete)
        .route(
            Method::POST,
            ALL,
            since(v::POST_ALLOCATIONS),
            p::ALLOCATIONS_MANAGE,
            allocations::replace_many,
        )
        .route(Method::GET, CANDIDATES, since(v::CANDIDATES), p::CANDIDATES_LIST, candidates::list)
        .route(Method::GET, "/usages", since(v::USAGES), p::USAGES, usages::of_project)
        .route(Method::POST, "/reshaper", since(v::RESHAPER), p::RESHAPE, reshaper::reshape)
}

fn name_routes() -> Routes<Placement> {
    let (class, trait_) = (Classes::NAMES.each, Traits::NAMES.each);
    Routes::new()
        .list::<Classes>()
        .create::<Classes>()
        .show::<Classes>()
        .route(Method::PUT, class, Classes::VERSIONS, p::CLASSES_UPDATE, classes::put)
        .remove::<Classes>()
        .list::<Traits>()
        .show::<Traits>()
        .route(Method::PUT, trait_, Traits::VERSIONS, p::TRAITS_UPDATE, traits::put)
        .remove::<Traits>()
}
