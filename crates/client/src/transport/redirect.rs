//! Redirects: followed inside the same place (scheme, host, port) for reading calls, refused everywhere else.

use http::Method;
use http::header::LOCATION;
use url::Url;

use crate::answer::Answer;

/// How many redirects in a row are followed.
pub(super) const MOST: usize = 5;

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is the answer.
    Done,
    /// Ask there.
    Follow(Url),
    /// It points to this place, where a token must not go.
    Refuse(String),
}

pub(super) fn next(method: &Method, from: &Url, answer: &Answer) -> Next {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Next::Done;
    }
    let Some(target) = answer.header(LOCATION.as_str()) else { return Next::Done };
    match from.join(target) {
        Ok(url) if url.origin() == from.origin() && matches!(*method, Method::GET | Method::HEAD) => {
            Next::Follow(url)
        }
        Ok(url) => Next::Refuse(url.origin().ascii_serialization()),
        Err(_) => Next::Refuse("an address that cannot be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CallName;
    use http::{HeaderMap, StatusCode};

    fn next_for(method: Method, status: u16, location: Option<&str>) -> Next {
        let from: Url = "https://c.example:8770/image/v2".parse().unwrap();
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(LOCATION, location.parse().unwrap());
        }
        let call = CallName::new(&method, "image", &from);
        let answer = Answer {
            call,
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            bytes: Default::default(),
            secrets: crate::secrets::Secrets::default(),
        };
        next(&method, &from, &answer)
    }

    #[test]
    fn the_same_place_is_followed() {
        let expected = Next::Follow("https://c.example:8770/image/v2/".parse().unwrap());
        assert_eq!(next_for(Method::GET, 301, Some("/image/v2/")), expected);
    }

    #[test]
    fn another_host_port_or_scheme_is_refused() {
        for to in
            ["https://evil.example/", "https://c.example/", "http://c.example:8770/", "//evil.example/x"]
        {
            assert!(matches!(next_for(Method::GET, 302, Some(to)), Next::Refuse(_)), "{to}");
        }
    }

    #[test]
    fn a_writing_call_is_never_repeated_elsewhere() {
        assert!(matches!(next_for(Method::POST, 308, Some("/image/v2/")), Next::Refuse(_)));
    }

    #[test]
    fn multiple_choices_and_a_missing_location_are_answers() {
        assert_eq!(next_for(Method::GET, 300, Some("/v2")), Next::Done);
        assert_eq!(next_for(Method::GET, 302, None), Next::Done);
    }
}
