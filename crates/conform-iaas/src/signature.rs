//! The signature of an S3 request (AWS signature version 4), in a header or in the address.
//!
//! Source: *Signature Calculations for the Authorization Header* and *…Using Query Parameters* in the S3 API reference.

use hmac::{Hmac, KeyInit, Mac};
use kogge_client::encode_segment;
use kogge_clock::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The region that S3 clients sign for unless told otherwise.
pub(crate) const USUAL_REGION: &str = "us-east-1";

/// Stands for the hash of a body that is not signed.
pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) access_key: String,
    pub(crate) secret: SecretString,
    pub(crate) region: String,
}

/// What is signed.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// Host and, unless it is the usual one, port.
    pub(crate) host: &'a str,
    /// The path as it is sent: each segment percent-encoded once.
    pub(crate) path: &'a str,
    /// Names and values, not encoded.
    pub(crate) query: &'a [(String, String)],
    /// Further headers to be signed, in lower case.
    pub(crate) headers: &'a [(&'a str, String)],
    /// SHA-256 of the body in hex, or [`UNSIGNED`].
    pub(crate) body_hash: &'a str,
}

/// The hash of a body.
pub(crate) fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

impl Signer {
    /// The headers that sign a request.
    pub(crate) fn headers(&self, request: &Signed<'_>, now: Timestamp) -> [(&'static str, String); 3] {
        let moment = Moment::new(now);
        let mut headers = request.headers.to_vec();
        headers.push(("x-amz-content-sha256", request.body_hash.to_owned()));
        headers.push(("x-amz-date", moment.time.clone()));
        let (names, signature) = self.sign(&Signed { headers: &headers, ..*request }, &moment);
        let credential = format!("{}/{}", self.access_key, self.place(&moment));
        let authorization =
            format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}");
        [
            ("x-amz-date", moment.time),
            ("x-amz-content-sha256", request.body_hash.to_owned()),
            ("authorization", authorization),
        ]
    }

    /// The whole query of an address that carries its signature, good for so many seconds. Nothing but the host and the
    /// given query is signed.
    pub(crate) fn query(&self, request: &Signed<'_>, now: Timestamp, seconds: u32) -> Vec<(String, String)> {
        let moment = Moment::new(now);
        let mut query = request.query.to_vec();
        query.extend([
            ("X-Amz-Algorithm".to_owned(), ALGORITHM.to_owned()),
            ("X-Amz-Credential".to_owned(), format!("{}/{}", self.access_key, self.place(&moment))),
            ("X-Amz-Date".to_owned(), moment.time.clone()),
            ("X-Amz-Expires".to_owned(), seconds.to_string()),
            ("X-Amz-SignedHeaders".to_owned(), "host".to_owned()),
        ]);
        let signed = Signed { query: &query, headers: &[], body_hash: UNSIGNED, ..*request };
        let signature = self.sign(&signed, &moment).1;
        query.push(("X-Amz-Signature".to_owned(), signature));
        query
    }

    fn place(&self, moment: &Moment) -> String {
        format!("{}/{}/s3/aws4_request", moment.day, self.region)
    }

    /// The names of the signed headers, and the signature.
    fn sign(&self, request: &Signed<'_>, moment: &Moment) -> (String, String) {
        let mut headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (*name, value.trim())).collect();
        headers.push(("host", request.host));
        headers.sort_unstable();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let (method, path, query) = (request.method, request.path, canonical(request.query));
        let whole = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{}", request.body_hash);
        let text =
            format!("{ALGORITHM}\n{}\n{}\n{}", moment.time, self.place(moment), hash(whole.as_bytes()));
        let mut key = format!("AWS4{}", self.secret.expose_secret()).into_bytes();
        for part in [moment.day.as_str(), &self.region, "s3", "aws4_request"] {
            key = mac(&key, part);
        }
        (names, hex::encode(mac(&key, &text)))
    }
}

/// A time in the two ways that signatures have it.
struct Moment {
    time: String,
    day: String,
}

