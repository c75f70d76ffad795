//! What can go wrong, always with the name of the call.

use std::fmt;
use std::time::Duration;

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// The name of a call as people read it: `GET image /v2/images (https://cloud.example:9292)`.
///
/// It never holds a query's values, a header or a body, so it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// `GET`, `POST` …
    pub method: String,
    /// The service type that was asked for, such as `compute`.
    pub service: String,
    /// Scheme, host, port and path; no user, query or fragment.
    pub address: String,
}

impl CallName {
    /// Names a call by its method, service and full address.
    #[must_use]
    pub fn new(method: &http::Method, service: &str, url: &url::Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // both fail only for addresses without a host, which have nothing to hide
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Self { method: method.to_string(), service: service.to_owned(), address: shown.to_string() }
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.address, self.service)
    }
}

/// Why a call gave no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration names no usable cloud.
    #[error("cloud configuration: {0}")]
    Config(#[from] crate::config::ConfigError),
    /// The HTTP client could not be made, for example because of an unreadable CA file.
    #[error("cannot prepare the HTTP client: {because}")]
    Setup {
        /// What was wrong, for its reader.
        because: String,
    },
    /// No connection, a broken connection, or a certificate that nobody vouches for.
    #[error("{call}: no answer: {because}")]
    Transport {
        /// The call.
        call: CallName,
        /// The whole chain of causes, without the address (it may hold secrets).
        because: String,
    },
    /// The whole call, retries and body included, took longer than it may.
    #[error("{call}: not finished within {} s", .after.as_secs_f32())]
    Deadline {
        /// The call.
        call: CallName,
        /// The time it had.
        after: Duration,
    },
    /// The body is larger than the client is willing to hold.
    #[error("{call}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The call.
        call: CallName,
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer points to another place. Tokens do not travel there.
    #[error("{call}: answered {status} with a redirect to {to}, which is not followed")]
    Redirected {
        /// The call.
        call: CallName,
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to: scheme, host and port.
        to: String,
    },
    /// The body is no JSON, or JSON of another shape.
    #[error("{call}: answered {status} with a body that cannot be used: {because}")]
    Shape {
        /// The call.
        call: CallName,
        /// The status that came with it.
        status: u16,
        /// What is wrong with it, and its beginning.
        because: String,
    },
    /// A status that the caller did not ask for.
    #[error("{call}: answered {status}: {message}")]
    Status {
        /// The call.
        call: CallName,
        /// The status.
        status: u16,
        /// The message from the fault body, or the body's beginning.
        message: String,
    },
    /// The catalogue has no such endpoint.
    #[error("the catalogue has no {interface} endpoint for {service}{}; it offers: {}", in_region(.region), .offered.join(", "))]
    NoEndpoint {
        /// The service type that was asked for.
        service: String,
        /// `public`, `internal` or `admin`.
        interface: String,
        /// The region, if one was asked for.
        region: Option<String>,
        /// The service types that the catalogue has.
        offered: Vec<String>,
    },
    /// The endpoint must not be spoken to, for example one inside our own network offered by a cloud outside it.
    #[error("the endpoint {address} of {service} is refused: {because}")]
    RefusedEndpoint {
        /// The service type.
        service: String,
        /// Its address in the catalogue.
        address: String,
        /// Why.
        because: String,
    },
    /// A list that never ends, or runs in a circle.
    #[error("{call}: the list is broken: {because}")]
    Pages {
        /// The call for the first page.
        call: CallName,
        /// What is wrong.
        because: String,
    },
    /// The token has expired and the credentials cannot get another.
    #[error("the token has expired and a token cannot be renewed with itself; sign in again")]
    TokenExpired,
}

fn in_region(region: &Option<String>) -> String {
    region.as_ref().map(|name| format!(" in region {name}")).unwrap_or_default()
}

impl Error {
    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Shape { status, .. } | Self::Redirected { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// The call that it happened to, if it was one.
    #[must_use]
    pub fn call(&self) -> Option<&CallName> {
        match self {
            Self::Transport { call, .. }
            | Self::Deadline { call, .. }
            | Self::TooLarge { call, .. }
            | Self::Redirected { call, .. }
            | Self::Shape { call, .. }
            | Self::Status { call, .. }
            | Self::Pages { call, .. } => Some(call),
            Self::Config(_)
            | Self::Setup { .. }
            | Self::NoEndpoint { .. }
            | Self::RefusedEndpoint { .. }
            | Self::TokenExpired => None,
        }
    }

    /// Whether nobody knows what became of the call: it was lost on its way, or a gateway answered that reached nobody.
    /// The next one may well be answered.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let gateway = self.status().is_some_and(|status| (502..=504).contains(&status));
        gateway || matches!(self, Self::Transport { .. })
    }

    /// Whether the cloud answered that the thing does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }
}

/// An error and all its causes in one line, each once.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_name_hides_user_query_and_fragment() {
        let url = url::Url::parse("https://joe:geheim@cloud.example:5000/v3/x?token=geheim#geheim").unwrap();
        let name = CallName::new(&http::Method::GET, "identity", &url).to_string();
        assert_eq!(name, "GET https://cloud.example:5000/v3/x (identity)");
    }

    #[test]
    fn a_missing_endpoint_says_what_there_is() {
        let error = Error::NoEndpoint {
            service: "dns".into(),
            interface: "public".into(),
            region: Some("north".into()),
            offered: vec!["compute".into(), "image".into()],
        };
        let text = error.to_string();
        assert!(text.contains("dns in region north"), "{text}");
        assert!(text.contains("compute, image"), "{text}");
    }

    #[test]
    fn a_chain_does_not_repeat_itself() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer: inner")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("inner")]
        struct Inner;
        assert_eq!(chain(&Outer(Inner)), "outer: inner");
    }
}
