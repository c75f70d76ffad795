//! What a handler answers when it cannot answer.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::fault::Fault;
use crate::outage::{self, Passing};

/// When to try again where there is no room, in seconds.
const ROOM_SECONDS: u32 = 60;
/// When to try again where the database does not answer, in seconds.
const ANSWER_SECONDS: u32 = 5;

/// Kinds of failure that every service knows; each is one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 400.
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 406.
    NotAcceptable,
    /// 408.
    RequestTimeout,
    /// 409.
    Conflict,
    /// 410.
    Gone,
    /// 412.
    PreconditionFailed,
    /// 413.
    TooLarge,
    /// 414.
    UriTooLong,
    /// 415.
    UnsupportedMediaType,
    /// 416.
    RangeNotSatisfiable,
    /// 429.
    TooManyRequests,
    /// 500.
    Internal,
    /// 501.
    NotImplemented,
    /// 503.
    Unavailable,
    /// 507.
    InsufficientStorage,
}

impl ErrorKind {
    /// Its status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

/// An answer that is not what was asked for. The body is made by the service's [`crate::FaultStyle`].
#[derive(Debug, Clone)]
pub struct ApiError {
    kind: ErrorKind,
    message: String,
    name: Option<&'static str>,
    retry_after: Option<u32>,
}

impl ApiError {
    /// An error of any kind; `message` goes to the client.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), name: None, retry_after: None }
    }

    /// 400: the request is wrong in itself.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// 401 in the words of Keystone.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(ErrorKind::Unauthorized, "The request you have made requires authentication.")
    }

    /// 403: the caller may see it but not do this.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// 404: there is none, or the caller may not know.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// 409: not in this state.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// 503: later.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// 507: there is no room for this now.
    #[must_use]
    pub fn no_room(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InsufficientStorage, message).retry_after(ROOM_SECONDS)
    }

    /// Our trouble. The cause with its sources goes to the log, once, here; the client learns nothing of it. An outage
    /// of the database or a full disk anywhere among the sources is 503 or 507 with `Retry-After`, a race that the
    /// database decided is 409, all else is 500.
    #[must_use]
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        if let Some(passing) = outage::of(cause) {
            let answer = Self::of_passing(passing);
            tracing::warn!(error = %chain, status = answer.kind.status().as_u16(), "request not served");
            return answer;
        }
        tracing::error!(error = %chain, "request failed inside");
        let message = "Unexpected error inside the service; the request id tells its log lines.";
        Self::new(ErrorKind::Internal, message)
    }

    fn of_passing(passing: Passing) -> Self {
        match passing {
            Passing::NoRoom => Self::no_room(
                "There is no room to store this now; nothing was changed. Please try again later.",
            ),
            Passing::NoAnswer => {
                Self::unavailable("The service cannot answer this now. Please try again in a moment.")
                    .retry_after(ANSWER_SECONDS)
            }
            Passing::Overtaken => Self::conflict(
                "Something that this refers to was changed at the same time. Please try again.",
            ),
        }
    }

    /// Adds upstream's name of the error (`NetworkNotFound`), for styles that show one.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Its message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<kogge_auth::Denied> for ApiError {
    fn from(denied: kogge_auth::Denied) -> Self {
        Self::forbidden(denied.to_string()).named("PolicyNotAuthorized")
    }
}

impl From<kogge_db::DbError> for ApiError {
    fn from(error: kogge_db::DbError) -> Self {
        Self::internal(&error)
    }
}

/// Longest message in bytes. Messages repeat what was wrong, and that may be all of a large body.
const LONGEST: usize = 2048;

fn shortened(mut message: String) -> String {
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push('…');
    }
    message
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        let fault = Fault { message: shortened(self.message), name: self.name };
        response.extensions_mut().insert(fault);
        response
    }
}
