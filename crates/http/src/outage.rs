//! What the cloud cannot do now, in words for clients: one place for all services.
//!
//! Services keep database errors as they are; [`ApiError::internal`] looks through the sources for one that passes.

use std::error::Error;
use std::io;

use kogge_db::{DbError, Outage};

use crate::error::{ApiError, ErrorKind};

/// When to try again where there is no room, in seconds.
pub(crate) const ROOM_SECONDS: u32 = 60;
/// When to try again where the database does not answer, in seconds.
const ANSWER_SECONDS: u32 = 5;

/// The answer for a cause that passes by itself, wherever it stands among the sources.
pub(crate) fn of(cause: &(dyn Error + 'static)) -> Option<ApiError> {
    let mut next = Some(cause);
    while let Some(error) = next {
        if let Some(answer) = error.downcast_ref().and_then(of_database) {
            return Some(answer);
        }
        if let Some(answer) = error.downcast_ref::<io::Error>().and_then(of_file) {
            return Some(answer);
        }
        if error.is::<kogge_room::NoRoom>() {
            return Some(no_room());
        }
        next = error.source();
    }
    None
}

fn of_database(error: &DbError) -> Option<ApiError> {
    match error {
        DbError::Outage { outage: Outage::Full, .. } => Some(no_room()),
        DbError::Outage { outage, .. } if outage.passes() => Some(
            ApiError::unavailable("The service cannot answer this now. Please try again in a moment.")
                .retry_after(ANSWER_SECONDS),
        ),
        // the checks before had passed: somebody else was faster
        DbError::Reference | DbError::Unique { .. } => Some(ApiError::new(
            ErrorKind::Conflict,
            "Something that this refers to was changed at the same time. Please try again.",
        )),
        _ => None,
    }
}

fn of_file(error: &io::Error) -> Option<ApiError> {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded).then(no_room)
}

fn no_room() -> ApiError {
    ApiError::no_room("There is no room to store this now; nothing was changed. Please try again later.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the service failed")]
    struct Wrapped(#[source] Box<dyn Error + Send + Sync>);

    fn status(source: impl Into<Box<dyn Error + Send + Sync>>) -> u16 {
        ApiError::internal(&Wrapped(source.into())).kind().status().as_u16()
    }

    fn out(outage: Outage) -> DbError {
        DbError::Outage { outage, because: "10.0.0.1:5432: refused".to_owned() }
    }

    #[test]
    fn an_outage_is_found_below_the_services_own_error() {
        assert_eq!(status(out(Outage::Full)), 507);
        assert_eq!(status(out(Outage::Unreachable)), 503);
        assert_eq!(status(out(Outage::Busy)), 503);
        assert_eq!(status(io::Error::from(io::ErrorKind::StorageFull)), 507);
        assert_eq!(status(kogge_room::NoRoom { free: 1, reserve: 2 }), 507);
        assert_eq!(status(DbError::Reference), 409);
        assert_eq!(status(out(Outage::Corrupt)), 500);
        assert_eq!(status(io::Error::from(io::ErrorKind::NotFound)), 500);
    }

    #[test]
    fn clients_learn_no_address_and_no_capacity() {
        let answer = ApiError::internal(&out(Outage::Unreachable));
        assert!(!answer.message().contains("10.0.0.1"), "{}", answer.message());
        let answer = ApiError::internal(&kogge_room::NoRoom { free: 7777, reserve: 8888 });
        assert!(!answer.message().contains("7777"), "{}", answer.message());
    }
}
