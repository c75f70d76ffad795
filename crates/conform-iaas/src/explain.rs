//! What a testcase is about, in words: the rule, how it is judged, where suite and document differ, what helps.

mod advice;
mod search;
mod texts;

use std::borrow::Cow;

use kogge_conform::Description;
use kogge_standards::scope::scs_compatible_iaas;
use serde::Serialize;

use crate::advisory::advisory;
use crate::catalogue::catalogue;
use texts::Text;

pub use search::{NoSuchTestcase, explain_all};

/// How a testcase comes to its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// This program runs it, and it decides.
    Automated,
    /// This program runs it, and it only informs.
    Advisory,
    /// People answer it.
    Manual,
}

/// Everything there is to say about a testcase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The testcase itself.
    #[serde(flatten)]
    pub description: Description,
    /// How it comes to its verdict.
    pub means: Means,
    /// The versions of the scope that list it, with the target: `v5.1 (main)`. Newest first, as in the scope file.
    pub versions: Vec<String>,
    /// What the standard's document asks for.
    pub rule: Cow<'static, str>,
    /// How the verdict comes about, here as in the upstream suite.
    pub reading: &'static str,
    /// Where the suite and the document, or this program and the suite, differ.
    pub differences: &'static [&'static str],
    /// What usually helps.
    pub fixes: &'static [&'static str],
}

/// Explains a testcase; `None` if this program has none of that id.
#[must_use]
pub fn explain(id: &str) -> Option<Explanation> {
    explanations().into_iter().find(|known| known.description.id == id)
}

/// Everything that can be explained: the suite's testcases in the order of the scope, the advisory ones, the manual ones.
#[must_use]
pub fn explanations() -> Vec<Explanation> {
    let suite = catalogue().into_iter().map(|check| (check.description().clone(), Means::Automated));
    let advice = advisory().into_iter().map(|check| (check.description().clone(), Means::Advisory));
    let all = suite.chain(advice).chain(manual().map(|description| (description, Means::Manual)));
    all.map(|(description, means)| explained(description, means)).collect()
}

/// The testcases of the scope's script without a program.
fn manual() -> impl Iterator<Item = Description> {
    let all = scs_compatible_iaas().testcases().filter(|(_, script)| script.executable.is_none());
    all.map(|(testcase, _)| Description::reading(&*testcase.id, &*testcase.description, &*testcase.url))
}

fn explained(description: Description, means: Means) -> Explanation {
    let mut texts = texts::TEXTS.iter().chain(advice::TEXTS);
    let text: &Text = texts.find(|text| description.id.starts_with(text.prefix)).unwrap_or(&advice::ADVISORY);
    let rule =
        if text.rule.is_empty() { Cow::Owned(description.title.clone()) } else { Cow::Borrowed(text.rule) };
    Explanation {
        versions: versions(&description.id),
        means,
        rule,
        reading: text.reading,
        differences: text.differences,
        fixes: text.fixes,
        description,
    }
}

fn versions(id: &str) -> Vec<String> {
    let listed = scs_compatible_iaas().versions.iter();
    listed.filter_map(|v| Some(format!("{} ({})", v.version, v.target_of(id)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_testcase_is_explained() {
        for known in explanations() {
            let id = &known.description.id;
            assert!(!known.rule.is_empty() && !known.reading.is_empty() && !known.fixes.is_empty(), "{id}");
            let own = known.reading != advice::ADVISORY.reading;
            assert!(own || known.means == Means::Advisory, "{id} is not explained");
        }
    }

    #[test]
    fn manual_and_advisory_ones_are_among_them() {
        assert_eq!(explain("availability-zones-check").map(|e| e.means), Some(Means::Manual));
        assert_eq!(explain("advisory-0126-ipv6-pool").map(|e| e.means), Some(Means::Advisory));
        assert_eq!(explain("scs-0117-test-backup").map(|e| e.means), Some(Means::Automated));
    }

    #[test]
    fn what_cannot_be_done_is_not_proposed() {
        for known in explanations() {
            for fix in known.fixes {
                let id = &known.description.id;
                assert!(!fix.starts_with("rename the flavor"), "{id}: flavors cannot be renamed: {fix}");
            }
        }
    }

    #[test]
    fn the_versions_that_list_it_are_named() {
        let versions = explain("scs-0117-test-backup").unwrap().versions;
        assert_eq!(versions, ["next (main)", "v5.1 (main)"]);
        assert!(explain("availability-zones-check").unwrap().versions.is_empty());
    }

    #[test]
    fn no_text_is_hidden_by_one_before_it() {
        for (number, text) in texts::TEXTS.iter().enumerate() {
            let hidden = texts::TEXTS[..number].iter().any(|earlier| text.prefix.starts_with(earlier.prefix));
            assert!(!hidden, "{} is never reached", text.prefix);
        }
    }

    #[test]
    fn nobody_explains_what_does_not_exist() {
        assert_eq!(explain("scs-0999-x"), None);
    }
}
