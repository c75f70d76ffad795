//! Fault bodies: each OpenStack service words them its own way.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

/// How a service words its faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStyle {
    /// `{"itemNotFound": {"code": 404, "message": …}}`, also of volumes.
    Compute,
    /// `{"NeutronError": {"type": …, "message": …, "detail": ""}}`.
    Network,
    /// `{"error": {"code": 404, "title": "Not Found", "message": …}}`.
    Identity,
    /// The page that WebOb makes: HTML, or JSON where the client asks for it.
    Image,
    /// `{"errors": [{"status": 404, "title": …, "detail": …, "code": …, "request_id": …}]}`.
    Placement,
}

/// What a client takes, as far as that makes a difference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepts {
    /// JSON, by its name.
    json: bool,
    /// HTML, by its name.
    html: bool,
    /// Anything, or it does not say.
    anything: bool,
}

impl Accepts {
    /// What the headers say.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
        let kinds = || accept.split(',').map(|one| one.split(';').next().unwrap_or("").trim());
        let named = |kind: &str| kinds().any(|one| one == kind);
        let anything = accept.trim().is_empty() || named("*/*") || named("application/*");
        Self { json: named("application/json"), html: named("text/html"), anything }
    }

    /// Whether an answer in JSON is taken.
    pub(crate) const fn take_json(self) -> bool {
        self.json || self.anything
    }
}

/// What an [`crate::ApiError`] leaves in its response for the front door to render.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) name: Option<&'static str>,
}

impl FaultStyle {
    /// Gives a response that carries a fault its body. Other responses pass.
    pub(crate) fn render(self, mut response: Response, request_id: &str, accepts: Accepts) -> Response {
        let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
        let status = response.status();
        // what keeps strangers out words its refusal the same for all services
        let style = if status == StatusCode::UNAUTHORIZED { Self::Identity } else { self };
        let (kind, body) = style.body(status, &fault, request_id, accepts);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
        *response.body_mut() = Body::from(body);
        response
    }

    /// True where what is not there is said to everybody: Keystone has no authentication in front of its routes, and
    /// clients that look for a version of its API wait for ever behind a 401.
    pub(crate) const fn shows_gaps(self) -> bool {
        matches!(self, Self::Identity)
    }

    /// True where a token whose scope is not taken learns 404 about single objects, as if they were not there:
    /// `ImageAPIPolicy._enforce` of Glance, the policy hook of Neutron. Elsewhere, and for collections, it is 403.
    pub(crate) const fn hides(self) -> bool {
        matches!(self, Self::Image | Self::Network)
    }

    /// True where an object is looked up before a rule is asked, whatever the token is of: `enforce_call` of Keystone. The
    /// service itself refuses the scope then, with the rule.
    pub(crate) const fn looks_first(self) -> bool {
        matches!(self, Self::Identity)
    }

    /// True where a body says what it is, or is refused, and where clients that take no JSON get nothing: `require_content`
    /// and `check_accept` of Placement.
    pub(crate) const fn is_strict(self) -> bool {
        matches!(self, Self::Placement)
    }

    /// Longest JSON body in bytes. Nova and Keystone stand behind oslo.middleware's `sizelimit` with its default; the
    /// others have none, so ours is the largest that makes sense.
    pub(crate) const fn longest_json(self) -> usize {
        match self {
            Self::Compute | Self::Identity => 114_688,
            Self::Network | Self::Image | Self::Placement => 2 * 1024 * 1024,
        }
    }

    fn body(
        self,
        status: StatusCode,
        fault: &Fault,
        request_id: &str,
        accepts: Accepts,
    ) -> (&'static str, String) {
        let title = status.canonical_reason().unwrap_or("Error");
        let (code, message) = (status.as_u16(), fault.message.as_str());
        let json = match self {
            Self::Compute => json!({ compute_name(status): { "code": code, "message": message } }),
            Self::Network => {
                let name = fault.name.unwrap_or_else(|| network_name(status));
                json!({ "NeutronError": { "type": name, "message": message, "detail": "" } })
            }
            Self::Identity => json!({ "error": { "code": code, "message": message, "title": title } }),
            Self::Image if accepts.json && !accepts.html => {
                json!({ "message": message, "code": format!("{code} {title}"), "title": title })
            }
            Self::Image => return webob_page(code, title, message),
            Self::Placement if accepts.html && !accepts.json => return webob_page(code, title, message),
            Self::Placement => {
                let name = fault.name.unwrap_or("placement.undefined_code");
                json!({ "errors": [{
                    "status": code, "title": title, "detail": message, "code": name, "request_id": request_id,
                }] })
            }
        };
        ("application/json", json.to_string())
    }
}

