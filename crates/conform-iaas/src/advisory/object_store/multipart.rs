//! An object in parts: begun, filled, put together; and one that is given up.

use std::fmt::Write;

use bytes::Bytes;
use kogge_client::Method;
use kogge_conform::Problem;
use md5::{Digest, Md5};

use super::bucket::Bucket;
use super::objects::{bytes, etag};
use super::xml;

/// The least size of every part but the last.
const PART: usize = 5 * 1024 * 1024;

const KEY: &str = "parts";

pub(super) async fn look(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let Some(upload) = begin(bucket).await? else { return Ok(()) };
    let parts = [bytes(PART), bytes(1234)];
    let mut tags = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        let Some(tag) = put(bucket, &upload, number, part).await? else { return Ok(()) };
        tags.push(tag);
    }
    let answer = bucket.store.send(bucket.object(Method::GET, KEY).query("uploadId", &upload)).await?;
    if bucket.expect(&answer, 200, "listing the parts of an upload") {
        let count = xml::all(&String::from_utf8_lossy(&answer.bytes), "PartNumber").len();
        bucket.hold(count == 2, "a list of both parts", || format!("{count}"));
    }
    complete(bucket, &upload, &tags, &parts).await?;
    give_up(bucket).await
}

async fn begin(bucket: &mut Bucket<'_>) -> Result<Option<String>, Problem> {
    let answer = bucket.store.send(bucket.object(Method::POST, KEY).query("uploads", "")).await?;
    if !bucket.expect(&answer, 200, "beginning an upload in parts") {
        return Ok(None);
    }
    let upload = xml::first(&String::from_utf8_lossy(&answer.bytes), "UploadId");
    bucket.hold(upload.is_some(), "an UploadId", || "none".to_owned());
    Ok(upload)
}

async fn put(
    bucket: &mut Bucket<'_>,
    upload: &str,
    number: u32,
    part: &Bytes,
) -> Result<Option<String>, Problem> {
    let text = number.to_string();
    let ask = bucket
        .object(Method::PUT, KEY)
        .query("partNumber", &text)
        .query("uploadId", upload)
        .body(part.clone());
    let answer = bucket.store.send(ask).await?;
    if !bucket.expect(&answer, 200, "storing a part") {
        return Ok(None);
    }
    let tag = answer.header("etag").unwrap_or_default().to_owned();
    let expected = etag(part);
    bucket.hold(tag == expected, &format!("a part with the ETag {expected}"), || tag.clone());
    Ok(Some(tag))
}

async fn complete(
    bucket: &mut Bucket<'_>,
    upload: &str,
    tags: &[String],
    parts: &[Bytes; 2],
) -> Result<(), Problem> {
    let mut list = String::from("<CompleteMultipartUpload>");
    for (number, tag) in (1..).zip(tags) {
        let _ = write!(
            list,
            "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>",
            tag.replace('"', "&quot;")
        );
    }
    list.push_str("</CompleteMultipartUpload>");
    let ask = bucket.object(Method::POST, KEY).query("uploadId", upload).body(list);
    let answer = bucket.store.send(ask).await?;
    let body = String::from_utf8_lossy(&answer.bytes).into_owned();
    // a store may begin to answer 200 before it knows
    let refused = xml::first(&body, "Code");
    if !bucket.expect(&answer, 200, "putting the parts together") || refused.is_some() {
        let code = refused.unwrap_or_default();
        bucket.hold(code.is_empty(), "putting the parts together", || code.clone());
        return Ok(());
    }
    let whole = bucket.store.send(bucket.object(Method::GET, KEY)).await?;
    if bucket.expect(&whole, 200, "reading an object made of parts") {
        let right = whole.bytes.len() == PART + parts[1].len() && whole.bytes.ends_with(&parts[1]);
        bucket.hold(right, "the bytes of both parts", || format!("{} other bytes", whole.bytes.len()));
        let both: Vec<u8> = parts.iter().flat_map(Md5::digest).collect();
        let expected = format!("\"{}-2\"", hex::encode(Md5::digest(both)));
        let tag = whole.header("etag").unwrap_or("none").to_owned();
        bucket.hold(tag == expected, &format!("the ETag {expected}"), || tag);
    }
    Ok(())
}

async fn give_up(bucket: &mut Bucket<'_>) -> Result<(), Problem> {
    let Some(upload) = begin(bucket).await? else { return Ok(()) };
    let answer = bucket.store.send(bucket.object(Method::DELETE, KEY).query("uploadId", &upload)).await?;
    bucket.expect(&answer, 204, "giving up an upload");
    let ask = bucket.object(Method::PUT, KEY).query("partNumber", "1").query("uploadId", &upload).body("x");
    let late = bucket.store.send(ask).await?;
    bucket.expect(&late, 404, "storing a part of an upload that was given up");
    Ok(())
}
