//! The testcases of SCS-0100 over the flavors that a user sees.

use super::{FlavorName, ParseErrorKind, Parsed, Reading, Spelling, is_scs_name};
use crate::flavors::SeenFlavor;
use crate::verdict::{Finding, Judgement, Severity, Verdict};

/// Testcase: every `SCS-` name follows the grammar.
pub const SYNTAX_CHECK: &str = "scs-0100-syntax-check";

/// Testcase: no flavor has less than its name says.
pub const SEMANTICS_CHECK: &str = "scs-0100-semantics-check";

/// Judges the names. Colon spelling passes with a warning.
pub fn judge_syntax(flavors: &[SeenFlavor]) -> Judgement {
    let mut findings = Vec::new();
    let mut wrong_by_document = false;
    for flavor in flavors.iter().filter(|flavor| is_scs_name(&flavor.name)) {
        match FlavorName::parse_tolerant(&flavor.name) {
            Ok(Parsed { spelling: Spelling::Dashes, .. }) => {}
            Ok(Parsed { name, spelling: Spelling::Colons }) => findings.push(tolerated(flavor, &name)),
            Err(error) => {
                wrong_by_document |= FlavorName::parse_tolerant_as(&flavor.name, Reading::Document).is_err();
                let severity = match error.kind {
                    ParseErrorKind::RamOverflow => Severity::Undecidable,
                    _ => Severity::Violation,
                };
                let expected = format!("at position {}: {}", error.position, error.expected);
                let found =
                    if error.found.is_empty() { "the end of the name".to_owned() } else { error.found };
                findings.push(
                    Finding::new(severity, flavor.object(), expected, found)
                        .fix("flavors cannot be renamed: create it anew under a valid name, or one that does not begin with SCS-, and delete this one"),
                );
            }
        }
    }
    let document = if wrong_by_document { Verdict::Fail } else { Verdict::Pass };
    Judgement::from_findings(SYNTAX_CHECK, findings).document_says(document)
}

fn tolerated(flavor: &SeenFlavor, name: &FlavorName) -> Finding {
    Finding::warning(flavor.object(), name.to_string(), "the spelling of version 1, merely tolerated")
        .fix(format!("offer the flavor as {name} as well"))
}

/// Judges sizes against names. Names that do not parse are the syntax test's business.
///
/// A disk part without size makes upstream's test break off, which hides violations of other flavors; the
/// document's verdict takes the size as 0.
pub fn judge_semantics(flavors: &[SeenFlavor]) -> Judgement {
    let mut findings = Vec::new();
    for flavor in flavors.iter().filter(|flavor| is_scs_name(&flavor.name)) {
        match FlavorName::parse_tolerant(&flavor.name) {
            Ok(parsed) => compare(flavor, &parsed.name, &mut findings),
            Err(error) if error.kind == ParseErrorKind::RamOverflow => {
                findings.push(Finding::undecidable(flavor.object(), error.expected, error.found));
            }
            Err(_) => {}
        }
    }
    let violated = findings.iter().any(|finding| finding.severity == Severity::Violation);
    let document = if violated { Verdict::Fail } else { Verdict::Pass };
    Judgement::from_findings(SEMANTICS_CHECK, findings).document_says(document)
}

fn compare(flavor: &SeenFlavor, name: &FlavorName, findings: &mut Vec<Finding>) {
    let object = flavor.object();
    findings.extend(at_least(&object, "vCPUs", flavor.vcpus, name.cpu.count));
    findings.extend(ram_at_least(&object, flavor.ram_mib, name.ram.half_gib));
    if name.ram.half_gib >= 20 && name.ram.half_gib % 2 == 1 {
        findings.push(Finding::info(object.as_str(), "whole GiB of RAM from 10 GiB on", "half a GiB"));
    }
    let size = name.disk.map_or(Some(0), |disk| disk.size_gb);
    if size.is_none() {
        findings.push(
            Finding::undecidable(
                object.as_str(),
                "a disk size to compare with",
                "a disk part without size, which the document allows and the upstream test breaks off at",
            )
            .fix("name the size"),
        );
    }
    findings.extend(at_least(&object, "GB of disk", flavor.disk_gb, size.unwrap_or(0)));
}

fn at_least(object: &str, what: &str, found: u64, promised: u64) -> Option<Finding> {
    sized(object, found.cmp(&promised), format!("{promised} {what}"), format!("{found} {what}"))
}

/// Upstream rounds the flavor's RAM to tenths of a GiB, with a tolerance of 51 MiB; calculated in floating point
/// the same way, so that every boundary falls alike.
fn ram_at_least(object: &str, found_mib: u64, promised_half_gib: u64) -> Option<Finding> {
    #[expect(clippy::cast_precision_loss, reason = "upstream calculates in floating point as well")]
    let (tenths, promised) = ((found_mib as f64 + 51.0) / 102.4, promised_half_gib as f64 / 2.0);
    let order = (tenths.floor() / 10.0).total_cmp(&promised);
    sized(object, order, format!("{promised} GiB of RAM"), format!("{found_mib} MiB of RAM"))
}

fn sized(object: &str, order: std::cmp::Ordering, expected: String, found: String) -> Option<Finding> {
    match order {
        std::cmp::Ordering::Less => Some(
            Finding::violation(object, format!("at least {expected}"), &found)
                .fix(format!(
                    "sizes cannot be changed: delete the flavor and create it anew, with {expected} or under a name that \
                     promises no more than {found}"
                )),
        ),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Finding::info(object, expected, found)),
    }
}

#[cfg(test)]
mod tests;
