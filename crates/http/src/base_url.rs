//! The address under which the client sees us.
//!
//! Links must work for the client that gets them: behind a path prefix, a proxy that ends TLS, over IPv6. So they are
//! built from the request: `X-Forwarded-Proto`, `X-Forwarded-Host`, `X-Forwarded-Prefix`, `Host`. They only shape
//! the answer to the very client that sent them.

use http::request::Parts;
use http::{HeaderMap, Uri, header};

/// The address of the cloud, and of the service that answers, as the client sees them. No trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    root: String,
    mount: &'static str,
}

impl BaseUrl {
    /// The address in `parts`, for a service mounted at `mount` (`/compute`).
    #[must_use]
    pub fn of(parts: &Parts, mount: &'static str) -> Self {
        Self { root: root(&parts.headers, &parts.uri), mount }
    }

    /// A fixed one, for tests and for what has no request.
    #[must_use]
    pub fn fixed(root: &str, mount: &'static str) -> Self {
        Self { root: root.trim_end_matches('/').to_owned(), mount }
    }

    /// The cloud's address: `https://cloud.example/prefix`.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// An address inside this service: `join("/v2.1/servers")`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{}", self.root, self.mount, path)
    }

    /// The address of another place of the cloud: `elsewhere("/image")`.
    #[must_use]
    pub fn elsewhere(&self, path: &str) -> String {
        format!("{}{}", self.root, path)
    }
}

fn root(headers: &HeaderMap, uri: &Uri) -> String {
    let scheme = match forwarded(headers, "x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = forwarded(headers, "x-forwarded-host")
        .or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()))
        .filter(|host| is_host(host))
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
        .unwrap_or("localhost");
    let prefix = forwarded(headers, "x-forwarded-prefix").filter(|prefix| is_prefix(prefix)).unwrap_or("");
    format!("{scheme}://{host}{}", prefix.trim_end_matches('/'))
}

/// The first value: what the proxy nearest to the client saw.
fn forwarded<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

fn is_host(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]%".contains(&b))
}

fn is_prefix(text: &str) -> bool {
    text.starts_with('/')
        && text.len() <= 200
        && !text.contains("//")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.-_~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn base(headers: &[(&str, &str)]) -> BaseUrl {
        let mut request = Request::builder().uri("/v2.1/servers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        BaseUrl::of(&request.body(()).unwrap().into_parts().0, "/compute")
    }

    #[test]
    fn links_follow_the_host_header_also_over_ipv6() {
        assert_eq!(base(&[("host", "[::1]:8770")]).join("/v2.1"), "http://[::1]:8770/compute/v2.1");
    }

    #[test]
    fn links_follow_a_tls_proxy_with_a_prefix() {
        let base = base(&[
            ("host", "10.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "cloud.example, inner"),
            ("x-forwarded-prefix", "/os/"),
        ]);
        assert_eq!(base.join("/v2.1"), "https://cloud.example/os/compute/v2.1");
        assert_eq!(base.elsewhere("/image"), "https://cloud.example/os/image");
    }

    #[test]
    fn what_is_no_host_or_prefix_is_not_echoed() {
        let base = base(&[("host", "a\"><script>"), ("x-forwarded-prefix", "//evil.example")]);
        assert_eq!(base.root(), "http://localhost");
    }
}
