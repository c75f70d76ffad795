//! The route table of Placement 1.0 to 1.39.

mod allocations;
mod candidates;
mod error;
mod reshaper;
mod root;
mod usages;
mod wire;

use http::Method;
use kogge_auth::Rule;
use kogge_http::{Access, Microversion, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _};

use crate::microversion as since;
use crate::resources::classes::{self, Classes};
use crate::resources::providers::Providers;
use crate::resources::traits::{self, Traits};
use crate::resources::{inventories, provider_aggregates, provider_traits};
use crate::{Placement, policy};

const fn from(version: Microversion) -> VersionRange {
    VersionRange { since: Some(version), until: None }
}

const fn rule(rule: Rule) -> Access {
    Access::Rule(rule)
}

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
        .get(STOCK, rule(policy::INVENTORIES_LIST), inventories::list)
        .post(STOCK, rule(policy::INVENTORIES_CREATE), inventories::create)
        .put(STOCK, rule(policy::INVENTORIES_UPDATE), inventories::replace)
        .delete(STOCK, rule(policy::INVENTORIES_DELETE), inventories::delete_all)
        .get(CLASS, rule(policy::INVENTORIES_SHOW), inventories::show)
        .put(CLASS, rule(policy::INVENTORIES_UPDATE), inventories::update)
        .delete(CLASS, rule(policy::INVENTORIES_DELETE), inventories::delete)
}

fn part_routes() -> Routes<Placement> {
    const AGGREGATES: &str = "/resource_providers/{id}/aggregates";
    const TRAITS: &str = "/resource_providers/{id}/traits";
    let (aggregates_since, traits_since) = (from(since::AGGREGATES), from(since::TRAITS));
    Routes::new()
        .get("/resource_providers/{id}/usages", rule(policy::PROVIDER_USAGES), usages::of_provider)
        .get(
            "/resource_providers/{id}/allocations",
            rule(policy::PROVIDER_ALLOCATIONS),
            allocations::of_provider,
        )
        .route(
            Method::GET,
            AGGREGATES,
            aggregates_since,
            rule(policy::AGGREGATES_LIST),
            provider_aggregates::list,
        )
        .route(
            Method::PUT,
            AGGREGATES,
            aggregates_since,
            rule(policy::AGGREGATES_UPDATE),
            provider_aggregates::replace,
        )
        .route(Method::GET, TRAITS, traits_since, rule(policy::PROVIDER_TRAITS_LIST), provider_traits::list)
        .route(
            Method::PUT,
            TRAITS,
            traits_since,
            rule(policy::PROVIDER_TRAITS_UPDATE),
            provider_traits::replace,
        )
        .route(
            Method::DELETE,
            TRAITS,
            traits_since,
            rule(policy::PROVIDER_TRAITS_DELETE),
            provider_traits::delete_all,
        )
}

fn allocation_routes() -> Routes<Placement> {
    const ONE: &str = "/allocations/{consumer}";
    let manage = rule(policy::ALLOCATIONS_MANAGE);
    let candidates_rule = rule(policy::CANDIDATES_LIST);
    Routes::new()
        .get(ONE, rule(policy::ALLOCATIONS_LIST), allocations::show)
        .put(ONE, rule(policy::ALLOCATIONS_UPDATE), allocations::replace)
        .delete(ONE, rule(policy::ALLOCATIONS_DELETE), allocations::delete)
        .route(Method::POST, "/allocations", from(since::POST_ALLOCATIONS), manage, allocations::replace_many)
        .route(
            Method::GET,
            "/allocation_candidates",
            from(since::CANDIDATES),
            candidates_rule,
            candidates::list,
        )
        .route(Method::GET, "/usages", from(since::USAGES), rule(policy::USAGES), usages::of_project)
        .route(Method::POST, "/reshaper", from(since::RESHAPER), rule(policy::RESHAPE), reshaper::reshape)
}

fn name_routes() -> Routes<Placement> {
    let (class, trait_) = (Classes::NAMES.each, Traits::NAMES.each);
    Routes::new()
        .list::<Classes>()
        .create::<Classes>()
        .show::<Classes>()
        .route(Method::PUT, class, Classes::VERSIONS, rule(policy::CLASSES_UPDATE), classes::put)
        .remove::<Classes>()
        .list::<Traits>()
        .show::<Traits>()
        .route(Method::PUT, trait_, Traits::VERSIONS, rule(policy::TRAITS_UPDATE), traits::put)
        .remove::<Traits>()
}
