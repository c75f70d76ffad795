//! What compute is about, without IO: types, states and what comes next.

pub mod action;
pub mod bounds;
pub mod console;
pub mod extra_specs;
pub mod flavor;
pub mod hardware;
pub mod host;
pub mod hostname;
pub mod keypair;
pub mod mapping;
pub mod migration;
pub mod observe;
pub mod quota;
pub mod server;
pub mod server_group;
pub mod state;
pub mod step;
pub mod story;
pub mod wishes;
