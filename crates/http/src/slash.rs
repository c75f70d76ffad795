//! Slashes behind paths. Clients end paths with one or not, as they like; but compute, block storage and image know no path
//! that ends so (404), as nobody means a list who asks for a thing with an empty id.

use axum::extract::Request;

use crate::rewrite::with_path;

/// The beginnings of paths that are taken as they are; what has nothing behind them is a version, with a slash or not.
const EXACT: [&str; 4] = ["/compute/v2/", "/compute/v2.1/", "/volume/v3/", "/image/v2/"];

/// The request without slashes behind its path, where the service does not mind.
#[must_use]
pub fn without_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    let exact = || EXACT.iter().any(|version| trimmed.starts_with(version));
    if trimmed.len() == path.len() || exact() {
        return request;
    }
    let path = if trimmed.is_empty() { "/" } else { trimmed };
    if let Some(uri) = with_path(request.uri(), path) {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(path: &str) -> String {
        let request = Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
        without_slash(request).uri().to_string()
    }

    #[test]
    fn slashes_go_unless_an_empty_id_stands_before_them() {
        for (path, expected) in [
            ("/network/v2.0/networks/?a=b", "/network/v2.0/networks?a=b"),
            ("/identity/v3/", "/identity/v3"),
            ("/compute/v2.1/", "/compute/v2.1"),
            ("/volume/v3//", "/volume/v3"),
            ("/volume/", "/volume"),
            ("//", "/"),
            ("/", "/"),
        ] {
            assert_eq!(after(path), expected);
        }
        for path in [
            "/compute/v2.1/servers/",
            "/volume/v3/volumes/?a=b",
            "/image/v2/images/",
            "/compute/v2.1/servers",
        ] {
            assert_eq!(after(path), path);
        }
    }
}
