//! The route table of Placement 1.0 to 1.39.

mod aggregates;
mod allocations;
mod candidates;
mod classes;
mod error;
mod inventories;
mod providers;
mod reply;
mod reshaper;
mod root;
mod traits;
mod usages;
mod wire;

use http::Method;
use kogge_auth::Rule;
use kogge_http::{Access, Microversion, Routes, VersionRange};

use crate::microversion as since;
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
    const ALL: &str = "/resource_providers";
    const ONE: &str = "/resource_providers/{id}";
    const STOCK: &str = "/resource_providers/{id}/inventories";
    const CLASS: &str = "/resource_providers/{id}/inventories/{class}";
    Routes::new()
        .get(ALL, rule(policy::PROVIDERS_LIST), providers::list)
        .post(ALL, rule(policy::PROVIDERS_CREATE), providers::create)
        .get(ONE, rule(policy::PROVIDERS_SHOW), providers::show)
        .put(ONE, rule(policy::PROVIDERS_UPDATE), providers::update)
        .delete(ONE, rule(policy::PROVIDERS_DELETE), providers::delete)
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
        .route(Method::GET, AGGREGATES, aggregates_since, rule(policy::AGGREGATES_LIST), aggregates::list)
        .route(
            Method::PUT,
            AGGREGATES,
            aggregates_since,
            rule(policy::AGGREGATES_UPDATE),
            aggregates::replace,
        )
        .route(Method::GET, TRAITS, traits_since, rule(policy::PROVIDER_TRAITS_LIST), traits::of_provider)
        .route(Method::PUT, TRAITS, traits_since, rule(policy::PROVIDER_TRAITS_UPDATE), traits::replace)
        .route(Method::DELETE, TRAITS, traits_since, rule(policy::PROVIDER_TRAITS_DELETE), traits::delete_all)
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
    const CLASSES: &str = "/resource_classes";
    const CLASS: &str = "/resource_classes/{name}";
    const TRAIT: &str = "/traits/{name}";
    let (classes_since, traits_since) = (from(since::CLASSES), from(since::TRAITS));
    Routes::new()
        .route(Method::GET, CLASSES, classes_since, rule(policy::CLASSES_LIST), classes::list)
        .route(Method::POST, CLASSES, classes_since, rule(policy::CLASSES_CREATE), classes::create)
        .route(Method::GET, CLASS, classes_since, rule(policy::CLASSES_SHOW), classes::show)
        .route(Method::PUT, CLASS, classes_since, rule(policy::CLASSES_UPDATE), classes::update)
        .route(Method::DELETE, CLASS, classes_since, rule(policy::CLASSES_DELETE), classes::delete)
        .route(Method::GET, "/traits", traits_since, rule(policy::TRAITS_LIST), traits::list)
        .route(Method::GET, TRAIT, traits_since, rule(policy::TRAITS_SHOW), traits::show)
        .route(Method::PUT, TRAIT, traits_since, rule(policy::TRAITS_UPDATE), traits::create)
        .route(Method::DELETE, TRAIT, traits_since, rule(policy::TRAITS_DELETE), traits::delete)
}
