//! Signatures: a signed address opens what it was signed for, and nothing opens without.

use kogge_client::{Answer, Method};
use kogge_clock::Timestamp;
use kogge_conform::Problem;
use std::time::Duration;

use super::bucket::{Bucket, now, refusal};
use super::xml;
use crate::signature::{Signed, Signer, UNSIGNED, hash};

const KEY: &str = "signed";
const BODY: &str = "for those who may";

pub(super) async fn look(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let answer = bucket.store.send(bucket.object(Method::PUT, KEY).body(BODY)).await?;
    if !bucket.expect(&answer, 200, "storing an object") {
        return Ok(());
    }
    wrong_keys(bucket).await?;
    wrong_body(bucket).await?;
    addresses(bucket).await
}

async fn wrong_keys(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let right = bucket.store.signer.clone();
    let wrong_secret = Signer { secret: "not-the-secret".to_owned().into(), ..right.clone() };
    let unknown = Signer { access_key: "doesnotexist".to_owned(), ..right };
    for (signer, what, code) in [
        (wrong_secret, "a request signed with a wrong secret", "SignatureDoesNotMatch"),
        (unknown, "a request with an unknown key", "InvalidAccessKeyId"),
    ] {
        let ask = bucket.object(Method::GET, KEY);
        let answer = bucket.store.send_hashed(ask, &signer, &hash(b"")).await?;
        refused(bucket, &answer, what, Some(code));
    }
    let address = bucket.store.address(&[&bucket.name, KEY]);
    let answer = bucket.store.client.anonymous(Method::GET, "s3", address).send().await?;
    refused(bucket, &answer, "a request without a signature", None);
    Ok(())
}

/// 403, with this code.
fn refused(bucket: &mut Bucket<'_>, answer: &Answer, what: &str, code: Option<&str>) {
    let found = xml::first(&String::from_utf8_lossy(&answer.bytes), "Code");
    let right = answer.status.as_u16() == 403 && code.is_none_or(|code| found.as_deref() == Some(code));
    let expected = format!("{what}: status 403{}", code.map(|code| format!(", {code}")).unwrap_or_default());
    bucket.hold(right, &expected, || refusal(answer));
}

/// A body other than the one that was signed.
async fn wrong_body(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let ask = bucket.object(Method::PUT, "other").body("not what was signed");
    let signer = bucket.store.signer.clone();
    let answer = bucket.store.send_hashed(ask, &signer, &hash(b"what was signed")).await?;
    bucket.hold(answer.status.is_client_error(), "a body other than the signed one is refused", || {
        refusal(&answer)
    });
    Ok(())
}

async fn addresses(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let open = fetch(bucket, "GET", now(), |_| {}).await?;
    bucket.hold(
        open.status.as_u16() == 200 && open.bytes == BODY,
        "a signed address opens the object",
        || refusal(&open),
    );
    let stale = fetch(bucket, "GET", now().minus(Duration::from_secs(7200)), |_| {}).await?;
    refused(bucket, &stale, "a signed address whose time is over", None);
    let longer = fetch(bucket, "GET", now(), |query| {
        for (name, value) in query {
            if name == "X-Amz-Expires" {
                *value = "86400".to_owned();
            }
        }
    });
    let longer = longer.await?;
    refused(bucket, &longer, "a signed address whose time was made longer", Some("SignatureDoesNotMatch"));
    let other = fetch(bucket, "PUT", now(), |_| {}).await?;
    refused(bucket, &other, "an address signed for PUT, used for GET", Some("SignatureDoesNotMatch"));
    Ok(())
}

/// Reads the object with an address signed for this method and time, after a change.
async fn fetch(
    bucket: &Bucket<'_>,
    signed_for: &str,
    at: Timestamp,
    change: impl FnOnce(&mut Vec<(String, String)>) + Send,
) -> Result<Answer, Problem> {
    let store = &bucket.store;
    let (address, host) = (store.address(&[&bucket.name, KEY]), store.host());
    let request = Signed {
        method: signed_for,
        host: &host,
        path: address.path(),
        query: &[],
        headers: &[],
        body_hash: UNSIGNED,
    };
    let mut query = store.signer.query(&request, at, 3600);
    change(&mut query);
    let mut call = store.client.anonymous(Method::GET, "s3", address);
    for (name, value) in &query {
        call = call.query(name, value);
    }
    Ok(call.send().await?)
}
