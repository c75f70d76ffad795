//! A small S3 on port 0: objects in memory, signatures verified by code of its own, faults on demand.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "for tests only")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

pub const ACCESS: &str = "AKCHECK";
pub const SECRET: &str = "geheim/und+lang";

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    WrongEtag,
    NoRanges,
    ListRepeats,
    AnyMd5,
    KeepsDeleted,
    PartsReversed,
    NoAbort,
    AnySignature,
    OldAddresses,
    OpenToAll,
    /// Not wrong: it is in a region of its own.
    Region,
}

#[derive(Default)]
struct Object {
    body: Vec<u8>,
    etag: String,
    meta: Vec<(String, String)>,
}

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, (String, BTreeMap<u32, Vec<u8>>)>,
}

pub struct Store {
    base: String,
    inner: Arc<Inner>,
}

struct Inner {
    fault: Option<Fault>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

impl Store {
    pub async fn start(fault: Option<Fault>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { fault, buckets: Mutex::default() });
        let app = Router::new()
            .fallback(serve)
            .layer(axum::extract::DefaultBodyLimit::max(16 << 20))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, inner }
    }

    pub fn url(&self) -> url::Url {
        self.base.parse().unwrap()
    }

    pub fn buckets(&self) -> Vec<String> {
        self.inner.buckets.lock().unwrap().keys().cloned().collect()
    }
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn serve(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let request = Request { method: method.to_string(), path: uri.path().to_owned(), query, headers, body };
    if let Err((status, code)) = permit(&request, inner.fault) {
        let region = if code == "AuthorizationHeaderMalformed" { "<Region>hansa-1</Region>" } else { "" };
        return (
            StatusCode::from_u16(status).unwrap(),
            format!("<Error><Code>{code}</Code>{region}</Error>"),
        )
            .into_response();
    }
    let decoded: Vec<String> = request
        .path
        .trim_start_matches('/')
        .splitn(2, '/')
        .map(|part| String::from_utf8(percent(part)).unwrap())
        .collect();
    let mut buckets = inner.buckets.lock().unwrap();
    match decoded.as_slice() {
        [bucket, key] if !key.is_empty() => object(&mut buckets, inner.fault, &request, bucket, key),
        [bucket, ..] if !bucket.is_empty() => of_bucket(&mut buckets, inner.fault, &request, bucket),
        _ => (StatusCode::OK, "<ListAllMyBucketsResult></ListAllMyBucketsResult>").into_response(),
    }
}

fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    out
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

type Refusal = (u16, &'static str);

/// Whether a request may pass.
fn permit(request: &Request, fault: Option<Fault>) -> Result<(), Refusal> {
    let presigned = request.query.contains_key("X-Amz-Signature");
    let Some((credential, names, signature)) = claims(request, presigned) else {
        return if fault == Some(Fault::OpenToAll) { Ok(()) } else { Err((403, "AccessDenied")) };
    };
    let scope: Vec<&str> = credential.split('/').collect();
    let [access, day, region, "s3", "aws4_request"] = scope.as_slice() else {
        return Err((400, "Malformed"));
    };
    if *access != ACCESS {
        return Err((403, "InvalidAccessKeyId"));
    }
    if fault == Some(Fault::Region) && *region != "hansa-1" {
        return Err((400, "AuthorizationHeaderMalformed"));
    }
    let time = if presigned {
        request.query["X-Amz-Date"].clone()
    } else {
        request.header("x-amz-date").unwrap().to_owned()
    };
    if presigned && fault != Some(Fault::OldAddresses) && is_over(&time, &request.query["X-Amz-Expires"]) {
        return Err((403, "AccessDenied"));
    }
    let hash = if presigned { "UNSIGNED-PAYLOAD" } else { request.header("x-amz-content-sha256").unwrap() };
    if !presigned && hash != hex::encode(Sha256::digest(&request.body)) {
        return Err((400, "XAmzContentSHA256Mismatch"));
    }
    let right = sign(request, &names, hash, &time, day, region);
    if right == signature || fault == Some(Fault::AnySignature) {
        Ok(())
    } else {
        Err((403, "SignatureDoesNotMatch"))
    }
}

fn claims(request: &Request, presigned: bool) -> Option<(String, String, String)> {
    if presigned {
        let get = |name: &str| request.query.get(name).cloned();
        return Some((get("X-Amz-Credential")?, get("X-Amz-SignedHeaders")?, get("X-Amz-Signature")?));
    }
    let text = request.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| text.split(", ").find_map(|p| p.strip_prefix(name)).map(str::to_owned);
    Some((part("Credential=")?, part("SignedHeaders=")?, part("Signature=")?))
}

fn is_over(time: &str, seconds: &str) -> bool {
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &time[..4],
        &time[4..6],
        &time[6..8],
        &time[9..11],
        &time[11..13],
        &time[13..15]
    );
    let signed: kogge_clock::Timestamp = text.parse().unwrap();
    kogge_clock::Clock::system().now() > signed.plus(std::time::Duration::from_secs(seconds.parse().unwrap()))
}

