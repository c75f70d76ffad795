//! From errors of the service to answers.

use kogge_http::{ApiError, ErrorKind};
use kogge_ids::ImageId;

use crate::error::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound(_) => ErrorKind::NotFound,
            Error::Forbidden(_) => ErrorKind::Forbidden,
            Error::Conflict(_) => ErrorKind::Conflict,
            Error::Invalid(_) => ErrorKind::BadRequest,
            Error::TooLarge(_) => ErrorKind::TooLarge,
            Error::BadData(_) => ErrorKind::UnsupportedMediaType,
            Error::Gone(_) => ErrorKind::Gone,
            Error::NoRoom(_) | Error::Store(_) | Error::Internal(_) => return Self::internal(&error),
        };
        Self::new(kind, error.to_string())
    }
}

/// The id in a path: what is no UUID names no image.
pub(super) fn image_id(text: &str) -> Result<ImageId, ApiError> {
    text.parse().map_err(|_| Error::no_image(text).into())
}

/// Databases have no place for this character.
pub(super) fn without_nul(text: &str) -> Result<(), ApiError> {
    if text.contains('\0') {
        Err(ApiError::bad_request("A text contains the character NUL."))
    } else {
        Ok(())
    }
}
