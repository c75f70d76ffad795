//! From errors of the service to answers, with upstream's error codes.

use kogge_http::{ApiError, ErrorKind};

use crate::error::Error;

/// The code of whatever lost a race.
pub(super) const CONCURRENT_UPDATE: &str = "placement.concurrent_update";

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotFound { .. } | Error::Unnamed(_) => Self::not_found(message),
            Error::Generation(_) | Error::ConsumerGeneration(_) => {
                Self::conflict(message).named(CONCURRENT_UPDATE)
            }
            Error::Duplicate(_) => Self::conflict(message).named("placement.duplicate_name"),
            Error::InUse { code, .. } => Self::conflict(message).named(code),
            Error::NoRoom { .. } => Self::conflict(message),
            Error::DuplicateKey(_) => Self::bad_request(message).named("placement.query.duplicate_key"),
            Error::UnknownProvider(_) => {
                Self::bad_request(message).named("placement.resource_provider.not_found")
            }
            Error::Invalid(_) => Self::bad_request(message),
            Error::Forbidden(denied) => Self::new(
                ErrorKind::Forbidden,
                format!("Policy does not allow {} to be performed.", denied.rule),
            ),
            Error::Internal(source) => Self::internal(&source),
        }
    }
}

/// Databases have no place for NUL.
pub(super) fn without_nul(text: &str) -> Result<(), ApiError> {
    if text.contains('\0') {
        Err(ApiError::bad_request("A text contains the character NUL."))
    } else {
        Ok(())
    }
}
