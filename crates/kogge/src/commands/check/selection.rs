//! Which tests run: by the command line, or what a report still lacks.

use std::path::Path;

use kogge_client::CloudConfig;
use kogge_clock::Clock;
use kogge_conform::{Earlier, Report};
use kogge_conform_iaas::{Selected, Wanted, advice, again, select_from};
use kogge_standards::scope::{Scope, scs_compatible_iaas};

use crate::cli::{Asked, Which};
use crate::commands::report::read_report;
use crate::commands::spec;
use crate::commands::standards::without_checks;
use crate::exit::Failure;

/// What the command line asks for, of the built-in scope.
///
/// # Errors
/// [`Failure::Usage`] for a scope that is another, and for a day that is none.
pub(in crate::commands) fn wanted(
    scope: Option<&str>,
    which: &Which,
    clock: &Clock,
) -> Result<Wanted, Failure> {
    wanted_of(scs_compatible_iaas(), scope, which, clock)
}

/// The tests that the command line asks for.
pub(super) async fn selected(arguments: &Asked, clock: &Clock) -> Result<Selected, Failure> {
    let choice = &arguments.choice;
    let read = match &choice.spec {
        Some(place) => Some(spec::read(place).await?),
        None => None,
    };
    let scope: &Scope = read.as_ref().unwrap_or_else(|| scs_compatible_iaas());
    let wanted = wanted_of(scope, arguments.scope.as_deref(), &choice.which, clock)?;
    let usage = |error: kogge_conform_iaas::SelectionError| Failure::Usage(error.to_string());
    let mut selected = select_from(scope, &wanted).map_err(usage)?;
    if choice.advisory {
        selected.checks.extend(advice(choice.which.tests.as_deref()).map_err(usage)?);
    }
    Ok(selected)
}

fn wanted_of(scope: &Scope, named: Option<&str>, choice: &Which, clock: &Clock) -> Result<Wanted, Failure> {
    let (name, version) = asked(named);
    if let Some(name) = name.filter(|name| *name != short_name(&scope.name)) {
        return Err(Failure::Usage(
            without_checks(name).unwrap_or_else(|| {
                format!("there is no scope `{name}`; here is {}", short_name(&scope.name))
            }),
        ));
    }
    let today = || clock.now().seconds_z().chars().take(10).collect::<String>();
    let date = choice.date.clone().unwrap_or_else(today);
    let date =
        date.parse().map_err(|_| Failure::Usage(format!("--date `{date}` is no day such as 2026-11-24")))?;
    let version = version.map(str::to_owned);
    Ok(Wanted { date, version, tests: choice.tests.clone(), all: choice.all })
}

/// Scope and version of `SCOPE`, `SCOPE@VERSION` and `@VERSION`.
fn asked(text: Option<&str>) -> (Option<&str>, Option<&str>) {
    let text = text.unwrap_or_default();
    let (name, version) = text.split_once('@').unwrap_or((text, ""));
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    (given(name), given(version))
}

/// The name of a scope as it is typed: `SCS-compatible IaaS` is `scs-compatible-iaas`.
fn short_name(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

/// The report of `--resume`, if it is of the scope and version that the command line names besides.
pub(super) fn interrupted(arguments: &Asked, subject: Option<&str>) -> Result<Option<Report>, Failure> {
    let Some(file) = &arguments.resume else { return Ok(None) };
    let report = resumed(file)?;
    let wrong = |text: String| Failure::Usage(format!("--resume {}: {text}", file.display()));
    if report.plan.scope.as_ref().is_some_and(|scope| scope.name == kogge_conform_e2e::list::NAME) {
        return Err(wrong(
            "the report is one of `kogge check e2e`; go on with kogge check e2e --resume".to_owned(),
        ));
    }
    let (name, version) = asked(arguments.scope.as_deref());
    let scope = report.plan.scope.as_ref().map(|scope| short_name(&scope.name)).unwrap_or_default();
    if let Some(name) = name.filter(|name| **name != scope) {
        return Err(wrong(format!("the report is of scope {scope}, not of {name}")));
    }
    let versions: Vec<&str> = report.plan.versions.iter().map(|v| v.version.as_str()).collect();
    if let Some(version) = version.filter(|version| versions != [*version]) {
        return Err(wrong(format!("the report is of {}, not of {version} alone", versions.join(" and "))));
    }
    if let Some(subject) = subject.filter(|name| *name != report.run.subject) {
        return Err(wrong(format!("the report is about {:?}, not about {subject:?}", report.run.subject)));
    }
    Ok(Some(report))
}

/// The tests of a report; the runner leaves out what is decided there.
pub(super) fn missing(report: &Report) -> Selected {
    Selected { plan: report.plan.clone(), checks: again(&report.results) }
}

/// The run that goes on, if the report is of one against this cloud.
pub(super) fn earlier(report: Option<&Report>, config: &CloudConfig) -> Result<Option<Earlier>, Failure> {
    let earlier = report.map(|report| Earlier::of(report, config)).transpose();
    earlier.map_err(|other| Failure::Usage(format!("--resume: {other}")))
}

/// The report that is gone on with.
pub(super) fn resumed(file: &Path) -> Result<Report, Failure> {
    read_report(file).map_err(|because| Failure::Usage(format!("--resume {because}")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn arguments(words: &[&str]) -> Asked {
        let words = ["kogge", "check"].iter().chain(words);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Check(arguments) => arguments.run.asked,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scope_and_version_are_told_apart() {
        assert_eq!(asked(arguments(&[]).scope.as_deref()), (None, None));
        assert_eq!(asked(arguments(&["a"]).scope.as_deref()), (Some("a"), None));
        assert_eq!(asked(arguments(&["a@v4"]).scope.as_deref()), (Some("a"), Some("v4")));
        assert_eq!(asked(arguments(&["@v4"]).scope.as_deref()), (None, Some("v4")));
    }

    #[tokio::test]
    async fn mistakes_are_the_users() {
        for words in [["--date=yesterday"], ["b@v4"], ["@v99"], ["--tests=("], ["--spec=/nonexistent"]] {
            let failure = selected(&arguments(&words), &Clock::system()).await.err().unwrap();
            assert!(matches!(failure, Failure::Usage(_)), "{words:?}: {failure}");
        }
    }

    #[tokio::test]
    async fn advice_comes_only_when_asked_for() {
        let count = async |words: &[&str]| {
            let selected = selected(&arguments(words), &Clock::system()).await.unwrap();
            selected.checks.iter().filter(|c| c.description().id.starts_with("advisory-")).count()
        };
        assert_eq!(count(&["@v5.1"]).await, 0);
        assert!(count(&["@v5.1", "--advisory"]).await >= 4);
    }
}
