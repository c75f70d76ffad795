//! `--spec FILE|URL` of `kogge check` and `kogge standards`: a scope in upstream's YAML format, from a file or the web.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use kogge_standards::scope::{Scope, read_scope};
use url::Url;

use super::text_file::read_bounded;
use crate::exit::Failure;
use crate::output::{printable, tell};

/// The longest scope file, in bytes. Upstream's has 40 thousand.
const LONGEST: u64 = 1 << 20;
/// The longest time that fetching one takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most redirects.
const REDIRECTS: usize = 5;

/// Reads a scope; what looks odd in it is told on standard error.
pub(super) async fn read(place: &str) -> Result<Scope, Failure> {
    let wrong = |because: String| Failure::Usage(format!("--spec {place}: {because}"));
    let text = match web(place) {
        Some(url) => fetch(url?).await?,
        None => read_bounded(Path::new(place), LONGEST).map_err(wrong)?,
    };
    let scope = read_scope(&text).map_err(|error| wrong(printable(&error.to_string())))?;
    for advice in scope.advice() {
        tell!("kogge: --spec: {}", kogge_conform::render::terminal::plain(&advice));
    }
    Ok(scope)
}

/// The address, where the place is one and not a file.
fn web(place: &str) -> Option<Result<Url, Failure>> {
    let (scheme, _) = place.split_once("://")?;
    if !matches!(scheme.to_lowercase().as_str(), "https" | "http") {
        return Some(Err(Failure::Usage(format!(
            "--spec {place}: only https and http addresses are fetched"
        ))));
    }
    Some(Url::parse(place).map_err(|error| Failure::Usage(format!("--spec {place}: {error}"))))
}

async fn fetch(url: Url) -> Result<String, Failure> {
    let mut shown = url.clone();
    let _ = (shown.set_username(""), shown.set_password(None));
    let failed = |because: String| Failure::Outside(format!("fetching the scope from {shown}: {because}"));
    let client = client().map_err(|error| Failure::Bug(error.to_string()))?;
    let get = async {
        let answer = client.get(url.clone()).send().await.map_err(|error| kogge_client::chain(&error))?;
        if !answer.status().is_success() {
            return Err(format!("the answer is {}", answer.status()));
        }
        let mut bytes = Vec::new();
        let mut pieces = answer.bytes_stream();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| kogge_client::chain(&error))?);
            if bytes.len() as u64 > LONGEST {
                return Err(format!("it has more than {LONGEST} bytes"));
            }
        }
        String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())
    };
    let ended = tokio::time::timeout(PATIENCE, get).await;
    ended.unwrap_or_else(|_| Err(format!("not finished within {} s", PATIENCE.as_secs()))).map_err(failed)
}

fn client() -> reqwest::Result<reqwest::Client> {
    let redirects = reqwest::redirect::Policy::custom(|attempt| {
        let secure = attempt.previous().iter().any(|url| url.scheme() == "https");
        if attempt.previous().len() > REDIRECTS {
            attempt.error("too many redirects")
        } else if attempt.url().scheme() == "https" || (attempt.url().scheme() == "http" && !secure) {
            attempt.follow()
        } else {
            attempt.error("a redirect from https to something else")
        }
    });
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(PATIENCE)
        .redirect(redirects)
        .user_agent(concat!("kogge/", env!("CARGO_PKG_VERSION")))
        .build()
}

#[cfg(test)]
mod tests;
