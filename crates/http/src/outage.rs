//! What passes by itself: outages of the database, full disks, races that the database decided. One place for all
//! services, which keep such errors as they are.

use std::error::Error;
use std::io;

use kogge_db::{DbError, Outage};

/// What passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// There is no room to store anything.
    NoRoom,
    /// The database does not answer.
    NoAnswer,
    /// Somebody else changed what this refers to: the checks before had passed.
    Overtaken,
}

/// What of this stands among a cause and its sources.
pub(crate) fn of(cause: &(dyn Error + 'static)) -> Option<Passing> {
    let mut next = Some(cause);
    while let Some(error) = next {
        let file = error.downcast_ref::<io::Error>().and_then(of_file);
        let found = file.or_else(|| error.downcast_ref().and_then(of_database));
        if found.is_some() {
            return found;
        }
        if error.is::<kogge_room::NoRoom>() {
            return Some(Passing::NoRoom);
        }
        next = error.source();
    }
    None
}

fn of_database(error: &DbError) -> Option<Passing> {
    match error {
        DbError::Outage { outage: Outage::Full, .. } => Some(Passing::NoRoom),
        DbError::Outage { outage, .. } if outage.passes() => Some(Passing::NoAnswer),
        DbError::Reference | DbError::Unique { .. } => Some(Passing::Overtaken),
        _ => None,
    }
}

fn of_file(error: &io::Error) -> Option<Passing> {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        .then_some(Passing::NoRoom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiError;

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
