//! Which pages may open a console: a browser says where the page is from that wants to.

use http::request::Parts;
use http::{Uri, header};
use kogge_http::BaseUrl;

use crate::model::console::ConsoleToken;

/// Whether whoever asks is no browser, or a page of this cloud or of an `allowed` host, as secure as the console is.
pub(super) fn is_welcome(parts: &Parts, granted: &ConsoleToken, allowed: &[String]) -> bool {
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok()) else { return false };
    let own = BaseUrl::of(parts, "").root().parse::<Uri>().ok();
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    let (Some(from), own) = (host(&origin), own.as_ref().and_then(host)) else { return false };
    let known = own.as_ref() == Some(&from) || allowed.iter().any(|host| host.eq_ignore_ascii_case(&from));
    let expected = if granted.secure { "https" } else { "http" };
    known && origin.scheme_str() == Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_clock::Timestamp;
    use kogge_ids::ServerId;

    fn welcome(origin: Option<&str>, secure: bool) -> bool {
        let mut request =
            http::Request::builder().uri("/console/websockify").header("host", "cloud.example:8770");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let granted = ConsoleToken {
            hash: String::new(),
            server: ServerId::random(),
            host: "h".to_owned(),
            kind: crate::model::console::ConsoleType::NoVnc,
            secure,
            created_at: Timestamp::from_micros(0),
            expires_at: Timestamp::from_micros(0),
        };
        is_welcome(&request.body(()).unwrap().into_parts().0, &granted, &["dashboard.example".to_owned()])
    }

    #[test]
    fn pages_of_others_are_refused() {
        assert!(welcome(None, false), "no browser");
        assert!(welcome(Some("http://cloud.example"), false));
        assert!(welcome(Some("http://Cloud.example:80"), false));
        assert!(welcome(Some("https://dashboard.example"), true));
        for bad in ["https://cloud.example", "http://evil.example", "null", "", "http://", "cloud.example"] {
            assert!(!welcome(Some(bad), false), "{bad}");
        }
        assert!(!welcome(Some("http://cloud.example"), true), "less secure than what it opens");
    }
}
