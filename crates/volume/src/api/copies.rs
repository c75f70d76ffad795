//! The route table of copies of volumes: snapshots.

use kogge_http::{Access, Routes};
use kogge_resource::{Crud as _, List, handlers};

use crate::resources::snapshots::{Snapshots, actions, metadata};
use crate::{Volumes, policy};

/// The route table.
pub(super) fn routes() -> Routes<Volumes> {
    snapshot_routes()
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
