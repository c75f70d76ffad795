//! Verdicts, findings and judgements: the result language of every check.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a testcase came to. The three are never merged; a testcase without a verdict is *missing*, which is the
/// absence of a [`Judgement`] (see [`crate::scope::aggregate`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// All propositions hold.
    Pass,
    /// A violation was shown.
    Fail,
    /// It could not be decided.
    Abort,
}

impl Verdict {
    /// The number that stands for the verdict in upstream report files: 1, -1 or 0.
    pub const fn number(self) -> i8 {
        match self {
            Self::Pass => 1,
            Self::Fail => -1,
            Self::Abort => 0,
        }
    }

    /// The verdict for a number of an upstream report file; `None` for any other number.
    pub const fn from_number(number: i8) -> Option<Self> {
        match number {
            1 => Some(Self::Pass),
            -1 => Some(Self::Fail),
            0 => Some(Self::Abort),
            _ => None,
        }
    }

    /// The word that check scripts print: `PASS`, `FAIL` or `ABORT`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Abort => "ABORT",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never changes a verdict.
    Info,
    /// Tolerated today, better changed.
    Warning,
    /// Makes the testcase fail.
    Violation,
    /// Keeps the testcase from being decided.
    Undecidable,
}

/// One observation about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Which object: its kind and name, such as `flavor "SCS-2V-4"`.
    pub object: String,
    /// What the standard wants.
    pub expected: String,
    /// What was found instead.
    pub found: String,
    /// What an operator can do about it; empty when nothing needs doing.
    pub fix: String,
}

impl Finding {
    /// A finding of the given weight without a fix.
    pub fn new(
        severity: Severity,
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            object: object.into(),
            expected: expected.into(),
            found: found.into(),
            fix: String::new(),
        }
    }

    /// A finding that makes the testcase fail.
    pub fn violation(
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Violation, object, expected, found)
    }

    /// A finding that is tolerated.
    pub fn warning(object: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Severity::Warning, object, expected, found)
    }

    /// A finding that is only worth knowing.
    pub fn info(object: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Severity::Info, object, expected, found)
    }

    /// A finding that keeps the testcase from being decided.
    pub fn undecidable(
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Undecidable, object, expected, found)
    }

    /// The same finding with advice.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// The verdict on one testcase, with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Testcase id, such as `scs-0103-flavor-1v-4`.
    pub testcase: Cow<'static, str>,
    /// The verdict of the upstream test.
    pub verdict: Verdict,
    /// The verdict that the document asks for, where it differs from the upstream test's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_document: Option<Verdict>,
    /// What was observed, violations and lesser things alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// How many findings a judgement keeps. A cloud with ten thousand wrong images is told of the worst and of the number:
/// all of them would fill memory and reports, and nobody reads them.
pub const MOST_FINDINGS: usize = 500;

/// The weightiest findings, each weight in its order, and how many there were beyond.
fn shortened(mut findings: Vec<Finding>) -> Vec<Finding> {
    let beyond = findings.len().saturating_sub(MOST_FINDINGS);
    if beyond > 0 {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings.truncate(MOST_FINDINGS);
        findings.push(Finding::info("further objects", "the same", format!("{beyond} more findings")));
        findings.shrink_to_fit();
    }
    findings
}

impl Judgement {
    /// The verdict that follows from the findings: ABORT if one is [`Severity::Undecidable`] (upstream's tests stop
    /// there), else FAIL if one is a [`Severity::Violation`], else PASS.
    pub fn from_findings(testcase: impl Into<Cow<'static, str>>, findings: Vec<Finding>) -> Self {
        let worst = findings.iter().map(|finding| finding.severity).max();
        let verdict = match worst {
            Some(Severity::Undecidable) => Verdict::Abort,
            Some(Severity::Violation) => Verdict::Fail,
            Some(Severity::Warning | Severity::Info) | None => Verdict::Pass,
        };
        Self { testcase: testcase.into(), verdict, by_document: None, findings: shortened(findings) }
    }

    /// An ABORT for a reason outside of the judged data, such as a listing that failed.
    pub fn abort(
        testcase: impl Into<Cow<'static, str>>,
        what: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        Self::from_findings(testcase, vec![Finding::undecidable(what, "an answer to judge by", why)])
    }

    /// Notes the document's verdict if it differs from the upstream test's.
    #[must_use]
    pub fn document_says(mut self, verdict: Verdict) -> Self {
        self.by_document = (verdict != self.verdict).then_some(verdict);
        self
    }

    /// The findings of the given weight.
    pub fn with_severity(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_report_files_go_both_ways() {
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Abort] {
            assert_eq!(Verdict::from_number(verdict.number()), Some(verdict));
        }
        assert_eq!(Verdict::from_number(2), None);
    }

    #[test]
    fn an_undecidable_finding_outweighs_a_violation() {
        let findings = vec![Finding::violation("a", "b", "c"), Finding::undecidable("a", "b", "c")];
        assert_eq!(Judgement::from_findings("t", findings).verdict, Verdict::Abort);
    }

    #[test]
    fn warnings_and_notes_do_not_fail_a_testcase() {
        let findings = vec![Finding::info("a", "b", "c"), Finding::warning("a", "b", "c")];
        assert_eq!(Judgement::from_findings("t", findings).verdict, Verdict::Pass);
        assert_eq!(Judgement::from_findings("t", vec![]).verdict, Verdict::Pass);
    }

    #[test]
    fn of_very_many_findings_the_weightiest_stay_and_the_others_are_counted() {
        let mut findings = vec![Finding::info("a", "b", "c"); 10_000];
        findings[9_000] = Finding::violation("bad", "b", "c");
        let judgement = Judgement::from_findings("t", findings);
        assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Fail, MOST_FINDINGS + 1));
        assert_eq!(judgement.findings[0].object, "bad");
        assert_eq!(judgement.findings[MOST_FINDINGS].found, "9500 more findings");
    }

    #[test]
    fn the_documents_verdict_is_kept_only_where_it_differs() {
        let judgement = Judgement::abort("t", "flavor list", "timeout");
        assert_eq!(judgement.clone().document_says(Verdict::Pass).by_document, Some(Verdict::Pass));
        assert_eq!(judgement.document_says(Verdict::Abort).by_document, None);
    }

    #[test]
    fn serialises_verdicts_as_the_words_scripts_print() {
        let text = serde_json::to_string(&Judgement::from_findings("t", vec![])).unwrap();
        assert_eq!(text, r#"{"testcase":"t","verdict":"PASS"}"#);
    }
}
