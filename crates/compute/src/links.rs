//! Links to things and to the next page.

use kogge_http::{BaseUrl, Pairs};
pub(crate) use kogge_resource::nova::Link;

/// Where the API proper begins.
pub(crate) const ROOT: &str = "/v2.1";

/// `self` and `bookmark` of a thing; the bookmark has no version, as in Nova.
pub(crate) fn of(base: &BaseUrl, collection: &str, id: &str) -> [Link; 2] {
    [
        Link { rel: "self", href: base.join(&format!("{ROOT}/{collection}/{id}")) },
        bookmark(base, collection, id),
    ]
}

/// The `bookmark` of a thing.
pub(crate) fn bookmark(base: &BaseUrl, collection: &str, id: &str) -> Link {
    Link { rel: "bookmark", href: base.join(&format!("/{collection}/{id}")) }
}

/// The link to the next page, where there is one.
pub(crate) fn next(
    base: &BaseUrl,
    collection: &str,
    pairs: &Pairs,
    more: bool,
    last: Option<&str>,
) -> Option<Vec<Link>> {
    let last = last.filter(|_| more)?;
    Some(vec![kogge_resource::nova::next(base, &format!("{ROOT}/{collection}"), pairs, last)])
}
