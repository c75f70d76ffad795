//! Signing in: the request for a token, the token, and the catalogue inside it.

pub mod catalog;
pub mod request;
pub mod token;
