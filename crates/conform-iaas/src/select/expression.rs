//! What an expression of `--tests` chooses.

use regex::Regex;

use super::SelectionError;
use crate::advisory::advisory;
use crate::manual::questions;

/// An expression that must match somewhere in the id of a testcase.
///
/// What is beyond the scope it has to name: to match from the beginning of its id. Whoever asks for `entropy` means the
/// official testcases, and no machine more for the sake of advice.
pub(crate) struct Expression {
    regex: Regex,
    /// Whether it matches an advisory check or a question.
    some_beyond: bool,
    /// Whether it matches each of them.
    all_beyond: bool,
}

impl Expression {
    /// Reads it.
    ///
    /// # Errors
    /// [`SelectionError::Expression`] if it is none.
    pub(crate) fn read(text: &str) -> Result<Self, SelectionError> {
        let regex = Regex::new(text)
            .map_err(|e| SelectionError::Expression { text: text.to_owned(), because: e.to_string() })?;
        let advice = advisory().into_iter().map(|check| begins(&regex, &check.description().id));
        let matched: Vec<bool> = advice.chain(questions().iter().map(|one| begins(&regex, one.id))).collect();
        Ok(Self { some_beyond: matched.contains(&true), all_beyond: !matched.contains(&false), regex })
    }

    /// Whether it matches this id.
    pub(crate) fn is_match(&self, id: &str) -> bool {
        self.regex.is_match(id)
    }

    /// Whether something beyond the scope stays, an advisory check or a question: an expression that matches none of
    /// them was not written about them, and chooses nothing among them.
    pub(crate) fn leaves(&self, id: &str) -> bool {
        !self.some_beyond || begins(&self.regex, id)
    }

    /// Whether it names something beyond the scope, so that it is wanted without any other option. Whoever writes `.*`
    /// means the test cases of the scope, and none of what such an expression matches besides.
    pub(crate) fn names(&self, id: &str) -> bool {
        self.names_some() && begins(&self.regex, id)
    }

    /// Whether there is anything beyond the scope that it names.
    pub(crate) fn names_some(&self) -> bool {
        self.some_beyond && !self.all_beyond
    }
}

/// Whether it matches an id from its beginning.
fn begins(regex: &Regex, id: &str) -> bool {
    regex.find(id).is_some_and(|found| found.start() == 0)
}
