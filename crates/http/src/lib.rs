//! The HTTP manners of OpenStack, once for all services.
//!
//! A request walks through [`front_door`] in the order in which its stages are written there: request id, address
//! of the client's view ([`BaseUrl`]), token → caller, microversion; then, in a task of its own so that a client
//! that hangs up cannot tear a transaction, through the service's [`Routes`] to one handler. What the handler
//! answers gets its fault body in the service's [`FaultStyle`], its version headers and one line in the log.

mod base_url;
mod error;
mod extension;
mod extract;
pub mod fault;
pub mod front_door;
mod long_body;
mod microversion;
mod old_path;
mod outage;
mod paging;
mod patch;
mod peer;
mod rewrite;
mod routes;
pub mod server;
mod slash;

pub use base_url::BaseUrl;
pub use error::{ApiError, ErrorKind};
pub use extension::without_extension;
pub use extract::{Auth, Json, OptionalJson, Pairs, Path, RequestId};
pub use fault::FaultStyle;
pub use front_door::FrontDoor;
pub use microversion::{Microversion, VersionRange, Versions, mv};
pub use old_path::{at_present_path, without_project};
pub use paging::{PageRules, next_query, page};
pub use patch::Patch;
pub use peer::Peer;
pub use routes::{Access, RouteInfo, Routes};
pub use slash::without_slash;
