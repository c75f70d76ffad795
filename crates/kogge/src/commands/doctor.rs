//! `kogge doctor`: can this machine run a cloud, and is the one that is here well? Each finding ends with what to do.

mod probes;
pub(crate) mod state;

use serde::Serialize;

use crate::cli::Doctor;
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, but not as well as it could.
    Fair,
    /// A cloud cannot start, or guests cannot.
    Bad,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was seen.
    pub seen: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

impl Finding {
    fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Self { what, health: Health::Good, seen: seen.into(), advice: String::new() }
    }

    fn fair(what: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, health: Health::Fair, seen: seen.into(), advice: advice.into() }
    }

    fn bad(what: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, health: Health::Bad, seen: seen.into(), advice: advice.into() }
    }
}

/// Looks at everything and shows it. Exit code 4 where a cloud could not start.
///
/// # Errors
/// Where the data directory cannot even be chosen.
pub async fn run(arguments: Doctor) -> Result<Exit, Failure> {
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    let mut findings = examine(&data, arguments.sim).await;
    findings.extend(state::examine(&data, arguments.deep).await);
    show(arguments.place.output, &findings, |findings| rendered(findings))?;
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if bad { Exit::CouldNotRun } else { Exit::Pass })
}

/// All findings about this machine.
pub async fn examine(data: &DataDir, simulated: bool) -> Vec<Finding> {
    let mut findings =
        vec![probes::data_dir(data), probes::quarantine(data).await, probes::image_quarantine(data)];
    if simulated {
        return findings;
    }
    findings.extend(needs());
    findings.push(probes::memory());
    findings.push(probes::accelerator().await);
    findings
}

/// What real guests cannot do without, as far as a look tells at once.
fn needs() -> Vec<Finding> {
    let mut findings = vec![probes::root()];
    findings.extend(probes::programs());
    findings.extend([probes::tun(), probes::bridge_filter()]);
    findings
}

/// What stands in the way of a cloud with real guests, in one text; `None` where nothing does.
pub fn obstacles() -> Option<String> {
    let bad: Vec<String> = needs()
        .iter()
        .filter(|finding| finding.health == Health::Bad)
        .map(|finding| format!("  {}: {}. {}", finding.what, finding.seen, finding.advice))
        .collect();
    (!bad.is_empty()).then(|| bad.join("\n"))
}

fn rendered(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.health {
            Health::Good => "ok  ",
            Health::Fair => "fair",
            Health::Bad => "BAD ",
        };
        text.push_str(&format!("{mark}  {}: {}\n", finding.what, finding.seen));
        if !finding.advice.is_empty() {
            text.push_str(&format!("      {}\n", finding.advice));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_is_not_good_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::chosen(Some(dir.path())).unwrap();
        for finding in examine(&data, true).await {
            assert_eq!(finding.health == Health::Good, finding.advice.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn advice_stands_below_its_finding() {
        let text = rendered(&[Finding::bad("nft", "missing", "Install nftables.")]);
        assert_eq!(text, "BAD   nft: missing\n      Install nftables.\n");
    }
}
