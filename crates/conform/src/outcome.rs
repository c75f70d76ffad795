//! What a check brings back.

use crate::finding::{Finding, ObjectRef};
use crate::problem::Problem;
use crate::verdict::Verdict;

/// Verdict, reason and findings of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not a plain pass or fail.
    pub reason: Option<String>,
    /// The verdict that the standard's document asks for, where upstream's differs from it.
    pub by_document: Option<Verdict>,
    /// What was observed.
    pub findings: Vec<Finding>,
    /// Where it was not found out now, but answered by somebody before.
    pub answered: Option<Answered>,
}

/// When people answered, and how long that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When, `2026-11-24T08:00:00Z`.
    pub at: String,
    /// The end, `2027-04-01T00:00:00`.
    pub good_until: String,
    /// Whether a report that dates all of its results by the run, as upstream's does, would make it last longer.
    pub outlasts: bool,
}

impl Outcome {
    fn plain(verdict: Verdict, reason: Option<String>) -> Self {
        Self { verdict, reason, by_document: None, findings: Vec::new(), answered: None }
    }

    /// All is well.
    #[must_use]
    pub fn pass() -> Self {
        Self::plain(Verdict::Pass, None)
    }

    /// Nothing to check here.
    #[must_use]
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self::plain(Verdict::NotApplicable, Some(reason.into()))
    }

    /// It could not be decided.
    #[must_use]
    pub fn could_not_run(reason: impl Into<String>) -> Self {
        Self::plain(Verdict::CouldNotRun, Some(reason.into()))
    }

    /// It was not attempted, or interrupted.
    #[must_use]
    pub fn not_finished(reason: impl Into<String>) -> Self {
        Self::plain(Verdict::NotFinished, Some(reason.into()))
    }

    /// From a judgement of `kogge-standards`. `id_of` finds the id of a named object.
    #[must_use]
    pub fn judged(
        judgement: kogge_standards::Judgement,
        url: &str,
        id_of: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let rule = judgement.testcase.to_string();
        let findings: Vec<Finding> = judgement
            .findings
            .into_iter()
            .map(|found| Finding {
                severity: found.severity.into(),
                rule: rule.clone(),
                url: url.to_owned(),
                object: ObjectRef { id: id_of(&found.object), name: found.object },
                expected: found.expected,
                found: found.found,
                fix: found.fix,
            })
            .collect();
        let verdict = Verdict::from(judgement.verdict);
        let undecidable = findings.iter().find(|f| f.severity == crate::finding::Severity::Undecidable);
        let reason = (verdict == Verdict::CouldNotRun).then(|| match undecidable {
            Some(f) => format!("{}: expected {}, found {}", f.object.name, f.expected, f.found),
            None => "it could not be decided".to_owned(),
        });
        let by_document = judgement.by_document.map(Verdict::from);
        Self { verdict, reason, by_document, findings, answered: None }
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self::could_not_run(problem.text())
    }
}
