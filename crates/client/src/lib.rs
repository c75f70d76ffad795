//! A thin OpenStack client that shows raw answers.
//!
//! It exists for programs that *judge* clouds: it signs in, finds endpoints in the catalogue and sends what it is
//! told to send; status, headers and bytes come back untouched. It never guesses a success, never follows a cloud to
//! another machine, never waits longer than told, and never shows a secret.
//!
//! ```text
//!  Environment ─▶ CloudConfig ─▶ Client ─▶ Call ─▶ transport ─▶ Answer
//!   files, OS_*    who, where     token      one     deadlines,    status, headers,
//!                                 catalogue  call    retries, size  bytes, json()
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | `clouds.yaml`, `secure.yaml`, `clouds-public.yaml` and `OS_*`, in the order of os-client-config |
//! | [`auth`] | the request for a token, the token, the catalogue |
//! | [`client`] | [`Client`], [`Call`], endpoint choice, paged lists |
//! | [`transport`] | one HTTP exchange: deadline, size limit, retries, redirects, recording |
//!
//! The binary installs the TLS provider (`rustls` with aws-lc); without one the first HTTPS call uses reqwest's.

pub mod answer;
pub mod auth;
pub mod client;
pub mod config;
pub mod error;
pub mod guard;
pub mod page;
pub mod record;
pub mod secrets;
pub mod service_type;
mod transport;

pub use answer::Answer;
pub use auth::catalog::{Catalog, Endpoint, Interface, Service};
pub use auth::token::Token;
pub use client::{Call, Client, ClientOptions, encode_segment};
pub use config::{CloudConfig, Environment};
pub use error::{CallName, Error, Result, chain};
pub use record::{Exchange, Recorder};
pub use transport::Limits;

/// The HTTP method type of every call, so that callers need no HTTP crate of their own.
pub use http::Method;
