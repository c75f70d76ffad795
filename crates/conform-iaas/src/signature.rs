//! The signature of one S3 request (AWS signature version 4): a GET of `/` without a query.

use hmac::{Hmac, KeyInit, Mac};
use kogge_clock::Timestamp;
use sha2::{Digest, Sha256};

/// The region that S3 clients sign for unless told otherwise.
pub(crate) const USUAL_REGION: &str = "us-east-1";

/// SHA-256 of nothing, in hex: the hash of an empty body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The headers that sign a list of buckets.
pub(crate) fn list_buckets(
    host: &str,
    region: &str,
    (access_key, secret): (&str, &str),
    now: Timestamp,
) -> [(&'static str, String); 3] {
    let time = now.seconds_z().replace(['-', ':'], "");
    let day = time.split('T').next().unwrap_or_default().to_owned();
    let request = format!(
        "GET\n/\n\nhost:{host}\nx-amz-content-sha256:{EMPTY}\nx-amz-date:{time}\n\nhost;x-amz-content-sha256;x-amz-date\n{EMPTY}"
    );
    let place = format!("{day}/{region}/s3/aws4_request");
    let text =
        format!("AWS4-HMAC-SHA256\n{time}\n{place}\n{}", hex::encode(Sha256::digest(request.as_bytes())));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day.as_str(), region, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex::encode(mac(&key, &text));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{place}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
    );
    [("x-amz-date", time), ("x-amz-content-sha256", EMPTY.to_owned()), ("authorization", authorization)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_an_independent_computation() {
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let headers = list_buckets("s3.example:8080", USUAL_REGION, ("AKIDEXAMPLE", secret), now);
        assert_eq!(headers[0].1, "20130524T000000Z");
        let signature = headers[2].1.rsplit('=').next().unwrap();
        assert_eq!(signature, "e3e9080621f514070c5e62ef8d40e325d23ccdaba56df75ea4652b396b429fd1");
    }
}
