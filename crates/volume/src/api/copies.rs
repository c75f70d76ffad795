//! The route table of copies of volumes: snapshots and backups.

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, List, Resource as _, handlers};

use crate::resources::backups::{self, Backups, records};
use crate::resources::snapshots::{Snapshots, actions, metadata};
use crate::{Volumes, microversion as v, policy};

/// The route table.
pub(super) fn routes() -> Routes<Volumes> {
    snapshot_routes().merge(backup_routes())
}

fn backup_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/backups/{id}/action";
    const EACH: &str = Backups::NAMES.each;
    let updates = VersionRange { since: Some(v::BACKUP_UPDATE), until: None };
    let listing = Access::Rule(<Backups as List>::RULE);
    let routes = Routes::new()
        .fixed::<Backups>()
        .route(Method::PUT, EACH, updates, policy::BACKUP_UPDATE, handlers::update::<Backups>)
        .get("/v3/backups/detail", listing, handlers::details::<Backups>)
        .post("/v3/backups/import_record", policy::BACKUP_BACKUP_IMPORT, records::import)
        .get("/v3/backups/{id}/export_record", policy::BACKUP_EXPORT_IMPORT, records::export)
        .post("/v3/backups/{id}/restore", policy::BACKUP_RESTORE, backups::actions::restore)
        .post(ACTION, Access::Token, backups::actions::action);
    backups::actions::ACTIONS.iter().fold(routes, |routes, (name, rule)| routes.action(ACTION, name, *rule))
}

fn snapshot_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/snapshots/{id}/action";
    const METADATA: &str = "/v3/snapshots/{id}/metadata";
    const PAIR: &str = "/v3/snapshots/{id}/metadata/{key}";
    let listing = Access::Rule(<Snapshots as List>::RULE);
    let routes = Routes::new()
        .crud::<Snapshots>()
        .get("/v3/snapshots/detail", listing, handlers::details::<Snapshots>)
        .get(METADATA, policy::GET_SNAPSHOT_METADATA, metadata::index)
        .post(METADATA, policy::UPDATE_SNAPSHOT_METADATA, metadata::create)
        .put(METADATA, policy::UPDATE_SNAPSHOT_METADATA, metadata::replace)
        .get(PAIR, policy::GET_SNAPSHOT_METADATA, metadata::show)
        .put(PAIR, policy::UPDATE_SNAPSHOT_METADATA, metadata::update)
        .delete(PAIR, policy::DELETE_SNAPSHOT_METADATA, metadata::delete)
        .post(ACTION, Access::Token, actions::action);
    actions::ACTIONS.iter().fold(routes, |routes, (name, rule)| routes.action(ACTION, name, *rule))
}
