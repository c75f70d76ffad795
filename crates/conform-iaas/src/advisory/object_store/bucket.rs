//! A bucket of a check: made, spoken to, and removed with all that is in it.

use bytes::Bytes;
use kogge_client::{Answer, Client, Method, chain, encode_segment};
use kogge_clock::{Clock, Timestamp};
use kogge_conform::{Context, ObjectRef, Problem};
use url::Url;

use super::super::Notice;
use super::key::{Access, ObjectStore};
use super::{BUCKET, xml};
use crate::created::{announce_as, is_refusal};
use crate::signature::{Signed, Signer, hash, region_in};

/// How many objects and uploads are removed from a bucket, at most: a check makes a dozen.
const MOST_REMOVED: usize = 1000;

/// A bucket, and what was noticed about the store.
pub(super) struct Bucket<'a> {
    pub(super) context: &'a Context,
    pub(super) store: Store<'a>,
    pub(super) name: String,
    number: u64,
    pub(super) notices: Vec<Notice>,
}

/// A store as it is spoken to.
pub(super) struct Store<'a> {
    pub(super) client: &'a Client,
    pub(super) endpoint: Url,
    pub(super) signer: Signer,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Segments below the endpoint: nothing, a bucket, or a bucket and a key.
    pub(super) path: Vec<&'a str>,
    pub(super) query: Vec<(&'a str, &'a str)>,
    /// Headers, signed with the rest; in lower case.
    pub(super) headers: Vec<(&'a str, String)>,
    pub(super) body: Bytes,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, path: &[&'a str]) -> Self {
        Self { method, path: path.to_vec(), query: Vec::new(), headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn query(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    pub(super) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// The time of this moment, not of the run's beginning: a signature is good for fifteen minutes only.
pub(super) fn now() -> Timestamp {
    Clock::system().now()
}

impl Store<'_> {
    /// The address of a path, each segment encoded once.
    pub(super) fn address(&self, path: &[&str]) -> Url {
        let mut address = self.endpoint.clone();
        let segments: Vec<String> =
            path.iter().flat_map(|part| part.split('/')).map(encode_segment).collect();
        address.set_path(&format!("{}/{}", self.endpoint.path().trim_end_matches('/'), segments.join("/")));
        address.set_query(None);
        address
    }

    /// The value of the header `Host`.
    pub(super) fn host(&self) -> String {
        let host = self.endpoint.host_str().unwrap_or_default();
        self.endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Sends a signed request. Every status is an answer.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Answer, Problem> {
        let hashed = hash(&ask.body);
        self.send_hashed(ask, &self.signer, &hashed).await
    }

    /// As [`Store::send`], signed by anybody and for any hash.
    pub(super) async fn send_hashed(
        &self,
        ask: Ask<'_>,
        signer: &Signer,
        hash: &str,
    ) -> Result<Answer, Problem> {
        let (address, host) = (self.address(&ask.path), self.host());
        let query: Vec<(String, String)> =
            ask.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let signed = Signed {
            method: ask.method.as_str(),
            host: &host,
            path: address.path(),
            query: &query,
            headers: &ask.headers,
            body_hash: hash,
        };
        let headers = signer.headers(&signed, now());
        let mut call = self.client.anonymous(ask.method.clone(), "s3", address.clone());
        for (name, value) in &ask.headers {
            call = call.header(name, value);
        }
        for (name, value) in headers {
            call = call.header(name, &value);
        }
        for (name, value) in &query {
            call = call.query(name, value);
        }
        Ok(call.body("application/octet-stream", ask.body).send().await?)
    }
}

/// What a refusal says: its code of S3, and its status.
pub(super) fn refusal(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.bytes);
    let code = xml::first(&body, "Code").unwrap_or_else(|| "no code".to_owned());
    let code: String = code.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("status {}, {code}", answer.status.as_u16())
}

impl<'a> Bucket<'a> {
    /// Writes down and makes a bucket. The region is learned on the way, if the store wants another.
    pub(super) async fn make(context: &'a Context, access: &Access, what: &str) -> Result<Self, Problem> {
        let mut store = Store {
            client: &context.client,
            endpoint: access.endpoint.clone(),
            signer: access.signer.clone(),
        };
        let listed = store.send(Ask::new(Method::GET, &[])).await?;
        if let Some(region) = region_in(&String::from_utf8_lossy(&listed.bytes)) {
            store.signer.region = region.to_owned();
        } else if !listed.status.is_success() {
            let address = &store.endpoint;
            return Err(Problem::cloud(format!(
                "listing the buckets at {address} with this key: {}",
                refusal(&listed)
            )));
        }
        // no underscore: a bucket's name is one of DNS
        let name = context.object_name("0123", what).trim_start_matches('_').to_owned();
        let number = announce_as(context, &context.client, BUCKET, &name).await?;
        let made = store.send(Ask::new(Method::PUT, &[&name])).await?;
        if !made.status.is_success() {
            let text = refusal(&made);
            if let Err(error) = made.success() {
                if is_refusal(&error) {
                    context.journal.gone(number);
                }
                return Err(Problem::cloud(format!("creating bucket {name}: {text}: {}", chain(&error))));
            }
        }
        context.journal.made(number, &name)?;
        Ok(Self { context, store, name, number, notices: Vec::new() })
    }

    /// A request for the bucket itself.
    pub(super) fn ask(&self, method: Method) -> Ask<'_> {
        Ask::new(method, &[&self.name])
    }

    /// A request for an object of the bucket.
    pub(super) fn object<'b>(&'b self, method: Method, key: &'b str) -> Ask<'b> {
        Ask::new(method, &[&self.name, key])
    }

    /// Notes a violation.
    pub(super) fn notice(&mut self, expected: impl Into<String>, found: impl Into<String>) {
        let host = self.store.host();
        let object = ObjectRef { name: format!("S3 at {host}"), id: None };
        let fix = "let the object store answer as the S3 API reference has it";
        self.notices.push(Notice::violation(object, expected.into(), found, fix));
    }

    /// Notes a violation unless the answer has this status.
    pub(super) fn expect(&mut self, answer: &Answer, status: u16, what: &str) -> bool {
        let right = answer.status.as_u16() == status;
        if !right {
            self.notice(format!("{what}: status {status}"), refusal(answer));
        }
        right
    }

    /// Notes a violation unless it holds.
    pub(super) fn hold(&mut self, right: bool, what: &str, found: impl FnOnce() -> String) {
        if !right {
            self.notice(what, found());
        }
    }

    /// Removes it and all that is in it.
    pub(super) async fn remove(&mut self) -> Result<(), Problem> {
        Box::pin(empty_and_remove(&self.store, &self.name)).await?;
        self.context.journal.gone(self.number);
        Ok(())
    }
}

/// Removes a bucket of an earlier check and all that is in it. One that is gone is fine.
///
/// # Errors
/// What the store said.
pub(in crate::advisory) async fn remove_bucket(
    client: &Client,
    store: &ObjectStore,
    name: &str,
) -> Result<(), Problem> {
    let access = Access::again(client, store).await?;
    let store = Store { client, endpoint: access.endpoint, signer: access.signer };
    Box::pin(empty_and_remove(&store, name)).await
}

async fn empty_and_remove(store: &Store<'_>, name: &str) -> Result<(), Problem> {
    let uploads = store.send(Ask::new(Method::GET, &[name]).query("uploads", "")).await?;
    if uploads.status.as_u16() == 404 {
        return Ok(());
    }
    if uploads.status.is_success() {
        let body = String::from_utf8_lossy(&uploads.bytes).into_owned();
        for (key, id) in xml::all(&body, "Key").iter().zip(xml::all(&body, "UploadId")).take(MOST_REMOVED) {
            store.send(Ask::new(Method::DELETE, &[name, key]).query("uploadId", &id)).await?;
        }
    }
    let listed = store.send(Ask::new(Method::GET, &[name])).await?;
    let body = String::from_utf8_lossy(&listed.bytes).into_owned();
    for key in xml::all(&body, "Key").iter().take(MOST_REMOVED) {
        store.send(Ask::new(Method::DELETE, &[name, key])).await?;
    }
    let removed = store.send(Ask::new(Method::DELETE, &[name])).await?;
    match removed.status.as_u16() {
        404 => Ok(()),
        _ if removed.status.is_success() => Ok(()),
        _ => Err(Problem::cloud(format!("removing bucket {name}: {}", refusal(&removed)))),
    }
}
