//! Fetching an image from the web without becoming somebody's way into our own network.
//!
//! The address's scheme and port must be on a list. Its name is resolved here, every address must be public (or in a
//! network that the configuration allows), and the connection goes to exactly these addresses, so that a second
//! look-up cannot answer otherwise. Redirects are followed by hand and pass the same gate each time. No proxy of the
//! environment is used, no cookies, no credentials.

mod address;
mod download;
mod gate;

pub(crate) use download::fetch;
pub(crate) use gate::{Gate, GateError};
