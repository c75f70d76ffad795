//! What a run looks at beyond the scope: advice that credentials were given for, and the answers of people.

use std::collections::HashMap;

use kogge_conform::{Check, Plan};

use crate::advisory::{AdvisoryOptions, advisory_with};
use crate::manual::{Answers, manual_checks};
use crate::select::Expression;

/// What there is beyond the scope.
#[derive(Default)]
pub struct Beyond {
    /// Credentials for advisory checks.
    pub options: AdvisoryOptions,
    /// Whether they were given for this run, so that they bring their checks along; else they only serve checks that were
    /// asked for.
    pub given_now: bool,
    /// Answers to questions that no program can answer; none at all adds only questions that are named.
    pub answers: Answers,
}

/// Gives the checks of a run what they need of `beyond`, and adds what was asked for: advisory checks whose credentials
/// are given, the questions if one was answered, and whatever the expression of the plan names.
///
/// As for advice, the expression chooses among the added ones only where it matches one of them.
#[must_use]
pub fn beyond(checks: Vec<Box<dyn Check>>, plan: &Plan, beyond: &Beyond) -> Vec<Box<dyn Check>> {
    let offered: Vec<Box<dyn Check>> =
        advisory_with(&beyond.options).into_iter().chain(manual_checks(&beyond.answers, plan)).collect();
    let order: Vec<String> = offered.iter().map(|check| check.description().id.clone()).collect();
    let mut known: HashMap<String, Box<dyn Check>> = order.iter().cloned().zip(offered).collect();
    let mut all: Vec<Box<dyn Check>> =
        checks.into_iter().map(|check| known.remove(&check.description().id).unwrap_or(check)).collect();
    let given = |id: &str| {
        if id.starts_with("advisory-") {
            beyond.given_now && beyond.options.serve(id)
        } else {
            !beyond.answers.is_empty()
        }
    };
    // one that cannot be read was refused when the tests were selected
    let expression = plan.forced_tests.as_deref().and_then(|text| Expression::read(text).ok());
    let wanted = |id: &str| match &expression {
        Some(expression) => expression.names(id) || (given(id) && expression.leaves(id)),
        None => given(id),
    };
    all.extend(order.iter().filter(|id| wanted(id)).filter_map(|id| known.remove(id)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::{ObjectStore, advisory};
    use crate::manual::{Answer, Reply};

    fn ids(checks: &[Box<dyn Check>], begin: &str) -> usize {
        checks.iter().filter(|check| check.description().id.starts_with(begin)).count()
    }

    fn given() -> Beyond {
        let options =
            AdvisoryOptions { object_store: Some(ObjectStore::default()), ..AdvisoryOptions::default() };
        Beyond { options, given_now: true, ..Beyond::default() }
    }

    #[test]
    fn only_what_was_given_is_added_and_nothing_twice() {
        let plan = Plan::default();
        assert!(beyond(Vec::new(), &plan, &Beyond::default()).is_empty());
        let added = beyond(Vec::new(), &plan, &given());
        assert_eq!((added.len(), ids(&added, "advisory-0123-s3-")), (3, 3));
        assert_eq!(beyond(advisory(), &plan, &given()).len(), advisory().len());
        let kept = Beyond { given_now: false, ..given() };
        assert!(beyond(Vec::new(), &plan, &kept).is_empty(), "what a profile keeps brings nothing along");
        let plan = Plan { forced_tests: Some("advisory-0123-s3-obj".into()), ..plan };
        assert_eq!(beyond(Vec::new(), &plan, &given()).len(), 1);
        let plan = Plan { forced_tests: Some("scs-0100".into()), ..plan };
        assert_eq!(beyond(Vec::new(), &plan, &given()).len(), 3);
    }

    #[test]
    fn what_the_expression_names_comes_without_any_other_option() {
        let added = |text: &str| -> Vec<String> {
            let plan = Plan { forced_tests: Some(text.into()), ..Plan::default() };
            beyond(Vec::new(), &plan, &Beyond::default()).iter().map(|c| c.description().id.clone()).collect()
        };
        assert_eq!(added("advisory-0126-rbac"), ["advisory-0126-rbac"]);
        assert_eq!(added("availability-zones"), ["availability-zones-check"]);
        assert_eq!(
            added("scs-0103|advisory-0126-rbac|avail"),
            ["advisory-0126-rbac", "availability-zones-check"]
        );
        assert_eq!(added("advisory").len(), advisory().len());
        for text in ["", ".*", ".", "scs-0103", "entropy", "syntax"] {
            assert_eq!(added(text), Vec::<String>::new(), "{text:?} names nothing beyond the scope");
        }
    }

    #[test]
    fn questions_come_once_one_is_answered_and_count_only_where_they_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let mut answers = Answers::open(dir.path(), "c", &"http://k".parse().unwrap()).unwrap();
        let with = |answers: &Answers| Beyond { answers: answers.clone(), ..Beyond::default() };
        let mut plan = Plan::default();
        assert!(beyond(Vec::new(), &plan, &with(&answers)).is_empty());
        let note = Some("see the plan".to_owned());
        let at = "2026-11-24T08:00:00Z".to_owned();
        let answer = Answer { reply: Reply::Yes, evidence: None, note, by: "Ada".into(), at };
        answers.record("availability-zones-check", answer).unwrap();
        let official = |plan: &Plan| {
            let all = beyond(Vec::new(), plan, &with(&answers));
            assert_eq!(all.len(), crate::manual::questions().len());
            all.iter().filter(|c| c.description().section == kogge_conform::Section::Official).count()
        };
        assert_eq!(official(&plan), 0);
        let targets = [("main".to_owned(), vec!["availability-zones-check".to_owned()])].into();
        plan.versions.push(kogge_conform::PlannedVersion { targets, ..Default::default() });
        assert_eq!(official(&plan), 1);
    }
}
