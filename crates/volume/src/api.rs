//! The route table of block storage v3, and the room behind it: from the wire to commands, from views to the wire.

mod errors;
pub(crate) mod versions;

use kogge_http::{Access, Routes};
use kogge_resource::Crud as _;

use crate::Volumes;
use crate::resources::volume_types::VolumeTypes;

/// The route table.
pub(crate) fn routes() -> Routes<Volumes> {
    version_routes().merge(type_routes())
}

fn version_routes() -> Routes<Volumes> {
    let public = Access::Public;
    Routes::new().get("/", public, versions::list).get("/v3", public, versions::current).get(
        "/v3/",
        public,
        versions::current,
    )
}

fn type_routes() -> Routes<Volumes> {
    Routes::new().list::<VolumeTypes>().show::<VolumeTypes>()
}
