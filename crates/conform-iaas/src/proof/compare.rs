//! Comparing what a broken cloud came to with what it had to come to.

use kogge_conform::{CheckResult, Report, Severity, Verdict};

use super::{Expected, Mutation};

/// What is not as the mutation says, one line per testcase; nothing if all is well. `sound` is the report of the same
/// testcases on the cloud before.
#[must_use]
pub fn differences(mutation: &Mutation, sound: &Report, broken: &Report) -> Vec<String> {
    let before = |id: &str| sound.result(id).map(|result| result.verdict);
    let wrong = |result: &&CheckResult| match mutation.expected(&result.id) {
        None | Some(Expected::Tolerated) => before(&result.id) != Some(result.verdict),
        Some(expected) => !is_met(expected, result),
    };
    let line = |result: &CheckResult| {
        let wanted = match mutation.expected(&result.id) {
            Some(expected) => format!("{expected:?}"),
            None => format!("{:?} as before", before(&result.id)),
        };
        let (id, verdict, reason) =
            (&result.id, result.verdict.word(), result.reason.as_deref().unwrap_or(""));
        format!("{}: {id}: wanted {wanted}, got {verdict} {reason} {:?}", mutation.name, result.findings)
    };
    broken.results.iter().filter(wrong).map(line).collect()
}

fn is_met(expected: &Expected, result: &CheckResult) -> bool {
    let names = |object: &str, severities: &[Severity]| {
        result.findings.iter().any(|f| severities.contains(&f.severity) && f.object.name.starts_with(object))
    };
    match expected {
        Expected::Fail(object) => result.verdict == Verdict::Fail && names(object, &[Severity::Violation]),
        Expected::Open(reason) => {
            let said = result.reason.as_deref().unwrap_or_default();
            result.verdict == Verdict::CouldNotRun && said.contains(reason.as_str())
        }
        Expected::NotApplicable => result.verdict == Verdict::NotApplicable,
        Expected::Noted(object) => {
            result.verdict == Verdict::Pass && names(object, &[Severity::Info, Severity::Warning])
        }
        Expected::Tolerated => false,
    }
}
