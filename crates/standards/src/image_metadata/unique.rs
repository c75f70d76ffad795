//! `scs-0102-os_purpose-uniqueness`: one generic public image per architecture, distribution and version.

use std::collections::BTreeMap;

use super::{SeenImage, judge_naming_offenders};
use crate::verdict::{Finding, Judgement};

/// Testcase: at most one public, visible, generic image per architecture, distribution and version.
pub const UNIQUENESS: &str = "scs-0102-os_purpose-uniqueness";

/// How many images of one group are named.
const SHOWN: usize = 10;

/// Judges the images.
pub(super) fn judge(images: &[&SeenImage]) -> Judgement {
    let mut groups: BTreeMap<[&str; 3], Vec<&SeenImage>> = BTreeMap::new();
    for image in images.iter().filter(|image| image.visibility == "public" && !image.hidden) {
        let [architecture, distro, version, purpose] =
            ["architecture", "os_distro", "os_version", "os_purpose"]
                .map(|key| image.property(key).unwrap_or_default());
        if purpose == "generic" && !distro.is_empty() && !version.is_empty() {
            groups.entry([architecture, distro, version]).or_default().push(image);
        }
    }
    let mut nameless = false;
    let mut findings = Vec::new();
    for ([architecture, distro, version], group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
        nameless |= group.iter().any(|image| image.name.is_none());
        let mut found: Vec<_> = group.iter().take(SHOWN).map(|image| image.object()).collect();
        if group.len() > SHOWN {
            found.push("…".to_owned());
        }
        let expected = format!("one generic image of {distro} {version} for {architecture:?}");
        findings.push(
            Finding::violation(found.join(", "), expected, format!("{} of them", group.len()))
                .fix("hide the older ones, or set their os_purpose to oldgeneric"),
        );
    }
    judge_naming_offenders(UNIQUENESS, findings, nameless)
}
