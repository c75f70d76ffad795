//! The route table of block storage v3, and the room behind it: from the wire to commands, from views to the wire.

pub(crate) mod about;
mod errors;
pub(crate) mod hosts;
pub(crate) mod metadata;
pub(crate) mod pools;
pub(crate) mod quotas;
pub(crate) mod services;
pub(crate) mod versions;

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _, handlers};

use crate::resources::attachments::{self, Attachments};
use crate::resources::volumes::{self, VolumesApi, actions};
use crate::{Volumes, microversion as v, policy as p};

/// The route table.
pub(crate) fn routes() -> Routes<Volumes> {
    version_routes()
        .merge(volume_routes())
        .merge(volume_actions())
        .merge(attachment_routes())
        .merge(crate::admin_routes::routes())
        .merge(crate::copy_routes::routes())
}

fn version_routes() -> Routes<Volumes> {
    let public = Access::Public;
    Routes::new().get("/", public, versions::list).get("/v3", public, versions::current).get(
        "/v3/",
        public,
        versions::current,
    )
}

fn volume_routes() -> Routes<Volumes> {
    const META: &str = "/v3/volumes/{id}/metadata";
    const ITEM: &str = "/v3/volumes/{id}/metadata/{key}";
    Routes::new()
        .crud::<VolumesApi>()
        .get("/v3/volumes/detail", p::VOLUME_GET_ALL, handlers::details::<VolumesApi>)
        .route(
            Method::GET,
            "/v3/volumes/summary",
            VersionRange::since(v::SUMMARY),
            p::VOLUME_GET_ALL,
            volumes::summary,
        )
        .get(META, p::GET_VOLUME_METADATA, metadata::index)
        .post(META, p::CREATE_VOLUME_METADATA, metadata::create)
        .put(META, p::UPDATE_VOLUME_METADATA, metadata::replace)
        .get(ITEM, p::GET_VOLUME_METADATA, metadata::show)
        .put(ITEM, p::UPDATE_VOLUME_METADATA, metadata::update)
        .delete(ITEM, p::DELETE_VOLUME_METADATA, metadata::delete)
        .get("/v3/volumes/{id}/encryption", p::VOLUME_ENCRYPTION_METADATA, actions::encryption)
        .get("/v3/volumes/{id}/encryption/{key}", p::VOLUME_ENCRYPTION_METADATA, actions::encryption_key)
}

fn volume_actions() -> Routes<Volumes> {
    const PATH: &str = "/v3/volumes/{id}/action";
    let since = VersionRange::since;
    Routes::new()
        .post(PATH, Access::Token, actions::action)
        .action(PATH, "os-extend", p::VOLUME_EXTEND)
        .action(PATH, "os-retype", p::VOLUME_RETYPE)
        .action(PATH, "os-set_bootable", p::VOLUME_UPDATE)
        .action(PATH, "os-update_readonly_flag", p::UPDATE_READONLY_FLAG)
        .action(PATH, "os-reset_status", p::VOLUME_ADMIN_ACTIONS_RESET_STATUS)
        .action(PATH, "os-force_delete", p::VOLUME_ADMIN_ACTIONS_FORCE_DELETE)
        .action(PATH, "os-set_image_metadata", p::VOLUME_IMAGE_METADATA_SET)
        .action(PATH, "os-unset_image_metadata", p::VOLUME_IMAGE_METADATA_REMOVE)
        .action(PATH, "os-show_image_metadata", p::VOLUME_IMAGE_METADATA_SHOW)
        .action(PATH, "os-volume_upload_image", p::VOLUME_ACTIONS_UPLOAD_IMAGE)
        .action(PATH, "os-migrate_volume", p::VOLUME_ADMIN_ACTIONS_MIGRATE_VOLUME)
        .action(PATH, "os-unmanage", p::VOLUME_UNMANAGE)
        .action_in(PATH, "revert", since(v::REVERT), p::REVERT_TO_SNAPSHOT)
        .action_in(PATH, "os-reimage", since(v::REIMAGE), p::VOLUME_REIMAGE)
        .action_in(
            PATH,
            "os-extend_volume_completion",
            since(v::EXTEND_COMPLETION),
            p::VOLUME_ADMIN_ACTIONS_EXTEND_VOLUME_COMPLETION,
        )
        .action(PATH, "os-reserve", p::VOLUME_ACTIONS_RESERVE)
        .action(PATH, "os-unreserve", p::VOLUME_ACTIONS_UNRESERVE)
        .action(PATH, "os-begin_detaching", p::VOLUME_ACTIONS_BEGIN_DETACHING)
        .action(PATH, "os-roll_detaching", p::VOLUME_ACTIONS_ROLL_DETACHING)
        .action(PATH, "os-attach", p::VOLUME_ACTIONS_ATTACH)
        .action(PATH, "os-detach", p::VOLUME_ACTIONS_DETACH)
        .action(PATH, "os-force_detach", p::VOLUME_ADMIN_ACTIONS_FORCE_DETACH)
        .action(PATH, "os-initialize_connection", p::VOLUME_ACTIONS_INITIALIZE_CONNECTION)
        .action(PATH, "os-terminate_connection", p::VOLUME_ACTIONS_TERMINATE_CONNECTION)
}

fn attachment_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/attachments/{id}/action";
    Routes::within(Attachments::VERSIONS)
        .list::<Attachments>()
        .create::<Attachments>()
        .show::<Attachments>()
        .update::<Attachments>()
        .get("/v3/attachments/detail", p::VOLUME_GET_ALL, handlers::details::<Attachments>)
        .delete(Attachments::NAMES.each, p::ATTACHMENT_DELETE, attachments::delete)
        .route(
            Method::POST,
            ACTION,
            VersionRange::since(v::ATTACHMENT_COMPLETE),
            Access::Token,
            attachments::action,
        )
        .action(ACTION, "os-complete", p::ATTACHMENT_COMPLETE)
}
