//! The proof of the referee as data: ways to break a cloud that does everything right, and what each must come to.
//!
//! A [`Mutation`] changes a cloud in one place. Tests carry each one out, on a double that serves everything and, where
//! the APIs allow it, on Kogge's own cloud, and compare *all* verdicts: those that it names must be as it says, all
//! others as before. `docs/CHECKS.md` is printed from the same table, so a check cannot claim a proof that it has not.

mod calls;
mod change;
mod compare;
mod flavors;
mod image_age;
mod images;
mod machine;
mod rules;
mod services;
mod sound;
mod storage;

pub use calls::{Request, requests};
pub use change::{Change, NewFlavor, NewTemplate};
pub use compare::differences;
pub use sound::{NOW, image, sound_flavors, sound_images, sound_templates};

use serde_json::Value;

/// What a testcase must come to on the broken cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It fails, and a violation names an object that begins so.
    Fail(String),
    /// It cannot be decided, and the reason contains this.
    Open(String),
    /// There is nothing to check any more.
    NotApplicable,
    /// It passes, and a lesser finding names an object that begins so.
    Noted(String),
    /// It comes out as before, although one might think otherwise.
    Tolerated,
}

/// One way to break a cloud, or to try in vain.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// Its name, unique in the table.
    pub name: String,
    /// What is changed, in words.
    pub what: String,
    /// What is changed.
    pub changes: Vec<Change>,
    /// What that comes to, by testcase id. An id may end in `*` and then stands for all that begin so. All other
    /// testcases must come out as on the sound cloud.
    pub expected: Vec<(String, Expected)>,
}

impl Mutation {
    fn new(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name: name.into(), what: what.into(), changes: Vec::new(), expected: Vec::new() }
    }

    fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    fn expect(mut self, testcase: impl Into<String>, expected: Expected) -> Self {
        self.expected.push((testcase.into(), expected));
        self
    }

    fn fails(self, testcase: impl Into<String>, object: impl Into<String>) -> Self {
        self.expect(testcase, Expected::Fail(object.into()))
    }

    fn opens(self, testcase: impl Into<String>, reason: &str) -> Self {
        self.expect(testcase, Expected::Open(reason.to_owned()))
    }

    fn notes(self, testcase: impl Into<String>, object: impl Into<String>) -> Self {
        self.expect(testcase, Expected::Noted(object.into()))
    }

    fn tolerated(self, testcase: impl Into<String>) -> Self {
        self.expect(testcase, Expected::Tolerated)
    }

    /// Sets properties of an image.
    fn image(self, image: &str, set: &[(&'static str, Value)]) -> Self {
        let change = |(key, value): &(&'static str, Value)| Change::Image {
            image: image.to_owned(),
            key,
            value: value.clone(),
        };
        set.iter().map(change).fold(self, Self::change)
    }

    /// What this testcase must come to; `None` if the mutation does not concern it. The first entry that fits counts.
    #[must_use]
    pub fn expected(&self, testcase: &str) -> Option<&Expected> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(beginning) => testcase.starts_with(beginning),
            None => testcase == pattern,
        };
        self.expected.iter().find(|(pattern, _)| fits(pattern)).map(|(_, expected)| expected)
    }

    /// Whether it makes this very testcase fail.
    #[must_use]
    pub fn proves(&self, testcase: &str) -> bool {
        matches!(self.expected(testcase), Some(Expected::Fail(_)))
    }
}

/// All mutations, by standard.
#[must_use]
pub fn mutations() -> Vec<Mutation> {
    [
        flavors::names(),
        flavors::sizes(),
        flavors::standard(),
        machine::all(),
        images::properties(),
        image_age::all(),
        images::unique(),
        images::standard(),
        storage::volume_types(),
        rules::all(),
        services::key_manager(),
        storage::backup(),
        services::catalog(),
        services::user(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn every_testcase_is_made_to_fail_by_a_mutation() {
        let table = mutations();
        for check in catalogue() {
            let id = &check.description().id;
            assert!(table.iter().any(|m| m.proves(id)), "no mutation makes {id} fail: add one in proof/");
        }
    }

    #[test]
    fn every_mutation_has_a_name_of_its_own_and_concerns_existing_testcases() {
        let table = mutations();
        let ids: Vec<String> = catalogue().iter().map(|c| c.description().id.clone()).collect();
        let mut names: Vec<&str> = table.iter().map(|m| m.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None);
        for mutation in &table {
            assert!(!mutation.changes.is_empty() && !mutation.expected.is_empty(), "{}", mutation.name);
            for (pattern, _) in &mutation.expected {
                let one = Mutation::new("", "").tolerated(pattern.as_str());
                assert!(ids.iter().any(|id| one.expected(id).is_some()), "{}: {pattern}", mutation.name);
            }
        }
    }
}
