//! The route table of Identity v3, as mounted at `/identity`.

mod auth;
mod fault;
mod json_home;
mod versions;
mod wire;

use kogge_http::{Access, Routes};

use crate::policy;
use crate::service::Identity;

/// The version documents: `/` and `/v3`. For everybody.
#[must_use]
pub fn version_routes() -> Routes<Identity> {
    Routes::new()
        .get("/", Access::Public, versions::list)
        .get("/v3", Access::Public, versions::show)
        .get("/v3/", Access::Public, versions::show)
}

/// Everything below `/v3`.
#[must_use]
pub fn routes() -> Routes<Identity> {
    use Access::{Public, Rule};
    Routes::new()
        .post("/v3/auth/tokens", Public, auth::tokens::create)
        .get("/v3/auth/tokens", Rule(policy::VALIDATE_TOKEN), auth::tokens::show)
        .delete("/v3/auth/tokens", Rule(policy::REVOKE_TOKEN), auth::tokens::delete)
}
