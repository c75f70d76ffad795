//! The route table of copies of volumes: snapshots, backups, transfers, and what is taken over.

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, List, Resource as _, handlers};

use crate::resources::backups::{self, Backups, records};
use crate::resources::group_snapshots::{self, GroupSnapshots};
use crate::resources::manageable;
use crate::resources::snapshots::{Snapshots, actions, metadata};
use crate::resources::transfers::{self, Transfers};
use crate::{Volumes, microversion as v, policy};

/// The route table.
pub(crate) fn routes() -> Routes<Volumes> {
    snapshot_routes()
        .merge(group_snapshot_routes())
        .merge(backup_routes())
        .merge(old_transfer_routes())
        .merge(transfer_routes())
        .merge(manage_routes())
}

fn manage_routes() -> Routes<Volumes> {
    use manageable as m;
    let (see, take) = (policy::VOLUME_LIST_MANAGEABLE, policy::VOLUME_MANAGE);
    let (see_snapshots, take_snapshots) = (policy::SNAPSHOT_LIST_MANAGEABLE, policy::SNAPSHOT_MANAGE);
    let old = Routes::new()
        .get("/v3/os-volume-manage", see, m::volumes)
        .get("/v3/os-volume-manage/detail", see, m::volumes_in_detail)
        .post("/v3/os-volume-manage", take, m::manage_volume)
        .get("/v3/os-snapshot-manage", see_snapshots, m::snapshots)
        .get("/v3/os-snapshot-manage/detail", see_snapshots, m::snapshots_in_detail)
        .post("/v3/os-snapshot-manage", take_snapshots, m::manage_snapshot);
    let new = Routes::within(VersionRange { since: Some(v::MANAGE), until: None })
        .get("/v3/manageable_volumes", see, m::volumes)
        .get("/v3/manageable_volumes/detail", see, m::volumes_in_detail)
        .post("/v3/manageable_volumes", take, m::manage_volume)
        .get("/v3/manageable_snapshots", see_snapshots, m::snapshots)
        .get("/v3/manageable_snapshots/detail", see_snapshots, m::snapshots_in_detail)
        .post("/v3/manageable_snapshots", take_snapshots, m::manage_snapshot);
    old.merge(new)
}

fn old_transfer_routes() -> Routes<Volumes> {
    const EACH: &str = Transfers::NAMES.each;
    let listing = Access::Rule(<Transfers as List>::RULE);
    Routes::new()
        .list::<Transfers>()
        .show::<Transfers>()
        .get("/v3/os-volume-transfer/detail", listing, handlers::details::<Transfers>)
        .post(transfers::OLD, policy::CREATE_TRANSFER, transfers::create_old)
        .delete(EACH, policy::DELETE_TRANSFER, transfers::delete)
        .post("/v3/os-volume-transfer/{id}/accept", policy::ACCEPT_TRANSFER, transfers::accept)
}

fn transfer_routes() -> Routes<Volumes> {
    const ALL: &str = "/v3/volume-transfers";
    const EACH: &str = "/v3/volume-transfers/{id}";
    let listing = Access::Rule(<Transfers as List>::RULE);
    Routes::new()
        .get(ALL, listing, handlers::list::<Transfers>)
        .get("/v3/volume-transfers/detail", listing, handlers::details::<Transfers>)
        .get(EACH, Access::Rule(Transfers::READ), handlers::show::<Transfers>)
        .post(ALL, policy::CREATE_TRANSFER, transfers::create)
        .delete(EACH, policy::DELETE_TRANSFER, transfers::delete)
        .post("/v3/volume-transfers/{id}/accept", policy::ACCEPT_TRANSFER, transfers::accept)
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

fn group_snapshot_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/group_snapshots/{id}/action";
    let listing = Access::Rule(<GroupSnapshots as List>::RULE);
    let since = VersionRange::since(v::GROUP_SNAPSHOT_RESET);
    Routes::within(GroupSnapshots::VERSIONS)
        .fixed::<GroupSnapshots>()
        .get("/v3/group_snapshots/detail", listing, handlers::details::<GroupSnapshots>)
        .route(Method::POST, ACTION, since, Access::Token, group_snapshots::act)
        .action_in(ACTION, "reset_status", since, policy::GROUP_RESET_GROUP_SNAPSHOT_STATUS)
}
