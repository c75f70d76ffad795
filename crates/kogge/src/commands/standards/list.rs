//! `kogge standards list`.

use jiff::civil::Date;
use kogge_standards::document::{Kind, documents};
use kogge_standards::scope::MAIN;
use serde::Serialize;

use super::documents::DocumentView;
use super::scopes::{Named, VersionHead, day, known};
use super::{print, table};
use crate::cli::standards::List;
use crate::exit::{Exit, Failure};

pub(super) async fn run(arguments: &List) -> Result<Exit, Failure> {
    let scopes = known(&arguments.spec).await?;
    let on = day(&arguments.day)?;
    if arguments.scopes {
        let versions: Vec<_> = scopes.iter().flat_map(|named| versions(named, on)).collect();
        print(arguments.print.output, &versions, |versions| scope_table(versions, on))?;
        return Ok(Exit::Pass);
    }
    let wanted = documents().iter().filter(|document| {
        document.kind != Kind::Supplement && arguments.track.is_none_or(|track| track == document.track())
    });
    let views: Vec<_> = wanted.map(|document| DocumentView::new(document, &scopes)).collect();
    print(arguments.print.output, &views, |views| document_table(views))?;
    Ok(Exit::Pass)
}

fn document_table(views: &[DocumentView]) -> String {
    let head = ["document", "kind", "status", "in scope versions", "automated", "by hand", "title"];
    table(&head, views.iter().map(DocumentView::row).collect())
}

/// A version of a scope, counted.
#[derive(Debug, Serialize)]
struct VersionView {
    #[serde(flatten)]
    head: VersionHead,
    modules: usize,
    /// How many test cases decide.
    main: usize,
    uuid: String,
}

/// The versions of a scope, the newest first as in its file.
fn versions(named: &Named, on: Date) -> Vec<VersionView> {
    let versions = named.scope.versions.iter();
    versions
        .map(|version| VersionView {
            head: VersionHead::new(named, version, on),
            modules: version.include.len(),
            main: version.target(MAIN).map_or(0, <[String]>::len),
            uuid: named.scope.uuid.clone(),
        })
        .collect()
}

fn scope_table(versions: &[VersionView], on: Date) -> String {
    let head = ["version", &format!("on {on}"), "fixed since", "modules", "deciding test cases", "scope"];
    let row = |VersionView { head, modules, main, .. }: &VersionView| {
        let unlisted = if head.listed { "" } else { " (not listed)" };
        vec![
            head.id.clone(),
            format!("{}{unlisted}", head.validity.word()),
            head.stabilized_at.clone().unwrap_or_else(|| "-".to_owned()),
            modules.to_string(),
            main.to_string(),
            head.name.clone(),
        ]
    };
    table(&head, versions.iter().map(row).collect())
}
