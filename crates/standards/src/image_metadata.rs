//! Image metadata of SCS-0102: the rules for properties, recency and uniqueness, and the testcase of each.
//!
//! Versions 1 and 2 of the standard are tested by the same code; which testcases count is up to the scope
//! (version 2 adds `os_purpose` and its uniqueness to the mandatory ones).
//!
//! Only public and community images are judged. Dates are read as upstream's interpreter reads them: digits may
//! be single (`2026-1-5`), blanks may be several, and 1970-01-01 00:00 counts as no date.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::{Finding, Judgement, Severity, Verdict};

mod date;
mod recency;
mod rule;
mod unique;

pub(crate) use date::is_blank;
pub use recency::RECENCY;
pub use unique::UNIQUENESS;

/// An image as a user of the cloud sees it. Null and absent are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenImage {
    /// Id in the cloud.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// `public`, `community`, `shared` or `private`.
    pub visibility: String,
    /// Whether the image is hidden (`os_hidden`).
    pub hidden: bool,
    /// Size of the stored file in bytes.
    pub size: Option<u64>,
    /// Least disk in GiB.
    pub min_disk: Option<u64>,
    /// Least RAM in MiB.
    pub min_ram: Option<u64>,
    /// Registration time as the API writes it.
    pub created_at: Option<String>,
    /// All other properties by their API names, such as `architecture`, `os_hash_algo` or `image_source`.
    pub properties: BTreeMap<String, String>,
}

impl SeenImage {
    /// A property's value; `None` where it is absent. Empty text is a value.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.get(key).map(String::as_str)
    }

    /// How findings name this image.
    pub(crate) fn object(&self) -> String {
        match &self.name {
            Some(name) => format!("image {name:?}"),
            None => format!("image {} (without a name)", self.id),
        }
    }

    /// The image for a command line.
    fn argument(&self) -> &str {
        if self.id.is_empty() { self.name.as_deref().unwrap_or_default() } else { &self.id }
    }

    /// Whether the standards concern this image.
    pub(crate) fn is_offered(&self) -> bool {
        matches!(self.visibility.as_str(), "public" | "community")
    }
}

/// Judges all testcases of SCS-0102 at the time `now`, the property tests first.
pub fn judge_0102(images: &[SeenImage], now: Timestamp) -> Vec<Judgement> {
    let images: Vec<&SeenImage> = images.iter().filter(|image| image.is_offered()).collect();
    let now = seconds(now);
    let properties = rule::RULES.iter().map(|rule| rule.judge(&images, now));
    properties.chain([recency::judge(&images, now), unique::judge(&images)]).collect()
}

/// What one image does wrong by itself, at the time `now`: test case and property, in the order of the scope file.
/// Warnings are left out.
pub fn offences(
    image: &SeenImage,
    now: Timestamp,
) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
    let now = seconds(now);
    rule::RULES.iter().filter(move |rule| rule.is_broken_by(image, now)).map(rule::Rule::names)
}

/// Whether the last word of an image's name is a date that marks it as replaced: `2026-11-24` or `20261124`.
pub fn is_date_stamp(word: &str) -> bool {
    date::is_stamp(word)
}

/// Every property rule: test case and property, in the order of the scope file.
pub fn property_rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    rule::RULES.iter().map(rule::Rule::names)
}

/// Seconds since the epoch as a floating-point number: what upstream compares dates with.
#[expect(clippy::cast_precision_loss, reason = "upstream calculates in floating point as well")]
fn seconds(time: Timestamp) -> f64 {
    time.as_nanosecond() as f64 / 1e9
}

/// Builds the judgement of a test that writes all offenders' names into one line: an offender without a name makes
/// upstream's test break off, although the document's verdict is plain.
fn judge_naming_offenders(
    testcase: &'static str,
    mut findings: Vec<Finding>,
    nameless_offender: bool,
) -> Judgement {
    let violated = findings.iter().any(|finding| finding.severity == Severity::Violation);
    if nameless_offender {
        let what = "an offender without a name, which upstream's test breaks off at";
        findings.push(Finding::undecidable("image without a name", "a name to report", what));
    }
    let judgement = Judgement::from_findings(testcase, findings);
    match (nameless_offender, violated) {
        (true, true) => judgement.document_says(Verdict::Fail),
        (true, false) => judgement.document_says(Verdict::Pass),
        (false, _) => judgement,
    }
}

#[cfg(test)]
mod tests;
