//! Paths that say `.json`: clients of OpenStack's early days append it to whatever they ask Neutron, whose framework takes
//! known extensions off (Pecan's `guess_content_type_from_ext`, on in `neutron/pecan_wsgi/app.py`).

use axum::extract::Request;
use http::Uri;

use crate::rewrite::with_path;

const EXTENSION: &str = ".json";

/// The request without `.json` behind its path, where it goes to the service that is mounted at `mount`.
#[must_use]
pub fn without_extension(mount: &str, mut request: Request) -> Request {
    if let Some(uri) = stripped(mount, request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

/// The address without the extension; `None` where it has none. A tag is what its user wrote, whatever it ends with.
fn stripped(mount: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix(EXTENSION)?;
    let (before, last) = path.strip_prefix(mount)?.strip_prefix('/')?.rsplit_once('/')?;
    if last.is_empty() || before.ends_with("/tags") {
        return None;
    }
    with_path(uri, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(path: &str) -> String {
        let request = Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
        without_extension("/network", request).uri().to_string()
    }

    #[test]
    fn the_extension_goes_and_the_rest_stays() {
        assert_eq!(
            after("/network/v2.0/networks.json?limit=1&name=a.json"),
            "/network/v2.0/networks?limit=1&name=a.json"
        );
        assert_eq!(after("/network/v2.0/quotas/p/details.json"), "/network/v2.0/quotas/p/details");
        assert_eq!(after("http://cloud/network/v2.0/ports/1.json"), "http://cloud/network/v2.0/ports/1");
    }

    #[test]
    fn other_services_tags_and_bare_extensions_keep_it() {
        for path in [
            "/image/v2/images.json",
            "/network/v2.0/networks/1/tags/a.json",
            "/network/v2.0/.json",
            "/networks/v2.0/networks.json",
            "/network/v2.0/networks",
        ] {
            assert_eq!(after(path), path);
        }
    }
}
