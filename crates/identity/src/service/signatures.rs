//! Signed requests: EC2 (version 2 and 4) and S3 (version 4). Upstream: `keystoneclient/contrib/ec2/utils.py`, `s3tokens.py`.
//!
//! Versions 0 and 1 sign with SHA-1 and leave parts of the request out; they are refused.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A signed request as a service passes it on.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignedRequest {
    pub(crate) access: String,
    pub(crate) signature: String,
    pub(crate) verb: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body_hash: String,
}

/// Most headers that a signature covers.
const MOST_HEADERS: usize = 256;

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The signing key of version 4 for a scope `date/region/service/aws4_request`.
fn key_4(secret: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    let start = format!("AWS4{secret}").into_bytes();
    [date, region, service, "aws4_request"].iter().fold(start, |key, part| mac(&key, part.as_bytes()))
}

/// `a=b&c=d`, sorted, with everything but `unreserved` and letters and digits as `%41`.
fn canonical_query(params: &BTreeMap<String, String>) -> String {
    let quote = |text: &str| {
        let mut quoted = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                quoted.push(char::from(byte));
            } else {
                let _ = write!(quoted, "%{byte:02X}");
            }
        }
        quoted
    };
    let pairs: Vec<String> =
        params.iter().map(|(key, value)| format!("{}={}", quote(key), quote(value))).collect();
    pairs.join("&")
}

impl SignedRequest {
    /// True where `secret` made the signature.
    pub(super) fn is_signed_by(&self, secret: &str) -> bool {
        let signed = |host: &str| match self.params.get("SignatureVersion").map(String::as_str) {
            Some("2") => Some(self.signature_2(secret, host)),
            None => self.signature_4(secret),
            Some(_) => None,
        };
        let with_port = signed(&self.host).is_some_and(|signature| same(&signature, &self.signature));
        // some clients do not sign the port
        let bare = self.host.rsplit_once(':').map_or(self.host.as_str(), |(host, _)| host);
        with_port || signed(bare).is_some_and(|signature| same(&signature, &self.signature))
    }

