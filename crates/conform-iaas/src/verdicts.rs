//! Judgements that several testcases share.

use std::collections::HashMap;

use kogge_conform::{Description, Outcome};
use kogge_standards::Judgement;

/// Judgements of a whole group of testcases, made once, and the ids of the objects that they name.
pub(crate) struct Verdicts {
    judgements: HashMap<String, Judgement>,
    ids: HashMap<String, String>,
}

impl Verdicts {
    /// `ids` are pairs of an object as findings name it, and its id.
    pub(crate) fn new(
        judgements: impl IntoIterator<Item = Judgement>,
        ids: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let by_testcase = judgements.into_iter().map(|j| (j.testcase.to_string(), j));
        Self { judgements: by_testcase.collect(), ids: ids.into_iter().collect() }
    }

    pub(crate) fn outcome(&self, description: &Description) -> Outcome {
        match self.judgements.get(&description.id) {
            Some(judgement) => {
                Outcome::judged(judgement.clone(), &description.url, |object| self.ids.get(object).cloned())
            }
            None => Outcome::could_not_run("this program has no such test; a newer one may"),
        }
    }
}
