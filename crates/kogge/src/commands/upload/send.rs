//! The request itself, its retries, and what its answer means.

use std::time::Duration;

use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use kogge_conform::render::terminal::plain;
use serde_json::Value;
use url::Url;

use super::account::Account;

/// How often it is tried in all.
const TRIES: u32 = 4;
/// The longest pause that a monitor may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest time of one try.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of an answer is read, in bytes.
const READ: usize = 4 << 20;

/// A monitor that has the report now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// It took it.
    Taken,
    /// It had it before.
    KnownAlready,
}

/// Sends a report. Only faults of transport, 429 and 503 are tried again.
///
/// # Errors
/// In words: what the monitor said, or why there is no answer.
pub(super) async fn send(
    reports: &Url,
    account: &Account,
    signature: &str,
    report: &str,
) -> Result<Answered, String> {
    let client = client().map_err(|error| error.to_string())?;
    let body = body(signature, report);
    let mut tried = 0;
    loop {
        tried += 1;
        let request = client
            .post(reports.clone())
            .header(CONTENT_TYPE, "application/x-signed-yaml")
            .header(AUTHORIZATION, account.header()?)
            .body(body.clone());
        let (pause, problem) = match request.send().await {
            Err(error) => (Some(after_fault(tried)), kogge_client::chain(&error.without_url())),
            Ok(answer) => {
                let (status, headers) = (answer.status(), answer.headers().clone());
                let text = read(answer).await;
                if status == StatusCode::CONFLICT {
                    return known(&client, reports, account, report).await;
                }
                if status.is_success() {
                    return taken(status, &text);
                }
                (after_answer(status, &headers, tried), refusal(status, &headers, &text, account))
            }
        };
        match pause.filter(|_| tried < TRIES) {
            Some(pause) => tokio::time::sleep(pause).await,
            None if tried > 1 => return Err(format!("{problem} (after {tried} tries)")),
            None => return Err(problem),
        }
    }
}

/// No redirects: a password goes nowhere but to the address that was given.
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kogge/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The receiver splits at the signature's last line, a newline and `&`.
fn body(signature: &str, report: &str) -> bytes::Bytes {
    format!("{}\n&{report}", signature.trim_end()).into()
}

/// The beginning of an answer's text.
async fn read(answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > READ {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn taken(status: StatusCode, text: &str) -> Result<Answered, String> {
    // the monitor's word for a body in which it found no document
    if text.contains("empty reports") {
        return Err(format!("the monitor answers {status}, but found no report in it"));
    }
    Ok(Answered::Taken)
}

/// The id is taken: by this very report, or, since anybody may choose an id, by another.
async fn known(
    client: &reqwest::Client,
    reports: &Url,
    account: &Account,
    report: &str,
) -> Result<Answered, String> {
    let other = |why: &str| Err(format!("the monitor has a report with this run's id (409), {why}"));
    let Ok(ours) = serde_saphyr::from_str::<Value>(report) else {
        return other("and this file holds not exactly one, to compare");
    };
    let id = ours["run"]["uuid"].as_str().unwrap_or_default();
    let mut place = reports.clone();
    if let Ok(mut path) = place.path_segments_mut() {
        path.push(id);
    }
    let asked = client.get(place).header(AUTHORIZATION, account.header()?).send().await;
    let theirs = match asked {
        Ok(answer) if answer.status().is_success() => read(answer).await,
        Ok(answer) => return other(&format!("and does not show it ({})", answer.status())),
        Err(error) => {
            return other(&format!("and does not show it ({})", kogge_client::chain(&error.without_url())));
        }
    };
    let theirs: Value = serde_json::from_str(&theirs).unwrap_or_default();
    let same = ["subject", "spec", "run"].iter().all(|key| ours[key] == theirs[key]);
    if same { Ok(Answered::KnownAlready) } else { other("and it is another report") }
}

fn refusal(status: StatusCode, headers: &HeaderMap, text: &str, account: &Account) -> String {
    let detail = serde_json::from_str::<Value>(text).ok();
    let detail = detail.as_ref().and_then(|value| value["detail"].as_str()).unwrap_or_default();
    let said: String = plain(detail).chars().take(300).collect();
    let hint = match status {
        StatusCode::UNAUTHORIZED => format!(
            "; account {:?} may send for its own subject or for one that names it as delegate, signed with a key that the monitor knows",
            account.name
        ),
        status if status.is_redirection() => {
            let to = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
            format!("; it points to {}: give that address if it is right", plain(to))
        }
        _ => String::new(),
    };
    let colon = if said.is_empty() { "" } else { ": " };
    format!("the monitor answers {status}{colon}{said}{hint}")
}

/// The pause before another try after a fault of transport: 0.5, 1, 2 … seconds.
fn after_fault(tried: u32) -> Duration {
    Duration::from_millis(250u64 << tried.min(6))
}

/// The pause before another try after an answer; `None` if it is final.
fn after_answer(status: StatusCode, headers: &HeaderMap, tried: u32) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let pause = asked.map_or_else(|| after_fault(tried), Duration::from_secs);
    Some(pause).filter(|pause| *pause <= LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