fn sign(request: &Request, names: &str, hash: &str, time: &str, day: &str, region: &str) -> String {
    let query: Vec<String> = request
        .query
        .iter()
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let path: Vec<String> =
        request.path.split('/').map(|part| encode(&String::from_utf8(percent(part)).unwrap())).collect();
    let mut canonical = format!("{}\n{}\n{}\n", request.method, path.join("/"), query.join("&"));
    for name in names.split(';') {
        let _ = writeln!(canonical, "{name}:{}", request.header(name).unwrap_or_default().trim());
    }
    let _ = write!(canonical, "\n{names}\n{hash}");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{day}/{region}/s3/aws4_request\n{}",
        hex::encode(Sha256::digest(canonical.as_bytes()))
    );
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let key = [day, region, "s3", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    hex::encode(mac(&key, &text))
}

fn error(status: u16, code: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), format!("<Error><Code>{code}</Code></Error>")).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn of_bucket(
    all: &mut BTreeMap<String, Bucket>,
    fault: Option<Fault>,
    request: &Request,
    name: &str,
) -> Response {
    if request.method == "PUT" {
        all.entry(name.to_owned()).or_default();
        return StatusCode::OK.into_response();
    }
    let Some(bucket) = all.get_mut(name) else { return error(404, "NoSuchBucket") };
    if request.method == "DELETE" {
        if !bucket.objects.is_empty() || !bucket.uploads.is_empty() {
            return error(409, "BucketNotEmpty");
        }
        all.remove(name);
        return StatusCode::NO_CONTENT.into_response();
    }
    if request.query.contains_key("uploads") {
        let uploads = bucket.uploads.iter().map(|(id, (key, _))| {
            format!("<Upload><Key>{}</Key><UploadId>{id}</UploadId></Upload>", escape(key))
        });
        return uploads.collect::<String>().into_response();
    }
    let after = request.query.get("continuation-token").filter(|_| fault != Some(Fault::ListRepeats));
    let most: usize = request.query.get("max-keys").map_or(1000, |n| n.parse().unwrap());
    let delimiter = request.query.get("delimiter");
    let keys: Vec<&String> =
        bucket.objects.keys().filter(|key| after.is_none_or(|after| *key > after)).collect();
    let (folders, plain): (Vec<&String>, Vec<&String>) =
        keys.iter().copied().partition(|key| delimiter.is_some_and(|d| key.contains(d.as_str())));
    let mut text = String::new();
    for key in plain.iter().take(most) {
        let _ = write!(text, "<Contents><Key>{}</Key></Contents>", escape(key));
    }
    let mut prefixes: Vec<&str> = folders.iter().filter_map(|key| key.split('/').next()).collect();
    prefixes.dedup();
    for prefix in prefixes {
        let _ = write!(text, "<CommonPrefixes><Prefix>{prefix}/</Prefix></CommonPrefixes>");
    }
    if let (true, Some(last)) = (plain.len() > most, plain.get(most - 1)) {
        let _ = write!(text, "<NextContinuationToken>{}</NextContinuationToken>", escape(last));
    }
    text.into_response()
}

