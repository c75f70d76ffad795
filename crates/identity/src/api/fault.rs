//! From what went wrong to a status.

use kogge_http::{ApiError, ErrorKind};

use crate::error::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound { .. } | Error::Missing(_) => ErrorKind::NotFound,
            Error::Conflict { .. } => ErrorKind::Conflict,
            Error::Invalid(_) => ErrorKind::BadRequest,
            Error::Forbidden { .. } | Error::Refused(_) => ErrorKind::Forbidden,
            Error::Unauthorized | Error::PasswordExpired { .. } => ErrorKind::Unauthorized,
            Error::TooManyTries { seconds } => {
                return Self::new(ErrorKind::TooManyRequests, error.to_string()).retry_after(*seconds);
            }
            Error::Busy { seconds } => {
                return Self::unavailable(error.to_string()).retry_after(*seconds);
            }
            Error::Db(_)
            | Error::Document { .. }
            | Error::Unreadable { .. }
            | Error::Keys(_)
            | Error::Hashing(_) => {
                return Self::internal(&error);
            }
        };
        Self::new(kind, error.to_string())
    }
}
