//! From errors of the service to answers.

use kogge_http::{ApiError, ErrorKind};

use crate::error::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotFound(_) => Self::not_found(message),
            Error::Invalid(_) => Self::bad_request(message),
            Error::Forbidden(_) => Self::forbidden(message),
            Error::Denied(denied) => denied.into(),
            Error::Conflict(_) => Self::conflict(message),
            Error::OverQuota(_) => Self::new(ErrorKind::TooLarge, message),
            Error::Unavailable(_) => Self::unavailable(message),
            Error::Internal(source) => Self::internal(source.as_ref()),
        }
    }
}
