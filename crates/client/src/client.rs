//! The client: a token that is kept and renewed, endpoints that are found once, and calls.

mod call;
mod endpoint;
mod sign_in;

pub use call::{Call, encode_segment};

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use kogge_clock::Clock;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::answer::Answer;
use crate::auth::token::Token;
use crate::config::CloudConfig;
use crate::error::{CallName, Result};
use crate::record::Recorder;
use crate::transport::{Limits, Transport};

/// A user's connection to a cloud. Cheap to clone; all clones share token, endpoints and connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: CloudConfig,
    transport: Transport,
    clock: Clock,
    token: Mutex<Option<Arc<Token>>>,
    endpoints: Mutex<HashMap<String, Arc<OnceCell<Url>>>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("cloud", &self.0.config.name).finish_non_exhaustive()
    }
}

/// How to make a client, beyond the cloud's configuration.
#[derive(Clone)]
pub struct ClientOptions {
    /// How long and how much, at most. A cloud's `api_timeout` replaces [`Limits::call`].
    pub limits: Limits,
    /// Sees every exchange, secrets taken out.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// For the end of tokens.
    pub clock: Clock,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { limits: Limits::default(), recorder: None, clock: Clock::system() }
    }
}

impl Client {
    /// A client with the usual limits. Nothing is sent yet.
    ///
    /// # Errors
    /// [`crate::Error::Setup`] if the CA file cannot be used.
    pub fn new(config: CloudConfig) -> Result<Self> {
        Self::with_options(config, ClientOptions::default())
    }

    /// A client made to measure. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_options(config: CloudConfig, options: ClientOptions) -> Result<Self> {
        let mut limits = options.limits;
        limits.call = config.timeout.unwrap_or(limits.call);
        let transport = Transport::new(&config, limits, options.recorder)?;
        Ok(Self(Arc::new(Inner {
            config,
            transport,
            clock: options.clock,
            token: Mutex::new(None),
            endpoints: Mutex::new(HashMap::new()),
        })))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &CloudConfig {
        &self.0.config
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.transport.limits
    }

    /// A text from the cloud without the secrets that this client uses, in case the cloud repeats them.
    #[must_use]
    pub fn without_secrets(&self, text: &str) -> String {
        self.0.transport.secrets.take_out(text)
    }

    /// The calls that are waiting for their answers at this moment, the oldest first.
    #[must_use]
    pub fn in_flight(&self) -> Vec<CallName> {
        self.0.transport.in_flight.list()
    }

    /// Begins a call of `path` below the service's endpoint, such as `("compute", "flavors/detail")`.
    ///
    /// The service is a service type or one of its aliases. The path begins behind the version (`/v2.1`) and, for block
    /// storage, behind the project; ids inside it go through [`encode_segment`].
    pub fn call(&self, method: Method, service: &str, path: &str) -> Call {
        Call::new(self.clone(), method, service, path)
    }

    /// Begins a call of a full address, without a token. `service` only names it in errors.
    pub fn anonymous(&self, method: Method, service: &str, address: Url) -> Call {
        Call::new(self.clone(), method, service, "").anonymous().at(address)
    }

    /// One call in one line.
    ///
    /// # Errors
    /// Only if there is no answer; every status is an answer.
    pub async fn request(
        &self,
        method: Method,
        service: &str,
        path: &str,
        microversion: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut call = self.call(method, service, path);
        if let Some(version) = microversion {
            call = call.microversion(version);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        call.send().await
    }

    /// `GET` of a path; every status is an answer.
    ///
    /// # Errors
    /// Only if there is no answer.
    pub async fn get(&self, service: &str, path: &str) -> Result<Answer> {
        self.call(Method::GET, service, path).send().await
    }
}
