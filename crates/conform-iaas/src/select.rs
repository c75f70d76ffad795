//! From "which scope, which day, which tests" to the checks that run.

mod expression;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use kogge_conform::{Check, CheckResult, Plan, PlannedVersion, ScopeRef};
use kogge_standards::scope::{Covered, Scope, SelectError, Validity, scs_compatible_iaas};
use sha2::{Digest, Sha256};

use crate::advisory::advisory;
use crate::catalogue::{catalogue, unknown};

pub(crate) use expression::Expression;

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The day whose timeline counts.
    pub date: Date,
    /// A version by name, such as `v5.1`, whether it is in force or not; else the ones in effect on that day.
    pub version: Option<String>,
    /// Only testcases whose id this expression matches somewhere. It may also name
    /// advisory checks and questions, which [`beyond`](crate::beyond) adds.
    pub tests: Option<String>,
    /// Every testcase that this program has, whatever the versions list: recommended ones too.
    pub all: bool,
}

/// What is going to run.
pub struct Selected {
    /// The plan for the report.
    pub plan: Plan,
    /// The checks in the order of the scope.
    pub checks: Vec<Box<dyn Check>>,
}

/// Why nothing can be selected. All of these are the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// The version does not exist, or none is in force on that day.
    #[error(transparent)]
    Version(#[from] SelectError),
    /// The expression cannot be read.
    #[error("--tests {text:?} is no regular expression: {because}")]
    Expression {
        /// The expression.
        text: String,
        /// The reason.
        because: String,
    },
    /// The expression matches no testcase of the chosen versions, and names nothing beyond them.
    #[error(
        "no testcase of {versions}, no advisory check and no question begins with a match of {text:?}; \
         `kogge check list --advisory` and `kogge check manual --list` name them"
    )]
    NothingMatches {
        /// The expression.
        text: String,
        /// The versions.
        versions: String,
    },
}

/// Selects from the built-in scope *SCS-compatible IaaS*.
///
/// The selection is empty where the expression names only what is beyond the scope; [`beyond`](crate::beyond) adds that.
/// A run of nothing else decides nothing, and is no pass: see [`exit_code`](kogge_conform::exit::exit_code).
///
/// # Errors
/// [`SelectionError`], always the user's to mend.
pub fn select(wanted: &Wanted) -> Result<Selected, SelectionError> {
    select_from(scs_compatible_iaas(), wanted)
}

/// Selects from any scope, such as one read from upstream's newest file.
///
/// # Errors
/// As [`select`].
pub fn select_from(scope: &Scope, wanted: &Wanted) -> Result<Selected, SelectionError> {
    let covered = in_effect(scope.covered(wanted.date, wanted.version.as_deref())?, wanted);
    let expression = wanted.tests.as_deref().map(Expression::read).transpose()?;
    let listed: BTreeSet<&str> = covered.iter().flat_map(|c| c.version.testcases()).collect();
    let matches = |id: &str| expression.as_ref().is_none_or(|e| e.is_match(id));
    let chosen = |id: &str| (wanted.all || listed.contains(id)) && matches(id);
    let mut checks: Vec<Box<dyn Check>> =
        catalogue().into_iter().filter(|c| chosen(&c.description().id)).collect();
    checks.extend(unknown_ones(scope, &listed, &checks, matches));
    let named = expression.as_ref().is_some_and(Expression::names_some);
    if let (true, false, Some(text)) = (checks.is_empty(), named, &wanted.tests) {
        let versions = covered.iter().map(|c| c.version.version.as_str()).collect::<Vec<_>>().join(", ");
        return Err(SelectionError::NothingMatches { text: text.clone(), versions });
    }
    Ok(Selected { plan: plan(scope, wanted, &covered), checks })
}

/// The advisory checks; where an expression matches some or a question, only those that it matches.
///
/// # Errors
/// [`SelectionError::Expression`] if it is none.
pub fn advice(tests: Option<&str>) -> Result<Vec<Box<dyn Check>>, SelectionError> {
    let expression = tests.map(Expression::read).transpose()?;
    let leaves = |id: &str| expression.as_ref().is_none_or(|expression| expression.leaves(id));
    Ok(advisory().into_iter().filter(|check| leaves(&check.description().id)).collect())
}

