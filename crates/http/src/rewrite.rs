//! Requests that are answered at another path than they name.

use http::Uri;

/// The same address with another path: host and question stay. `None` where that is no path.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let whole = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(whole.parse().ok()?);
    Uri::from_parts(parts).ok()
}
