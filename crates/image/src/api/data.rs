//! `/v2/images/{id}/file` and `/v2/images/{id}/stage`

pub(super) mod download;
mod range;
pub(super) mod upload;