/// Nova's word for a status. Source: `nova/api/openstack/wsgi.py`, class `Fault`.
const fn compute_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 | 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    }
}

/// The class of WebOb that Neutron raises where it has no exception of its own (`webob.exc`).
const fn network_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "HTTPBadRequest",
        403 => "HTTPForbidden",
        404 => "HTTPNotFound",
        405 => "HTTPMethodNotAllowed",
        406 => "HTTPNotAcceptable",
        408 => "HTTPRequestTimeout",
        409 => "HTTPConflict",
        410 => "HTTPGone",
        412 => "HTTPPreconditionFailed",
        413 => "HTTPRequestEntityTooLarge",
        414 => "HTTPRequestURITooLong",
        415 => "HTTPUnsupportedMediaType",
        429 => "HTTPTooManyRequests",
        501 => "HTTPNotImplemented",
        503 => "HTTPServiceUnavailable",
        507 => "HTTPInsufficientStorage",
        _ => "HTTPInternalServerError",
    }
}

/// The page has the layout that clients of Glance take apart: title, heading, message between `<br />`s.
fn webob_page(code: u16, title: &str, message: &str) -> (&'static str, String) {
    let safe = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = format!(
        "<html>\n <head>\n  <title>{code} {title}</title>\n </head>\n <body>\n  <h1>{code} {title}</h1>\n  \
         {safe}<br /><br />\n\n\n </body>\n</html>"
    );
    ("text/html; charset=UTF-8", page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiError;
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;

    async fn rendered(style: FaultStyle, error: ApiError) -> String {
        let response = style.render(error.into_response(), "req-1", Accepts::of(&HeaderMap::new()));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn each_service_words_a_404_its_own_way() {
        let error = ApiError::not_found("No thing.").named("ThingNotFound");
        let compute = rendered(FaultStyle::Compute, error.clone()).await;
        assert_eq!(compute, r#"{"itemNotFound":{"code":404,"message":"No thing."}}"#);
        let network = rendered(FaultStyle::Network, error.clone()).await;
        assert_eq!(network, r#"{"NeutronError":{"detail":"","message":"No thing.","type":"ThingNotFound"}}"#);
        let identity = rendered(FaultStyle::Identity, error.clone()).await;
        assert_eq!(identity, r#"{"error":{"code":404,"message":"No thing.","title":"Not Found"}}"#);
        assert!(rendered(FaultStyle::Image, error.clone()).await.contains("<title>404 Not Found</title>"));
        assert!(rendered(FaultStyle::Placement, error).await.contains(r#""request_id":"req-1""#));
    }

    #[tokio::test]
    async fn what_neutron_has_no_exception_for_is_called_as_webob_calls_it() {
        for (kind, name) in [
            (crate::ErrorKind::MethodNotAllowed, "HTTPMethodNotAllowed"),
            (crate::ErrorKind::TooLarge, "HTTPRequestEntityTooLarge"),
            (crate::ErrorKind::UnsupportedMediaType, "HTTPUnsupportedMediaType"),
            (crate::ErrorKind::Internal, "HTTPInternalServerError"),
        ] {
            let body = rendered(FaultStyle::Network, ApiError::new(kind, "no")).await;
            assert!(body.contains(&format!(r#""type":"{name}""#)), "{body}");
        }
    }

    #[tokio::test]
    async fn a_message_cannot_smuggle_markup_into_a_page() {
        let page = rendered(FaultStyle::Image, ApiError::bad_request("<script>")).await;
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    }

    #[tokio::test]
    async fn a_401_has_the_body_of_keystone_everywhere() {
        let body = rendered(FaultStyle::Compute, ApiError::unauthorized()).await;
        assert!(body.starts_with(r#"{"error":{"code":401"#));
    }
}
