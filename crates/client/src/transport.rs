//! One HTTP exchange: deadline, size limit, retries, redirects, recording.

mod in_flight;
mod redirect;
mod retry;
mod tls;

pub(crate) use self::retry::is_repeatable;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};
use tokio::time::Instant;
use url::Url;

use self::in_flight::InFlight;
use crate::answer::Answer;
use crate::config::CloudConfig;
use crate::error::{CallName, Error, Result, chain};
use crate::guard::Guard;
use crate::record::{Exchange, Recorder, safe_body, safe_headers};
use crate::secrets::Secrets;

/// How long and how much, at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// One call, with its retries, redirects and body. Default 60 s.
    pub call: Duration,
    /// Making a connection, TLS included. Default 10 s.
    pub connect: Duration,
    /// Silence between two pieces of an answer. Default 20 s.
    pub stall: Duration,
    /// The size of a body after decompression. Default 32 MiB.
    pub body_bytes: usize,
    /// How often a call is repeated after a fault of the transport, a busy cloud's 429 or 503, or a gateway's 502 or 504.
    /// Default 3.
    pub retries: u32,
    /// Pages of one list. Default 10,000.
    pub pages: usize,
    /// Items of one list. Default 1,000,000.
    pub items: usize,
    /// All pages of one list together. Default 256 MiB.
    pub list_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(60),
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            body_bytes: 32 * 1024 * 1024,
            retries: 3,
            pages: 10_000,
            items: 1_000_000,
            list_bytes: 256 * 1024 * 1024,
        }
    }
}

/// A request ready to be sent.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) call: CallName,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) deadline: Duration,
    /// Whether it may be sent again where nobody knows what became of it.
    pub(crate) repeatable: bool,
}

/// Sends requests.
pub(crate) struct Transport {
    http: reqwest::Client,
    pub(crate) limits: Limits,
    pub(crate) guard: Guard,
    recorder: Option<Arc<dyn Recorder>>,
    pub(crate) in_flight: InFlight,
    pub(crate) secrets: Secrets,
}

/// An attempt that gave no answer.
struct Fault {
    error: Error,
    /// Whether another attempt might do better.
    passing: bool,
}

impl Transport {
    pub(crate) fn new(
        config: &CloudConfig,
        limits: Limits,
        recorder: Option<Arc<dyn Recorder>>,
    ) -> Result<Self> {
        let guard = Guard::new(config.endpoint_overrides.values().chain([&config.auth_url]));
        let setup = |error: reqwest::Error| Error::Setup { because: chain(&error.without_url()) };
        let builder = reqwest::Client::builder()
            .user_agent(concat!("kogge/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .read_timeout(limits.stall)
            .dns_resolver(guard.clone());
        let builder = tls::configure(builder, &config.tls)?;
        Ok(Self {
            http: builder.build().map_err(setup)?,
            limits,
            guard,
            recorder,
            in_flight: InFlight::default(),
            secrets: Secrets::of(config),
        })
    }

    /// Sends a request until there is an answer, a fault that will not pass, or its deadline.
    pub(crate) async fn send(&self, request: Outgoing) -> Result<Answer> {
        let (call, after) = (request.call.clone(), request.deadline);
        let _flying = self.in_flight.begin(&call);
        let until = Instant::now() + after;
        let work = Box::pin(self.attempts(request, until));
        tokio::time::timeout_at(until, work).await.unwrap_or(Err(Error::Deadline { call, after }))
    }

    async fn attempts(&self, request: Outgoing, until: Instant) -> Result<Answer> {
        let mut attempt = 0;
        loop {
            let outcome = self.follow(request.clone()).await;
            let remaining = until.saturating_duration_since(Instant::now());
            let pause = match &outcome {
                _ if !request.repeatable || attempt >= self.limits.retries => None,
                Ok(answer) => retry::pause_after_answer(answer.status, &answer.headers, attempt),
                Err(fault) => fault.passing.then(|| retry::pause_after_fault(attempt)),
            };
            match pause.filter(|pause| *pause < remaining) {
                None => return outcome.map_err(|fault| fault.error),
                Some(pause) => {
                    tracing::debug!(call = %request.call, attempt, ?pause, "trying again");
                    tokio::time::sleep(pause).await;
                }
            }
            attempt += 1;
        }
    }

    /// One attempt, with redirects inside the same place.
    async fn follow(&self, mut request: Outgoing) -> std::result::Result<Answer, Fault> {
        for _ in 0..redirect::MOST {
            let answer = self.exchange(&request).await?;
            match redirect::next(&request.method, &request.url, &answer) {
                redirect::Next::Done => return Ok(answer),
                redirect::Next::Follow(url) => request.url = url,
                redirect::Next::Refuse(to) => {
                    let status = answer.status.as_u16();
                    return Err(final_fault(Error::Redirected { call: request.call, status, to }));
                }
            }
        }
        let because = format!("more than {} redirects", redirect::MOST);
        Err(final_fault(Error::Transport { call: request.call, because }))
    }

    async fn exchange(&self, request: &Outgoing) -> std::result::Result<Answer, Fault> {
        if let Some(because) = self.guard.refusal(&request.url) {
            let service = request.call.service.clone();
            let address = request.call.address.clone();
            return Err(final_fault(Error::RefusedEndpoint { service, address, because }));
        }
        let started = Instant::now();
        let outcome = self.wire(request).await;
        self.record(request, &outcome, started.elapsed());
        outcome
    }

    async fn wire(&self, request: &Outgoing) -> std::result::Result<Answer, Fault> {
        let builder =
            self.http.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        let sent = if request.body.is_empty() { builder } else { builder.body(request.body.clone()) };
        let mut response = sent.send().await.map_err(|e| fault(request, e))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut bytes = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| fault(request, e))? {
            if bytes.len() + chunk.len() > self.limits.body_bytes {
                let limit = self.limits.body_bytes;
                return Err(final_fault(Error::TooLarge { call: request.call.clone(), limit }));
            }
            bytes.extend_from_slice(&chunk);
        }
        let (call, secrets) = (request.call.clone(), self.secrets.clone());
        Ok(Answer { call, status, headers, bytes: bytes.freeze(), secrets })
    }

    fn record(&self, request: &Outgoing, outcome: &std::result::Result<Answer, Fault>, elapsed: Duration) {
        let Some(recorder) = &self.recorder else { return };
        let answer = outcome.as_ref().ok();
        recorder.record(Exchange {
            service: request.call.service.clone(),
            method: request.method.to_string(),
            url: request.url.to_string(),
            request_headers: safe_headers(&request.headers),
            request_body: safe_body(&request.body),
            status: answer.map(|a| a.status.as_u16()),
            response_headers: answer.map(|a| safe_headers(&a.headers)).unwrap_or_default(),
            response_body: answer.and_then(|a| safe_body(&a.bytes)),
            failure: outcome.as_ref().err().map(|f| f.error.to_string()),
            elapsed,
        });
    }
}

fn final_fault(error: Error) -> Fault {
    Fault { error, passing: false }
}

/// A fault of the transport. A certificate that nobody vouches for does not get better by asking again.
fn fault(request: &Outgoing, error: reqwest::Error) -> Fault {
    let mut because = chain(&error.without_url());
    let lasting =
        ["certificate", "lies further inside"].iter().any(|word| because.to_lowercase().contains(word));
    if because.contains("CaUsedAsEndEntity") {
        because.push_str(
            " (the server shows an authority's certificate as its own, as self-signed ones are by default; \
             give it one that is signed by the authority, or set verify: false)",
        );
    }
    Fault { error: Error::Transport { call: request.call.clone(), because }, passing: !lasting }
}
