//! The report: everything that a run found out.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{Description, Section};
use crate::finding::{Finding, Severity};
use crate::outcome::Outcome;
use crate::plan::{Aggregate, Plan};
use crate::verdict::Verdict;

/// The version of the JSON form. It grows when a key changes its meaning or goes; new keys do not count.
pub const FORMAT: u32 = 1;

/// A whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Whether what is private was taken out, so that nobody can tell any more which cloud it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// The run itself.
    pub run: RunHead,
    /// What was to be checked.
    pub plan: Plan,
    /// One result per check, in the order of the plan.
    pub results: Vec<CheckResult>,
    /// How each version's targets stand.
    pub summary: Vec<VersionSummary>,
    /// Objects that could not be removed, in words for the one who has to.
    pub leftovers: Vec<String>,
    /// Objects that are not there, but may still appear: their creation was never answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsettled: Vec<String>,
}

/// Who ran what when.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    /// The run's id.
    pub uuid: String,
    /// The cloud under test, under the name that the report shall show.
    pub subject: String,
    /// The cloud's name in the configuration.
    #[serde(default)]
    pub cloud: String,
    /// The address of its identity service.
    #[serde(default)]
    pub auth_url: String,
    /// For what the run's token was good, as configured: `project demo`.
    #[serde(default)]
    pub project: String,
    /// The region whose services were asked; the first of each service if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The newest version of each service that was asked, as it says itself: `compute` is `2.96`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub api_versions: BTreeMap<String, String>,
    /// By how many milliseconds the cloud's clock was ahead of ours, to about half a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// Who ran it, as configured and with their roles, where it takes several users: `reader ann of domain Default`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// When it began, `2026-11-24T08:00:00Z`.
    pub started_at: String,
    /// When it ended; absent while it runs.
    pub ended_at: Option<String>,
    /// Why it ended before all checks had; absent if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The program and its version.
    pub program: String,
    /// Its arguments, as given (none of them is a secret).
    pub argv: Vec<String>,
}

/// How one check ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The testcase.
    pub id: String,
    /// What it looks at.
    pub title: String,
    /// Where its standard can be read.
    pub url: String,
    /// Whether it counts.
    #[serde(default)]
    pub section: Section,
    /// The verdict.
    pub verdict: Verdict,
    /// What the upstream suite would have printed: `PASS`, `FAIL`, `ABORT`, or nothing.
    pub upstream: Option<String>,
    /// The verdict that the standard's document asks for, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_document: Option<Verdict>,
    /// Why it is not a plain pass or fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was observed.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// When it ended, or was answered by somebody, `2026-11-24T08:00:00Z`; absent where it never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    /// How long an answer is good, `2027-04-01T00:00:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_until: Option<String>,
    /// Whether a report that dates all of its results by the run, as upstream's does, would make it last longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outlasts: bool,
    /// The check's revision: it rises when the check looks at something else or judges it otherwise.
    #[serde(default)]
    pub revision: u32,
    /// Taken over from an earlier run.
    #[serde(default)]
    pub resumed: bool,
    /// The check itself broke.
    #[serde(default)]
    pub bug: bool,
}

impl Default for CheckResult {
    fn default() -> Self {
        let description = Description::reading("", "", "");
        Self::new(&description, Outcome::not_finished("not started"), 0)
    }
}

/// How one version of the scope stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionSummary {
    /// The version.
    pub version: String,
    /// Its validity.
    pub validity: String,
    /// The aggregate of each target.
    pub targets: BTreeMap<String, Aggregate>,
}

impl CheckResult {
    /// Whether it decides nothing.
    #[must_use]
    pub fn is_advice(&self) -> bool {
        self.section != Section::Official
    }

    /// What a pass does not say: what is tolerated and better changed.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Warning)
    }

    /// The findings that its reader has to know: those that the verdict comes from, and else the warnings.
    pub fn telling(&self) -> impl Iterator<Item = &Finding> {
        let least = match self.verdict {
            Verdict::Fail | Verdict::CouldNotRun => Severity::Violation,
            Verdict::Pass | Verdict::NotApplicable | Verdict::NotFinished => Severity::Warning,
        };
        self.findings.iter().filter(move |finding| finding.severity >= least)
    }

    /// The verdict's word for people; advice says that it is no more than that, and a pass with warnings that it is one.
    #[must_use]
    pub fn word(&self) -> String {
        let section = match self.section {
            Section::Official => "",
            Section::Advisory => " (advice)",
            Section::Manual => " (answer)",
        };
        let warned = self.verdict == Verdict::Pass && self.warnings().next().is_some();
        let warned = if warned { " with a warning" } else { "" };
        format!("{}{section}{warned}", self.verdict.word())
    }

    /// The same, having ended now, unless somebody answered it before.
    #[must_use]
    pub fn ended_at(mut self, now: Timestamp) -> Self {
        self.checked_at.get_or_insert_with(|| now.seconds_z());
        self
    }

    /// From a check's outcome.
    #[must_use]
    pub fn new(description: &Description, outcome: Outcome, elapsed_ms: u64) -> Self {
        Self {
            id: description.id.clone(),
            title: description.title.clone(),
            url: description.url.clone(),
            section: description.section,
            verdict: outcome.verdict,
            upstream: outcome.verdict.upstream_word().map(str::to_owned),
            by_document: outcome.by_document,
            reason: outcome.reason,
            findings: outcome.findings,
            elapsed_ms,
            checked_at: outcome.answered.as_ref().map(|answered| answered.at.clone()),
            outlasts: outcome.answered.as_ref().is_some_and(|answered| answered.outlasts),
            good_until: outcome.answered.map(|answered| answered.good_until),
            revision: description.revision,
            resumed: false,
            bug: false,
        }
    }
}

impl Report {
    /// The result of a testcase.
    #[must_use]
    pub fn result(&self, id: &str) -> Option<&CheckResult> {
        self.results.iter().find(|r| r.id == id)
    }

    /// The results of a section, in the order of the plan.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(move |r| r.section == section)
    }

    /// How many official checks ended with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.count_in(Section::Official, verdict)
    }

    /// How many checks of a section ended with a verdict.
    #[must_use]
    pub fn count_in(&self, section: Section, verdict: Verdict) -> usize {
        self.section(section).filter(|r| r.verdict == verdict).count()
    }

    /// Computes [`Report::summary`] anew.
    pub fn summarize(&mut self) {
        let verdicts: BTreeMap<&str, Verdict> =
            self.results.iter().map(|r| (r.id.as_str(), r.verdict)).collect();
        let stand =
            |ids: &Vec<String>| Aggregate::of(ids.iter().map(|id| verdicts.get(id.as_str()).copied()));
        self.summary = self
            .plan
            .versions
            .iter()
            .map(|version| VersionSummary {
                version: version.version.clone(),
                validity: version.validity.clone(),
                targets: version.targets.iter().map(|(name, ids)| (name.clone(), stand(ids))).collect(),
            })
            .collect();
    }
}
