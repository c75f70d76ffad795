//! The few shapes that answers have.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Json};
use serde::Serialize;

use super::wire::{Collection, CollectionLinks, Member};
use crate::api::place::{Place, Placed as _};
use crate::error::Error;
use crate::service::Listed;

/// 200 with `{"user": {…}}`.
pub(super) fn member<T: Serialize>(name: &'static str, value: T) -> Response {
    Json(Member(name, value)).into_response()
}

/// 201 with `{"user": {…}}`.
pub(super) fn created<T: Serialize>(name: &'static str, value: T) -> Response {
    (StatusCode::CREATED, Json(Member(name, value))).into_response()
}

/// 200 with a page of a list.
pub(super) fn page<'r, R, T: Serialize>(
    place: &Place,
    name: &'static str,
    listed: &'r Listed<R>,
    id: impl Fn(&'r R) -> &'r str,
    show: impl Fn(&'r R) -> T,
) -> Response {
    let next = place.next(listed, listed.items.last().map(id));
    let links = CollectionLinks { next, itself: place.itself(), previous: None };
    let items = listed.items.iter().map(show).collect();
    Json(Collection { name, items, links, truncated: listed.more }).into_response()
}

/// 200 with a whole list.
pub(super) fn whole<T: Serialize>(place: &Place, name: &'static str, items: Vec<T>) -> Response {
    let links = CollectionLinks { next: None, itself: place.itself(), previous: None };
    Json(Collection { name, items, links, truncated: false }).into_response()
}

/// An id in the body of an update must be the one in the path.
pub(super) fn same_id(body: Option<&str>, path: &str) -> Result<(), ApiError> {
    if body.is_none_or(|id| id == path) { Ok(()) } else { Err(Error::invalid("Cannot change ID").into()) }
}