impl Moment {
    fn new(now: Timestamp) -> Self {
        let time = now.seconds_z().replace(['-', ':'], "");
        let day = time.split('T').next().unwrap_or_default().to_owned();
        Self { time, day }
    }
}

/// A query sorted and encoded as signatures want it.
fn canonical(query: &[(String, String)]) -> String {
    let mut all: Vec<(String, String)> =
        query.iter().map(|(name, value)| (encode_segment(name), encode_segment(value))).collect();
    all.sort_unstable();
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        // a key of any length is fine for HMAC
        Err(_) => Vec::new(),
    }
}

/// The region that a refusal names as the right one.
pub(crate) fn region_in(text: &str) -> Option<&str> {
    if !text.contains("AuthorizationHeaderMalformed") {
        return None;
    }
    let (_, rest) = text.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    let sane = region.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    (sane && !region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn signer(access_key: &str) -> Signer {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        Signer { access_key: access_key.into(), secret: secret.into(), region: USUAL_REGION.into() }
    }

    fn now() -> Timestamp {
        "2013-05-24T00:00:00Z".parse().unwrap()
    }

    fn signature(request: &Signed<'_>, access_key: &str) -> String {
        let headers = signer(access_key).headers(request, now());
        assert_eq!(headers[0].1, "20130524T000000Z");
        headers[2].1.rsplit('=').next().unwrap().to_owned()
    }

    #[test]
    fn a_signature_is_that_of_an_independent_computation() {
        let request = Signed {
            method: "GET",
            host: "s3.example:8080",
            path: "/",
            query: &[],
            headers: &[],
            body_hash: EMPTY,
        };
        assert_eq!(
            signature(&request, "AKIDEXAMPLE"),
            "e3e9080621f514070c5e62ef8d40e325d23ccdaba56df75ea4652b396b429fd1"
        );
        assert_eq!(hash(b""), EMPTY);
    }

    /// The four examples of the S3 API reference.
    #[test]
    fn the_examples_of_the_reference_come_out() {
        let host = "examplebucket.s3.amazonaws.com";
        let range = [("range", "bytes=0-9".to_owned())];
        let get =
            Signed { method: "GET", host, path: "/test.txt", query: &[], headers: &range, body_hash: EMPTY };
        let key = "AKIAIOSFODNN7EXAMPLE";
        assert_eq!(signature(&get, key), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let body = hash(b"Welcome to Amazon S3.");
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        let put = Signed {
            method: "PUT",
            host,
            path: "/test%24file.text",
            query: &[],
            headers: &headers,
            body_hash: &body,
        };
        assert_eq!(signature(&put, key), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
        let query = [("lifecycle".to_owned(), String::new())];
        let lifecycle = Signed { path: "/", query: &query, headers: &[], ..get };
        assert_eq!(
            signature(&lifecycle, key),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        let query = [("max-keys".to_owned(), "2".to_owned()), ("prefix".to_owned(), "J".to_owned())];
        let list = Signed { path: "/", query: &query, headers: &[], ..get };
        assert_eq!(signature(&list, key), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn the_example_of_a_signed_address_comes_out() {
        let host = "examplebucket.s3.amazonaws.com";
        let get =
            Signed { method: "GET", host, path: "/test.txt", query: &[], headers: &[], body_hash: UNSIGNED };
        let query = signer("AKIAIOSFODNN7EXAMPLE").query(&get, now(), 86_400);
        let (name, signature) = query.last().unwrap();
        assert_eq!(name, "X-Amz-Signature");
        assert_eq!(signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }

    #[test]
    fn only_a_refusal_for_its_region_names_one() {
        let refusal = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>RegionOne</Region></Error>";
        assert_eq!(region_in(refusal), Some("RegionOne"));
        assert_eq!(region_in("<Error><Code>AccessDenied</Code><Region>x</Region></Error>"), None);
        assert_eq!(region_in("AuthorizationHeaderMalformed<Region>a\nb</Region>"), None);
        assert_eq!(region_in("AuthorizationHeaderMalformed<Region>"), None);
    }
}
