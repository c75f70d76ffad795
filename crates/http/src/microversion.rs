//! Microversions: the value, its negotiation, its headers.
//!
//! Source: the API-SIG's microversion guideline; Nova's and Placement's headers.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{ApiError, ErrorKind};

/// A microversion such as 2.47.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microversion {
    major: u16,
    minor: u16,
}

/// A microversion as a constant: `mv(2, 47)`.
#[must_use]
pub const fn mv(major: u16, minor: u16) -> Microversion {
    Microversion { major, minor }
}

impl Microversion {
    /// True where this version has what `since` brought.
    #[must_use]
    pub fn has(self, since: Self) -> bool {
        self >= since
    }

    /// True where this version came before what `until` changed.
    #[must_use]
    pub fn before(self, until: Self) -> bool {
        self < until
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
            let leading_zero = digits.len() > 1 && digits.starts_with('0');
            (plain && !leading_zero).then(|| digits.parse().ok()).flatten()
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Debug for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// From which version, and before which, a route exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionRange {
    /// First version that has it.
    pub since: Option<Microversion>,
    /// First version that has it no more.
    pub until: Option<Microversion>,
}

impl VersionRange {
    /// This version and all later ones.
    #[must_use]
    pub const fn since(version: Microversion) -> Self {
        Self { since: Some(version), until: None }
    }

    /// All versions before this one.
    #[must_use]
    pub const fn until(version: Microversion) -> Self {
        Self { since: None, until: Some(version) }
    }

    /// True where `version` lies in the range.
    #[must_use]
    pub fn contains(&self, version: Microversion) -> bool {
        self.since.is_none_or(|since| version >= since) && self.until.is_none_or(|until| version < until)
    }
}

/// The versions of a service and how clients name them.
#[derive(Debug, Clone, Copy)]
pub struct Versions {
    /// The service type in `OpenStack-API-Version`.
    pub service: &'static str,
    /// An older header, e.g. `x-openstack-nova-api-version`, lower case.
    pub legacy_header: Option<&'static str>,
    /// Lowest version.
    pub min: Microversion,
    /// Newest version.
    pub max: Microversion,
}

const HEADER: &str = "openstack-api-version";

impl Versions {
    /// The version that the client asks for: the lowest if it names none.
    ///
    /// # Errors
    /// 400 for what is no version, 406 for one that is not served.
    pub fn negotiate(&self, headers: &HeaderMap) -> Result<Microversion, ApiError> {
        let Some(asked) = self.asked(headers) else { return Ok(self.min) };
        if asked == "latest" {
            return Ok(self.max);
        }
        let version = Microversion::parse(asked).ok_or_else(|| {
            let hint = "is of invalid format. Must be of format MajorNum.MinorNum.";
            ApiError::bad_request(format!("API Version String {asked} {hint}"))
        })?;
        if version < self.min || version > self.max {
            let (min, max) = (self.min, self.max);
            let message = format!(
                "Version {version} is not supported by the API. Minimum is {min} and maximum is {max}."
            );
            return Err(ApiError::new(ErrorKind::NotAcceptable, message));
        }
        Ok(version)
    }

    fn asked<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let modern = headers.get_all(HEADER).iter().filter_map(|value| value.to_str().ok());
        let named = modern.flat_map(|value| value.split(',')).find_map(|part| {
            let (service, version) = part.trim().split_once(char::is_whitespace)?;
            service.eq_ignore_ascii_case(self.service).then(|| version.trim())
        });
        named.or_else(|| headers.get(self.legacy_header?)?.to_str().ok().map(str::trim))
    }

    /// Says in the answer which version it has, and that it varies by it.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap, version: Microversion) {
        let names = [Some(HEADER), self.legacy_header];
        for name in names.into_iter().flatten() {
            headers.append(http::header::VARY, HeaderValue::from_static(name));
        }
        if let Ok(value) = HeaderValue::from_str(&format!("{} {version}", self.service)) {
            headers.insert(HeaderName::from_static(HEADER), value);
        }
        if let (Some(name), Ok(value)) = (self.legacy_header, HeaderValue::from_str(&version.to_string())) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOVA: Versions = Versions {
        service: "compute",
        legacy_header: Some("x-openstack-nova-api-version"),
        min: mv(2, 1),
        max: mv(2, 100),
    };

    fn ask(header: &'static str, value: &str) -> Result<Microversion, http::StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header, HeaderValue::from_str(value).unwrap());
        NOVA.negotiate(&headers).map_err(|error| error.kind().status())
    }

    #[test]
    fn both_spellings_and_latest() {
        assert_eq!(ask("openstack-api-version", "compute 2.47"), Ok(mv(2, 47)));
        assert_eq!(ask("openstack-api-version", "volume 3.1, compute 2.9"), Ok(mv(2, 9)));
        assert_eq!(ask("x-openstack-nova-api-version", "2.10"), Ok(mv(2, 10)));
        assert_eq!(ask("openstack-api-version", "compute latest"), Ok(mv(2, 100)));
        assert_eq!(ask("openstack-api-version", "volume 3.50"), Ok(mv(2, 1)));
    }

    #[test]
    fn wrong_versions_are_400_and_unserved_ones_406() {
        assert_eq!(ask("openstack-api-version", "compute two"), Err(http::StatusCode::BAD_REQUEST));
        assert_eq!(ask("openstack-api-version", "compute 2.01"), Err(http::StatusCode::BAD_REQUEST));
        assert_eq!(ask("openstack-api-version", "compute 2.101"), Err(http::StatusCode::NOT_ACCEPTABLE));
        assert_eq!(ask("openstack-api-version", "compute 1.0"), Err(http::StatusCode::NOT_ACCEPTABLE));
    }

    #[test]
    fn ranges_are_half_open() {
        let range = VersionRange { since: Some(mv(2, 26)), until: Some(mv(2, 36)) };
        assert!(range.contains(mv(2, 26)) && range.contains(mv(2, 35)));
        assert!(!range.contains(mv(2, 25)) && !range.contains(mv(2, 36)));
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(value in "[ -~]{0,40}") {
            let _ = ask("openstack-api-version", &value);
        }
    }
}
