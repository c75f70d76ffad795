//! `kogge standards timeline`.

mod picture;

use jiff::civil::Date;
use kogge_standards::scope::lifetime::expiry;
use kogge_standards::scope::{IAAS, Validity};
use serde::Serialize;

use super::scopes::{Named, day, find, known};
use super::{print, table};
use crate::cli::standards::Timeline;
use crate::exit::{Exit, Failure};

/// When which version of a scope counts.
#[derive(Debug, Serialize)]
struct TimelineView {
    scope: String,
    name: String,
    date: Date,
    /// The first day of the entry in force; none before the first entry.
    in_force_since: Option<Date>,
    versions: Vec<VersionView>,
    lifetimes: Vec<LifetimeView>,
}

/// A version over time.
#[derive(Debug, Serialize)]
struct VersionView {
    version: String,
    stabilized_at: Option<String>,
    /// How it counts on the day.
    validity: Validity,
    /// Whether the timeline lists it on the day; a run covers those.
    listed: bool,
    /// Whether a certificate can be given on the day.
    certifies: bool,
    history: Vec<SpanView>,
}

/// A stretch of time during which a version counts the same way.
#[derive(Debug, Serialize)]
struct SpanView {
    from: Date,
    /// The first day after it.
    until: Option<Date>,
    validity: Validity,
    listed: bool,
}

/// How long results of the day last.
#[derive(Debug, Serialize)]
struct LifetimeView {
    lifetime: &'static str,
    /// From this day on, a result of the day is void.
    expires: Option<Date>,
    /// How many test cases of the scope have it.
    testcases: usize,
}

const LIFETIMES: [&str; 5] = ["day", "week", "month", "quarter", "year"];

pub(super) async fn run(arguments: &Timeline) -> Result<Exit, Failure> {
    let scopes = known(&arguments.spec).await?;
    let on = day(&arguments.day)?;
    let named = match (&arguments.scope, scopes.as_slice()) {
        (Some(name), _) => find(&scopes, name)?,
        (None, [only]) => only,
        (None, _) => find(&scopes, IAAS)?,
    };
    let view = TimelineView {
        scope: named.name.clone(),
        name: named.scope.name.clone(),
        date: on,
        in_force_since: named.scope.in_force(on).map(|entry| entry.date),
        versions: versions(named, on),
        lifetimes: LIFETIMES.iter().map(|lifetime| lasting(named, lifetime, on)).collect(),
    };
    print(arguments.print.output, &view, |view| text(view, named))?;
    Ok(Exit::Pass)
}

fn versions(named: &Named, on: Date) -> Vec<VersionView> {
    let scope = &named.scope;
    let view = |version: &kogge_standards::scope::Version| {
        let standing = scope.standing(&version.version, on);
        let spans = scope.history(&version.version).into_iter();
        VersionView {
            version: version.version.clone(),
            stabilized_at: version.stabilized_at.clone(),
            certifies: standing.validity.certifies() && version.is_stable(),
            validity: standing.validity,
            listed: standing.explicit,
            history: spans
                .map(|span| SpanView {
                    from: span.from,
                    until: span.until,
                    validity: span.standing.validity,
                    listed: span.standing.explicit,
                })
                .collect(),
        }
    };
    scope.versions.iter().map(view).collect()
}

fn lasting(named: &Named, lifetime: &'static str, on: Date) -> LifetimeView {
    let has = |testcase: &kogge_standards::scope::Testcase| {
        testcase.lifetime.as_deref().unwrap_or("week") == lifetime
    };
    LifetimeView {
        lifetime,
        expires: expiry(on.at(0, 0, 0, 0), Some(lifetime)).ok().map(|expires| expires.date()),
        testcases: named.scope.testcases().filter(|(testcase, _)| has(testcase)).count(),
    }
}

fn text(view: &TimelineView, named: &Named) -> String {
    let mut parts = vec![format!("{} ({})", view.name, view.scope)];
    parts.push(picture::draw(&named.scope, view.date));
    let head = ["version", &format!("on {}", view.date), "certificates", "fixed since"];
    parts.push(table(&head, view.versions.iter().map(row).collect()));
    let spans = view.versions.iter().flat_map(spans);
    parts.push(table(&["version", "from", "until before", "counts as"], spans.collect()));
    if view.in_force_since.is_none() {
        parts.push(
            "The timeline knows nothing of this day: entries of old may have been taken out of it. \
             A run for this day has to name its version."
                .to_owned(),
        );
    }
    let used = view.lifetimes.iter().map(|lifetime| {
        let expires = lifetime.expires.map_or_else(|| "-".to_owned(), |date| date.to_string());
        vec![lifetime.lifetime.to_owned(), expires, lifetime.testcases.to_string()]
    });
    let expires = format!("a result of {} is void from", view.date);
    parts.push(table(&["lifetime", &expires, "test cases"], used.collect()));
    parts.join("\n\n")
}

/// How a version counts, in words.
fn counts(validity: &Validity, listed: bool) -> String {
    format!("{}{}", validity.word(), if listed { "" } else { " (not listed)" })
}

fn row(view: &VersionView) -> Vec<String> {
    vec![
        view.version.clone(),
        counts(&view.validity, view.listed),
        if view.certifies { "yes" } else { "no" }.to_owned(),
        view.stabilized_at.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn spans(view: &VersionView) -> impl Iterator<Item = Vec<String>> {
    // what was before a version was listed for the first time says nothing
    let told = view.history.iter().skip_while(|span| !span.listed);
    told.map(|span| {
        let until = span.until.map_or_else(|| "-".to_owned(), |until| until.to_string());
        vec![view.version.clone(), span.from.to_string(), until, counts(&span.validity, span.listed)]
    })
}