fn object(
    all: &mut BTreeMap<String, Bucket>,
    fault: Option<Fault>,
    request: &Request,
    bucket: &str,
    key: &str,
) -> Response {
    let Some(bucket) = all.get_mut(bucket) else { return error(404, "NoSuchBucket") };
    if request.query.contains_key("uploads") || request.query.contains_key("uploadId") {
        return parts(bucket, fault, request, key);
    }
    match request.method.as_str() {
        "PUT" => {
            let digest = Md5::digest(&request.body);
            if let Some(told) = request.header("content-md5") {
                use base64::Engine;
                let right = base64::engine::general_purpose::STANDARD.encode(digest);
                if told != right && fault != Some(Fault::AnyMd5) {
                    return error(400, "BadDigest");
                }
            }
            let etag = if fault == Some(Fault::WrongEtag) {
                "\"0\"".to_owned()
            } else {
                format!("\"{}\"", hex::encode(digest))
            };
            let meta = request.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
            let meta =
                meta.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
            bucket
                .objects
                .insert(key.to_owned(), Object { body: request.body.to_vec(), etag: etag.clone(), meta });
            (StatusCode::OK, [("etag", etag)]).into_response()
        }
        "DELETE" => {
            // what it keeps, it keeps once
            if fault != Some(Fault::KeepsDeleted) || request.query.contains_key("x") || key.len() < 20 {
                bucket.objects.remove(key);
            } else if let Some(kept) = bucket.objects.remove(key) {
                bucket.objects.insert("kept".to_owned(), kept);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let kept = (fault == Some(Fault::KeepsDeleted)).then(|| bucket.objects.get("kept")).flatten();
            match bucket.objects.get(key).or(kept) {
                Some(found) => read(found, fault, request),
                None => error(404, "NoSuchKey"),
            }
        }
    }
}

fn read(object: &Object, fault: Option<Fault>, request: &Request) -> Response {
    if request.header("if-none-match") == Some(object.etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut headers = HeaderMap::new();
    headers.insert("etag", object.etag.parse().unwrap());
    for (name, value) in &object.meta {
        headers.insert(name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    let length = object.body.len();
    let Some(range) = request.header("range").filter(|_| fault != Some(Fault::NoRanges)) else {
        return (StatusCode::OK, headers, object.body.clone()).into_response();
    };
    let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (from, to) = match (from, to) {
        ("", last) => (length - last.parse::<usize>().unwrap(), length - 1),
        (from, "") => (from.parse().unwrap(), length - 1),
        (from, to) => (from.parse().unwrap(), to.parse().unwrap()),
    };
    if from >= length {
        return error(416, "InvalidRange");
    }
    headers.insert("content-range", format!("bytes {from}-{to}/{length}").parse().unwrap());
    (StatusCode::PARTIAL_CONTENT, headers, object.body[from..=to].to_vec()).into_response()
}

fn parts(bucket: &mut Bucket, fault: Option<Fault>, request: &Request, key: &str) -> Response {
    if request.query.contains_key("uploads") {
        let id = format!("upload-{}", bucket.uploads.len() + bucket.objects.len());
        bucket.uploads.insert(id.clone(), (key.to_owned(), BTreeMap::new()));
        return format!("<R><UploadId>{id}</UploadId></R>").into_response();
    }
    let id = &request.query["uploadId"];
    let Some((_, stored)) = bucket.uploads.get_mut(id) else { return error(404, "NoSuchUpload") };
    match request.method.as_str() {
        "PUT" => {
            let number = request.query["partNumber"].parse().unwrap();
            let etag = format!("\"{}\"", hex::encode(Md5::digest(&request.body)));
            stored.insert(number, request.body.to_vec());
            (StatusCode::OK, [("etag", etag)]).into_response()
        }
        "GET" => stored
            .keys()
            .map(|n| format!("<Part><PartNumber>{n}</PartNumber></Part>"))
            .collect::<String>()
            .into_response(),
        "DELETE" => {
            // an upload that is never given up would keep the bucket for ever: it goes with the second call
            if fault == Some(Fault::NoAbort) && stored.is_empty() {
                stored.insert(0, Vec::new());
            } else {
                bucket.uploads.remove(id);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let (_, stored) = bucket.uploads.remove(id).unwrap();
            let digests: Vec<u8> = stored.values().flat_map(Md5::digest).collect();
            let mut all: Vec<Vec<u8>> = stored.into_values().collect();
            let etag = format!("\"{}-{}\"", hex::encode(Md5::digest(digests)), all.len());
            if fault == Some(Fault::PartsReversed) {
                all.reverse();
            }
            bucket.objects.insert(key.to_owned(), Object { body: all.concat(), etag, meta: Vec::new() });
            "<R></R>".into_response()
        }
    }
}
