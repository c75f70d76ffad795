//! Which testcases a run attempts.

use std::collections::BTreeSet;

use regex::Regex;

use super::{Covered, Scope, Testcase};

/// Narrows a run down. The default lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    sections: Option<BTreeSet<String>>,
    tests: Option<Regex>,
}

impl Filter {
    /// Only testcases of these sections. Testcases without a section are left out then.
    #[must_use]
    pub fn sections<S: Into<String>>(mut self, sections: impl IntoIterator<Item = S>) -> Self {
        self.sections = Some(sections.into_iter().map(Into::into).collect());
        self
    }

    /// Only testcases whose id *begins* like this regular expression.
    ///
    /// # Errors
    /// When the text is no regular expression.
    pub fn tests(mut self, pattern: &str) -> Result<Self, regex::Error> {
        self.tests = Some(Regex::new(&format!("^(?:{pattern})"))?);
        Ok(self)
    }

    fn admits(&self, testcase: &Testcase) -> bool {
        let section = testcase.section.as_ref();
        self.sections
            .as_ref()
            .is_none_or(|sections| section.is_some_and(|section| sections.contains(section)))
            && self.tests.as_ref().is_none_or(|pattern| pattern.is_match(&testcase.id))
    }
}

impl Scope {
    /// The testcases that a run over these versions attempts, in the order of the file: those of any of their
    /// targets that a program yields (manual ones are left out) and the filter admits.
    pub fn selection(&self, versions: &[Covered<'_>], filter: &Filter) -> Vec<&Testcase> {
        let wanted: BTreeSet<&str> =
            versions.iter().flat_map(|covered| covered.version.testcases()).collect();
        let automated = self.testcases().filter(|(_, script)| script.executable.is_some());
        let testcases = automated.map(|(testcase, _)| testcase);
        testcases
            .filter(|testcase| wanted.contains(testcase.id.as_str()) && filter.admits(testcase))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::scs_compatible_iaas;
    use super::*;

    fn select(version: Option<&str>, filter: &Filter) -> Vec<&'static str> {
        let scope = scs_compatible_iaas();
        let versions = scope.covered(date(2026, 11, 24), version).unwrap();
        scope.selection(&versions, filter).into_iter().map(|testcase| testcase.id.as_str()).collect()
    }

    #[test]
    fn a_run_attempts_the_union_of_the_versions_it_covers() {
        assert_eq!(select(Some("v5.1"), &Filter::default()).len(), 54);
        assert_eq!(select(None, &Filter::default()).len(), 57);
        assert_eq!(select(Some("v3"), &Filter::default()).len(), 16);
    }

    #[test]
    fn the_pattern_is_anchored_at_the_beginning_only() {
        let filter = |pattern| Filter::default().tests(pattern).unwrap();
        assert_eq!(select(Some("v5.1"), &filter("scs-0100")).len(), 2);
        assert_eq!(select(Some("v5.1"), &filter("syntax")).len(), 0);
        assert_eq!(select(Some("v5.1"), &filter("scs-0100|scs-0115")).len(), 3);
        assert_eq!(
            select(Some("v5.1"), &filter("scs-0103-flavor-1v-8-20")).len(),
            0,
            "recommended ones are dormant"
        );
        assert!(Filter::default().tests("(").is_err());
    }

    #[test]
    fn a_section_selects_nothing_where_testcases_have_none() {
        assert_eq!(select(Some("v5.1"), &Filter::default().sections(["light"])).len(), 0);
        let mut scope = scs_compatible_iaas().clone();
        scope.scripts[0].testcases[0].section = Some("light".to_owned());
        let versions = scope.covered(date(2026, 11, 24), None).unwrap();
        assert_eq!(scope.selection(&versions, &Filter::default().sections(["light", "heavy"])).len(), 1);
    }

    #[test]
    fn manual_testcases_are_never_attempted() {
        let mut scope = scs_compatible_iaas().clone();
        scope.scripts[0].executable = None;
        let versions = scope.covered(date(2026, 11, 24), None).unwrap();
        assert!(scope.selection(&versions, &Filter::default()).is_empty());
    }
}
