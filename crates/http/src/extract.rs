//! What handlers take out of a request. Rejections are [`ApiError`]s, so that they get the service's fault body.

mod json;
mod pairs;

pub use json::{Json, OptionalJson};
pub use pairs::Pairs;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kogge_auth::Caller;

use crate::{ApiError, BaseUrl, Microversion};

/// The caller. 401 where there is none.
#[derive(Debug, Clone)]
pub struct Auth(pub Caller);

/// Id of the request: `req-` and a UUID.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Path parameters, as [`axum::extract::Path`]; what does not fit is 404, as no such thing can exist.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Caller>().cloned().map(Auth).ok_or_else(ApiError::unauthorized)
    }
}

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: serde::de::DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(found)| Self(found))
            .map_err(|_| ApiError::not_found("The resource could not be found."))
    }
}

macro_rules! from_extensions {
    ($type:ty, $what:literal) => {
        impl<S: Send + Sync> FromRequestParts<S> for $type {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                    ApiError::unavailable(concat!("The request came in without front door: no ", $what, "."))
                })
            }
        }
    };
}

from_extensions!(Microversion, "version");
from_extensions!(BaseUrl, "address");
from_extensions!(RequestId, "request id");
