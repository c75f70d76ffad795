//! Objects: stored, found, read whole and in parts, listed page by page, and removed.

use bytes::Bytes;
use kogge_client::{Answer, Method};
use kogge_conform::Problem;
use md5::{Digest, Md5};

use super::bucket::Bucket;
use super::xml;

/// A key that is sent and signed wrongly wherever somebody encodes once too often or too seldom.
const AWKWARD: &str = "folder/a key+with (all) = ü~*.txt";

/// Bytes of no pattern that a store could guess.
pub(super) fn bytes(count: usize) -> Bytes {
    let mut state = 0x2545_f491_u32;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    };
    (0..count).map(next).collect()
}

/// The tag that an object stored at once has.
pub(super) fn etag(body: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Md5::digest(body)))
}

pub(super) async fn look(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let body = bytes(100_000);
    stored(bucket, &body).await?;
    read(bucket, &body).await?;
    ranges(bucket, &body).await?;
    listed(bucket).await?;
    removed(bucket).await
}

async fn stored(bucket: &mut Bucket<'_>, body: &Bytes) -> Result<(), Problem> {
    let put = bucket.object(Method::PUT, AWKWARD).header("x-amz-meta-colour", "blue").body(body.clone());
    let answer = bucket.store.send(put).await?;
    if bucket.expect(&answer, 200, "storing an object") {
        same_etag(bucket, &answer, body, "the answer to storing");
    }
    for key in ["folder/b", "other"] {
        let answer = bucket.store.send(bucket.object(Method::PUT, key).body("x")).await?;
        bucket.expect(&answer, 200, "storing a small object");
    }
    let wrong =
        bucket.object(Method::PUT, "wrong").header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").body("x");
    let answer = bucket.store.send(wrong).await?;
    bucket.expect(&answer, 400, "storing an object whose Content-MD5 is wrong");
    Ok(())
}

fn same_etag(bucket: &mut Bucket<'_>, answer: &Answer, body: &[u8], place: &str) {
    let (expected, found) = (etag(body), answer.header("etag").unwrap_or("none").to_owned());
    bucket.hold(found == expected, &format!("{place} has the ETag {expected}"), || found);
}

async fn read(bucket: &mut Bucket<'_>, body: &Bytes) -> Result<(), Problem> {
    let answer = bucket.store.send(bucket.object(Method::GET, AWKWARD)).await?;
    if bucket.expect(&answer, 200, "reading an object") {
        bucket.hold(answer.bytes == *body, "the same bytes as were stored", || {
            format!("{} other bytes", answer.bytes.len())
        });
        same_etag(bucket, &answer, body, "the answer to reading");
    }
    let head = bucket.store.send(bucket.object(Method::HEAD, AWKWARD)).await?;
    if bucket.expect(&head, 200, "HEAD of an object") {
        let length = head.header("content-length").unwrap_or("none").to_owned();
        bucket.hold(length == body.len().to_string(), "HEAD gives the length", || length);
        let colour = head.header("x-amz-meta-colour").unwrap_or("none").to_owned();
        bucket.hold(colour == "blue", "HEAD gives the metadata that was stored", || colour);
    }
    let unchanged = bucket.object(Method::GET, AWKWARD).header("if-none-match", etag(body));
    let answer = bucket.store.send(unchanged).await?;
    bucket.expect(&answer, 304, "reading an object that is unchanged, with If-None-Match");
    Ok(())
}

async fn ranges(bucket: &mut Bucket<'_>, body: &Bytes) -> Result<(), Problem> {
    let last = body.len() - 1;
    for (range, from, to) in [
        ("bytes=10-19".to_owned(), 10, 19),
        (format!("bytes={}-", last - 4), last - 4, last),
        ("bytes=-7".to_owned(), last - 6, last),
    ] {
        let answer =
            bucket.store.send(bucket.object(Method::GET, AWKWARD).header("range", range.clone())).await?;
        if bucket.expect(&answer, 206, &format!("reading {range}")) {
            let right = answer.bytes == body.slice(from..=to);
            bucket.hold(right, &format!("{range} gives these bytes"), || {
                format!("{} other bytes", answer.bytes.len())
            });
            let expected = format!("bytes {from}-{to}/{}", body.len());
            let shown = answer.header("content-range").unwrap_or("none").to_owned();
            bucket.hold(shown == expected, &format!("Content-Range {expected}"), || shown);
        }
    }
    let beyond = bucket.object(Method::GET, AWKWARD).header("range", "bytes=900000-");
    let answer = bucket.store.send(beyond).await?;
    bucket.expect(&answer, 416, "reading a range beyond the end");
    Ok(())
}

async fn listed(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let mut keys = Vec::new();
    let mut token: Option<String> = None;
    // three objects, one a page; one more look finds the end
    for _ in 0..4 {
        let mut ask = bucket.ask(Method::GET).query("list-type", "2").query("max-keys", "1");
        if let Some(token) = &token {
            ask = ask.query("continuation-token", token);
        }
        let answer = bucket.store.send(ask).await?;
        if !bucket.expect(&answer, 200, "listing the objects by pages") {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&answer.bytes).into_owned();
        keys.extend(xml::all(&body, "Key"));
        token = xml::first(&body, "NextContinuationToken");
        if token.is_none() {
            break;
        }
    }
    bucket.hold(keys == [AWKWARD, "folder/b", "other"], "pages that hold each object once, in order", || {
        format!("{keys:?}")
    });
    let folders = bucket.ask(Method::GET).query("list-type", "2").query("delimiter", "/");
    let answer = bucket.store.send(folders).await?;
    if bucket.expect(&answer, 200, "listing with a delimiter") {
        let body = String::from_utf8_lossy(&answer.bytes).into_owned();
        let (keys, prefixes) = (xml::all(&body, "Key"), xml::all(&body, "Prefix"));
        let right = keys == ["other"] && prefixes.iter().any(|prefix| prefix == "folder/");
        bucket.hold(right, "one object and one common prefix", || format!("{keys:?} and {prefixes:?}"));
    }
    Ok(())
}

async fn removed(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let full = bucket.store.send(bucket.ask(Method::DELETE)).await?;
    bucket.expect(&full, 409, "removing a bucket that is not empty");
    let answer = bucket.store.send(bucket.object(Method::DELETE, AWKWARD)).await?;
    bucket.expect(&answer, 204, "removing an object");
    let gone = bucket.store.send(bucket.object(Method::GET, AWKWARD)).await?;
    if bucket.expect(&gone, 404, "reading an object that is gone") {
        let code = xml::first(&String::from_utf8_lossy(&gone.bytes), "Code").unwrap_or_default();
        bucket.hold(code == "NoSuchKey", "the code NoSuchKey", || code.clone());
    }
    let again = bucket.store.send(bucket.object(Method::DELETE, AWKWARD)).await?;
    bucket.expect(&again, 204, "removing an object that is gone");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_md5_in_quotes() {
        assert_eq!(etag(b""), "\"d41d8cd98f00b204e9800998ecf8427e\"");
        assert_ne!(bytes(1000)[..500], bytes(1000)[500..]);
    }
}
