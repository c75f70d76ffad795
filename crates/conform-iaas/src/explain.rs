//! What a testcase is about, in words: the rule, how it is judged, where suite and document differ, what helps.

mod texts;

use kogge_conform::Description;
use serde::Serialize;

use crate::catalogue::catalogue;

/// Everything there is to say about a testcase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The testcase itself.
    pub description: Description,
    /// What the standard's document asks for.
    pub rule: &'static str,
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
    let description = catalogue().iter().map(|check| check.description().clone()).find(|d| d.id == id)?;
    let text = texts::TEXTS.iter().find(|text| id.starts_with(text.prefix))?;
    Some(Explanation {
        description,
        rule: text.rule,
        reading: text.reading,
        differences: text.differences,
        fixes: text.fixes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_testcase_is_explained() {
        for check in catalogue() {
            let id = &check.description().id;
            let explained = explain(id).unwrap_or_else(|| panic!("{id} is not explained"));
            assert!(
                !explained.rule.is_empty() && !explained.reading.is_empty() && !explained.fixes.is_empty(),
                "{id}"
            );
        }
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