/// The checks of an earlier run's results, in their order: to go on with it.
#[must_use]
pub fn again(results: &[CheckResult]) -> Vec<Box<dyn Check>> {
    let mut known: HashMap<String, Box<dyn Check>> = catalogue()
        .into_iter()
        .chain(advisory())
        .map(|check| (check.description().id.clone(), check))
        .collect();
    let one = |result: &CheckResult| {
        known.remove(&result.id).unwrap_or_else(|| unknown(&result.id, &result.title, &result.url))
    };
    results.iter().map(one).collect()
}

/// Without a version by name: those in effect; if there are none, those that still count; else all that are named.
///
/// Upstream's checker runs drafts and deprecated versions along. Here a run answers one question, whether the cloud
/// complies today, so a draft must not decide about its exit code.
fn in_effect<'a>(covered: Vec<Covered<'a>>, wanted: &Wanted) -> Vec<Covered<'a>> {
    let stands = |wished: Validity| covered.iter().any(|c| c.standing.validity == wished);
    let wished = match (&wanted.version, stands(Validity::Effective), stands(Validity::Warn)) {
        (Some(_), ..) | (None, false, false) => return covered,
        (None, true, _) => Validity::Effective,
        (None, false, true) => Validity::Warn,
    };
    covered.into_iter().filter(|c| c.standing.validity == wished).collect()
}

/// Testcases of scripts with a program that this program does not have: they must not vanish from the report.
fn unknown_ones(
    scope: &Scope,
    listed: &BTreeSet<&str>,
    known: &[Box<dyn Check>],
    matches: impl Fn(&str) -> bool,
) -> Vec<Box<dyn Check>> {
    let automated = scope.testcases().filter(|(_, script)| script.executable.is_some());
    automated
        .filter(|(t, _)| listed.contains(t.id.as_str()) && matches(&t.id))
        .filter(|(t, _)| !known.iter().any(|c| c.description().id == t.id))
        .map(|(t, _)| unknown(&t.id, &t.description, &t.url))
        .collect()
}

/// The digest of a scope as it was read, in hexadecimal digits.
fn digest(scope: &Scope) -> String {
    let text = serde_json::to_vec(scope).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}

