//! The route table of Image v2, as Glance 2026.1 serves it with one store and the tasks API for administrators.

mod data;
mod error;
mod imports;
mod info;
mod schemas;
mod versions;

use kogge_http::{Access, Routes};
use kogge_resource::{Crud as _, Resource as _};

use crate::resources::images::{self, Registered};
use crate::resources::members::Members;
use crate::resources::tasks::{self, Tasks};
use crate::{Images, policy};

/// The routes of the image service.
#[must_use]
pub fn routes() -> Routes<Images> {
    Routes::new()
        .get("/", Access::Public, versions::choices)
        .get("/versions", Access::Public, versions::versions)
        .merge(image_routes())
        .merge(data_routes())
        .merge(info_routes())
}

fn image_routes() -> Routes<Images> {
    const IMAGE: &str = Registered::NAMES.each;
    const TAG: &str = "/v2/images/{id}/tags/{tag}";
    Routes::new()
        .list::<Registered>()
        .create::<Registered>()
        .show::<Registered>()
        .patch(IMAGE, policy::MODIFY_IMAGE, images::update)
        .delete(IMAGE, policy::DELETE_IMAGE, images::delete)
        .post("/v2/images/{id}/actions/deactivate", policy::DEACTIVATE, images::deactivate)
        .post("/v2/images/{id}/actions/reactivate", policy::REACTIVATE, images::reactivate)
        .put(TAG, policy::MODIFY_IMAGE, images::add_tag)
        .delete(TAG, policy::MODIFY_IMAGE, images::remove_tag)
        .crud::<Members>()
}

fn data_routes() -> Routes<Images> {
    Routes::new()
        .get("/v2/images/{id}/file", policy::DOWNLOAD_IMAGE, data::download::download)
        .put("/v2/images/{id}/file", policy::UPLOAD_IMAGE, data::upload::upload)
        .put("/v2/images/{id}/stage", policy::MODIFY_IMAGE, data::upload::stage)
        .post("/v2/images/{id}/import", policy::MODIFY_IMAGE, imports::import)
        .get("/v2/images/{id}/tasks", policy::GET_IMAGE, tasks::of_image)
        .delete("/v2/stores/{store}/{id}", policy::DELETE_IMAGE_LOCATION, info::delete_from_store)
        .list::<Tasks>()
        .show::<Tasks>()
}

fn info_routes() -> Routes<Images> {
    Routes::new()
        .get("/v2/info/import", Access::AnyToken, info::import)
        .get("/v2/info/stores", Access::AnyToken, info::stores)
        .get("/v2/info/stores/detail", policy::STORES_INFO_DETAIL, info::stores_detail)
        .get("/v2/info/usage", Access::Token, info::usage)
        .get("/v2/schemas/image", Access::AnyToken, schemas::image)
        .get("/v2/schemas/images", Access::AnyToken, schemas::images)
        .get("/v2/schemas/member", Access::AnyToken, schemas::member)
        .get("/v2/schemas/members", Access::AnyToken, schemas::members)
        .get("/v2/schemas/task", Access::AnyToken, schemas::task)
        .get("/v2/schemas/tasks", Access::AnyToken, schemas::tasks)
}