    fn signature_2(&self, secret: &str, host: &str) -> String {
        let mut params = self.params.clone();
        params.insert("SignatureMethod".to_owned(), "HmacSHA256".to_owned());
        params.remove("Signature");
        let text = format!("{}\n{host}\n{}\n{}", self.verb, self.path, canonical_query(&params));
        STANDARD.encode(mac(secret.as_bytes(), text.as_bytes()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    /// A part of the authorization: from the header, or from the query.
    fn part(&self, name: &str) -> Option<&str> {
        match self.header("authorization") {
            Some(header) => {
                let after = &header[header.find(&format!("{name}="))? + name.len() + 1..];
                after.split(',').next().map(str::trim)
            }
            None => self.params.get(&format!("X-Amz-{name}")).map(String::as_str),
        }
    }

    fn signature_4(&self, secret: &str) -> Option<String> {
        let signed_headers = self.part("SignedHeaders")?;
        if signed_headers.split(';').count() > MOST_HEADERS {
            return None;
        }
        let mut headers = String::new();
        for name in signed_headers.split(';') {
            if let Some(value) = self.header(name) {
                let _ = writeln!(headers, "{name}:{value}");
            }
        }
        if headers.is_empty() {
            // the line that ends the list is there without any too
            headers.push('\n');
        }
        let mut params = self.params.clone();
        params.remove("X-Amz-Signature");
        let query =
            if self.verb.eq_ignore_ascii_case("POST") { String::new() } else { canonical_query(&params) };
        let (verb, path, hash) = (self.verb.to_uppercase(), &self.path, &self.body_hash);
        let request = format!("{verb}\n{path}\n{query}\n{headers}\n{signed_headers}\n{hash}");
        let (_, scope) = self.part("Credential")?.split_once('/')?;
        let moment = self.moment()?;
        let [date, region, service, _] = *scope.split('/').collect::<Vec<_>>().as_slice() else {
            return None;
        };
        if !moment.starts_with(date) {
            return None;
        }
        let digest = hex::encode(Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
        Some(hex::encode(mac(&key_4(secret, date, region, service), text.as_bytes())))
    }

    /// When it was signed, as it says. Only what the signature covers: version 2 signs no header.
    pub(super) fn moment(&self) -> Option<&str> {
        let param = |name: &str| self.params.get(name).map(String::as_str);
        let header = || self.header("x-amz-date").filter(|_| !self.params.contains_key("SignatureVersion"));
        param("Timestamp").or_else(header).or_else(|| param("X-Amz-Date"))
    }
}

/// True where `secret` made the signature of an S3 request; `text` is the string that was signed.
pub(super) fn is_s3_signed_by(secret: &str, text: &str, signature: &str) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    let ["AWS4-HMAC-SHA256", _, scope, _] = *lines.as_slice() else { return false };
    let [date, region, service, "aws4_request"] = *scope.split('/').collect::<Vec<_>>().as_slice() else {
        return false;
    };
    if !["s3", "iam", "sts"].contains(&service) {
        return false;
    }
    same(&hex::encode(mac(&key_4(secret, date, region, service), text.as_bytes())), signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// The examples of keystoneclient's own tests, whose figures come from the documentation of AWS.
    const SECRET: &str = "89cdf9e94e2643cab35b8b8ac5a51f83";

    fn version_2() -> SignedRequest {
        SignedRequest {
            verb: "GET".into(),
            host: "localhost".into(),
            path: "/".into(),
            params: map(&[("Action", "Test"), ("SignatureVersion", "2"), ("Timestamp", "x")]),
            ..SignedRequest::default()
        }
    }

    #[test]
    fn a_version_2_signature_holds_with_and_without_port() {
        let mut request = version_2();
        request.signature = request.signature_2(SECRET, "localhost");
        assert!(request.is_signed_by(SECRET));
        request.host = "localhost:8773".into();
        assert!(request.is_signed_by(SECRET));
        assert!(!request.is_signed_by("another"));
        request.params.insert("Action".into(), "Other".into());
        assert!(!request.is_signed_by(SECRET));
    }

    #[test]
    fn keystoneclients_version_4_example_holds() {
        let signed = "content-type;host;x-amz-date";
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20110909/us-east-1/iam/aws4_request,SignedHeaders={signed},"
        );
        let request = SignedRequest {
            verb: "POST".into(),
            host: "iam.amazonaws.com".into(),
            path: "/".into(),
            params: map(&[("Action", "CreateUser"), ("UserName", "NewUser"), ("Version", "2010-05-08")]),
            headers: map(&[
                ("Content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("X-Amz-Date", "20110909T233600Z"),
                ("Host", "iam.amazonaws.com"),
                ("Authorization", &authorization),
            ]),
            body_hash: "b6359072c78d70ebee1e81adcbab4f01bf2c23245fa365ef83fe8f1f955085e2".into(),
            signature: "ced6826de92d2bdeed8f846f0bf508e8559e98e4b0199114b84c54174deb456c".into(),
            ..SignedRequest::default()
        };
        assert!(request.is_signed_by("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
        assert!(!request.is_signed_by("wrong"));
        let mut other_day = request;
        other_day.headers.insert("X-Amz-Date".into(), "20110910T233600Z".into());
        assert!(!other_day.is_signed_by("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
    }

    /// The figure is that of keystoneclient's algorithm, whose list of signed headers ends with a line in any case.
    #[test]
    fn a_version_4_signature_may_cover_no_header() {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20110909/us-east-1/iam/aws4_request, \
             SignedHeaders=, Signature=x";
        let mut request = SignedRequest {
            verb: "GET".into(),
            path: "/".into(),
            headers: map(&[("Authorization", authorization), ("X-Amz-Date", "20110909T233600Z")]),
            body_hash: "UNSIGNED".into(),
            signature: "255cb512708ca71e7494d5c3d37dffc4436c8f40e566ec89682f7c31dd111437".into(),
            ..SignedRequest::default()
        };
        assert!(request.is_signed_by("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
        request.path = "/other".into();
        assert!(!request.is_signed_by("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
    }

    #[test]
    fn old_versions_and_half_requests_are_refused() {
        for version in ["0", "1", "3"] {
            let mut request = version_2();
            request.params.insert("SignatureVersion".into(), version.into());
            assert!(!request.is_signed_by(SECRET));
        }
        assert!(!SignedRequest::default().is_signed_by(SECRET));
    }

    #[test]
    fn s3_texts_of_the_right_shape_only() {
        let text = "AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/eu/s3/aws4_request\nabc";
        let signature = hex::encode(mac(&key_4(SECRET, "20260101", "eu", "s3"), text.as_bytes()));
        assert!(is_s3_signed_by(SECRET, text, &signature));
        assert!(!is_s3_signed_by(SECRET, text, "00"));
        assert!(!is_s3_signed_by(SECRET, "AWS4-HMAC-SHA256\nx", &signature));
        assert!(!is_s3_signed_by(SECRET, &text.replace("/s3/", "/ec2/"), &signature));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_authorizations_never_panic(header in ".{0,120}", text in ".{0,120}") {
            let request = SignedRequest { headers: map(&[("Authorization", &header)]), ..SignedRequest::default() };
            let _ = request.is_signed_by(SECRET);
            let _ = is_s3_signed_by(SECRET, &text, "x");
        }
    }
}