fn plan(scope: &Scope, wanted: &Wanted, covered: &[Covered<'_>]) -> Plan {
    let version = |c: &Covered<'_>| PlannedVersion {
        version: c.version.version.clone(),
        validity: c.standing.validity.word().to_owned(),
        targets: c
            .version
            .targets
            .iter()
            .map(|target| (target.name.clone(), target.testcases.clone()))
            .collect::<BTreeMap<_, _>>(),
    };
    Plan {
        scope: Some(ScopeRef {
            uuid: scope.uuid.clone(),
            name: scope.name.clone(),
            url: scope.url.clone(),
            sha256: digest(scope),
        }),
        versions: covered.iter().map(version).collect(),
        reference_date: wanted.date.to_string(),
        forced_version: wanted.version.clone(),
        forced_tests: wanted.tests.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(date: &str, version: Option<&str>, tests: Option<&str>) -> Wanted {
        Wanted {
            date: date.parse().unwrap(),
            version: version.map(str::to_owned),
            tests: tests.map(str::to_owned),
            all: false,
        }
    }

    fn ids(wanted: &Wanted) -> Vec<String> {
        select(wanted).unwrap().checks.iter().map(|c| c.description().id.clone()).collect()
    }

    #[test]
    fn each_version_has_its_number_of_testcases() {
        for (version, count) in [("v3", 16), ("v4", 39), ("v5.1", 54), ("next", 55)] {
            assert_eq!(ids(&wanted("2026-11-24", Some(version), None)).len(), count, "{version}");
        }
    }

    #[test]
    fn a_day_chooses_the_versions() {
        let versions = |date: &str| -> Vec<String> {
            select(&wanted(date, None, None)).unwrap().plan.versions.into_iter().map(|v| v.version).collect()
        };
        assert_eq!(versions("2026-11-24"), ["v5.1"]);
        let mut both = versions("2025-01-15");
        both.sort();
        assert_eq!(both, ["v4", "v5.1"]);
        assert!(matches!(select(&wanted("2020-01-01", None, None)), Err(SelectionError::Version(_))));
    }

    #[test]
    fn an_expression_matches_anywhere_and_can_be_anchored() {
        assert_eq!(ids(&wanted("2026-11-24", Some("v5.1"), Some("scs-0100"))).len(), 2);
        assert_eq!(
            ids(&wanted("2026-11-24", Some("v5.1"), Some("syntax"))),
            ["scs-0100-syntax-check", "scs-0114-syntax-check"]
        );
        assert!(matches!(
            select(&wanted("2026-11-24", Some("v5.1"), Some("^syntax"))),
            Err(SelectionError::NothingMatches { .. })
        ));
        assert_eq!(ids(&wanted("2026-11-24", Some("v5.1"), Some("scs-0100|scs-0115"))).len(), 3);
        assert!(matches!(
            select(&wanted("2026-11-24", None, Some("("))),
            Err(SelectionError::Expression { .. })
        ));
    }

    #[test]
    fn an_expression_chooses_among_advice_only_where_it_means_some() {
        let all = advice(None).unwrap().len();
        assert_eq!(advice(Some("scs-0103")).unwrap().len(), all);
        let some = advice(Some("scs-0103|advisory-0126")).unwrap();
        assert!(some.len() < all && some.iter().all(|c| c.description().id.starts_with("advisory-0126")));
        assert!(advice(Some("availability-zones")).unwrap().is_empty(), "it is about a question");
        assert!(advice(Some("(")).is_err());
    }

    #[test]
    fn an_expression_may_name_only_what_is_beyond_the_scope() {
        for text in ["advisory-0126", "advisory", "availability-zones-check", "manual-"] {
            assert_eq!(ids(&wanted("2026-11-24", None, Some(text))), Vec::<String>::new(), "{text}");
        }
        assert_eq!(ids(&wanted("2026-11-24", Some("v5.1"), Some("scs-0100|advisory-0126"))).len(), 2);
        assert!(select(&wanted("2026-11-24", None, Some("advisory-9"))).is_err());
    }

    #[test]
    fn the_checks_of_a_report_are_found_again_and_none_is_dropped() {
        let ids = ["advisory-0126-ipv6-pool", "scs-0999-new", "scs-0100-syntax-check"];
        let result = |id: &&str| CheckResult { id: (*id).to_owned(), ..CheckResult::default() };
        let again = again(&ids.iter().map(result).collect::<Vec<_>>());
        assert_eq!(again.iter().map(|c| c.description().id.as_str()).collect::<Vec<_>>(), ids);
    }

    #[test]
    fn all_brings_the_recommended_ones() {
        let all = Wanted { all: true, ..wanted("2026-11-24", Some("v5.1"), Some("scs-0103")) };
        assert_eq!(ids(&all).len(), 31);
    }

    #[test]
    fn a_testcase_that_we_do_not_know_stays_in_the_plan() {
        let mut scope = scs_compatible_iaas().clone();
        let (script, module) = (&mut scope.scripts[0], &mut scope.modules);
        let mut new = script.testcases[0].clone();
        new.id = "scs-0999-new".into();
        script.testcases.push(new);
        let include = scope.versions[0].include[0].module.clone();
        for m in module.iter_mut().filter(|m| m.id == include) {
            m.targets = vec![kogge_standards::scope::Target {
                name: "main".into(),
                testcases: vec!["scs-0999-new".into()],
            }];
        }
        let scope = scope.with_targets();
        let version = scope.versions[0].version.clone();
        let selected = select_from(&scope, &wanted("2026-11-24", Some(&version), Some("scs-0999"))).unwrap();
        assert_eq!(selected.checks[0].description().id, "scs-0999-new");
    }
}
