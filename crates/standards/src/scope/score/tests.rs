//! Aggregation, expiry and the monitor's walk.

use jiff::civil::date;

use super::super::scs_compatible_iaas;
use super::*;

fn at(day: Date) -> DateTime {
    day.at(12, 0, 0, 0)
}

fn passing(version: &str) -> BTreeMap<&'static str, Verdict> {
    let version = scs_compatible_iaas().version(version).unwrap();
    version.testcases().into_iter().map(|id| (id, Verdict::Pass)).collect()
}

#[test]
fn failed_outranks_missing_outranks_undecided_outranks_passed() {
    let (pass, fail, abort) = (Some(Verdict::Pass), Some(Verdict::Fail), Some(Verdict::Abort));
    for (results, expected) in [
        (vec![pass, fail, None, abort], Overall::Fail),
        (vec![pass, None, abort], Overall::Miss),
        (vec![pass, abort], Overall::Dnf),
        (vec![pass, pass], Overall::Pass),
        (vec![], Overall::Pass),
    ] {
        assert_eq!(aggregate(results), expected);
    }
}

#[test]
fn a_target_lists_its_testcases_by_result() {
    let mut results = passing("v5.1");
    results.insert("scs-0100-syntax-check", Verdict::Fail);
    results.insert("scs-0100-semantics-check", Verdict::Abort);
    results.remove("scs-0115-default-rules");
    let scores = scs_compatible_iaas().version("v5.1").unwrap().score(&results);
    assert_eq!(scores.len(), 1);
    assert_eq!(scores[0].overall, Overall::Fail);
    assert_eq!(scores[0].failed, ["scs-0100-syntax-check"]);
    assert_eq!(scores[0].aborted, ["scs-0100-semantics-check"]);
    assert_eq!(scores[0].missing, ["scs-0115-default-rules"]);
    assert_eq!(scores[0].passed.len(), 51);
}

#[test]
fn only_the_most_recent_result_counts_in_whatever_order_reports_come() {
    let old = Scored { verdict: Verdict::Fail, checked_at: at(date(2026, 11, 20)) };
    let new = Scored { verdict: Verdict::Pass, checked_at: at(date(2026, 11, 21)) };
    for order in [[old, new], [new, old]] {
        let mut card = ScoreCard::default();
        order.into_iter().for_each(|scored| card.record("scs-0100-syntax-check", scored));
        let current = card.current(scs_compatible_iaas(), at(date(2026, 11, 24))).unwrap();
        assert_eq!(current.get("scs-0100-syntax-check"), Some(&Verdict::Pass));
    }
}

#[test]
fn expired_and_unknown_results_do_not_count() {
    let mut card = ScoreCard::default();
    let scored = Scored { verdict: Verdict::Pass, checked_at: at(date(2026, 11, 23)) };
    card.record("scs-0100-syntax-check", scored);
    card.record("scs-9999-unknown", scored);
    let scope = scs_compatible_iaas();
    assert_eq!(card.current(scope, date(2026, 12, 6).at(23, 59, 59, 0)).unwrap().len(), 1);
    assert_eq!(card.current(scope, date(2026, 12, 7).at(0, 0, 0, 0)).unwrap().len(), 0);
}

#[test]
fn a_lifetime_that_does_not_exist_is_an_error() {
    let mut scope = scs_compatible_iaas().clone();
    scope.scripts[0].testcases[0].lifetime = Some("fortnight".to_owned());
    let id = scope.scripts[0].testcases[0].id.clone();
    let mut card = ScoreCard::default();
    card.record(&id, Scored { verdict: Verdict::Pass, checked_at: at(date(2026, 11, 23)) });
    assert!(card.current(&scope, at(date(2026, 11, 23))).is_err());
}

#[test]
fn a_certificate_needs_every_deciding_testcase_and_a_version_that_counts() {
    let scope = scs_compatible_iaas();
    let version = |name| scope.version(name).unwrap();
    let on = date(2026, 11, 24);
    assert!(scope.certifies(version("v5.1"), on, &passing("v5.1")));
    assert!(!scope.certifies(version("next"), on, &passing("next")), "a draft certifies nothing");
    assert!(!scope.certifies(version("v4"), on, &passing("v4")), "v4 is over");
    assert!(
        scope.certifies(version("v4"), date(2025, 3, 1), &passing("v4")),
        "v4 still counts, with a warning"
    );
    let mut results = passing("v5.1");
    for verdict in [Some(Verdict::Abort), Some(Verdict::Fail), None] {
        match verdict {
            Some(verdict) => results.insert("scs-0115-default-rules", verdict),
            None => results.remove("scs-0115-default-rules"),
        };
        assert!(!scope.certifies(version("v5.1"), on, &results), "{verdict:?}");
    }
}

#[test]
fn the_monitor_counts_missing_results_as_passed() {
    let scope = scs_compatible_iaas();
    let summary = scope.summarise(date(2026, 11, 24), &BTreeMap::new(), false).unwrap();
    assert_eq!(
        summary,
        Summary { passed: vec!["v5.1"], overall: Overall::Miss, validity: Validity::Effective }
    );
    let with_drafts = scope.summarise(date(2026, 11, 24), &BTreeMap::new(), true).unwrap();
    assert_eq!(with_drafts.passed, ["next", "v5.1"]);
}

#[test]
fn the_monitor_falls_back_to_an_older_version_and_ends_without_one() {
    let scope = scs_compatible_iaas();
    let mut results = passing("v5.1");
    results.insert("scs-0115-default-rules", Verdict::Fail);
    let summary = scope.summarise(date(2025, 3, 1), &results, false).unwrap();
    assert_eq!((summary.passed.as_slice(), summary.validity), (["v4"].as_slice(), Validity::Warn));
    results.insert("scs-0100-syntax-check", Verdict::Fail);
    let summary = scope.summarise(date(2025, 3, 1), &results, false).unwrap();
    assert_eq!(summary, Summary { passed: vec![], overall: Overall::Fail, validity: Validity::Deprecated });
}
