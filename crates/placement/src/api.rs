//! The route table of Placement 1.0 to 1.39.

mod root;

use kogge_http::{Access, Routes};

use crate::Placement;

/// The routes of placement.
#[must_use]
pub fn routes() -> Routes<Placement> {
    Routes::new().get("/", Access::Public, root::root)
}
