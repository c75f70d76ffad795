//! `kogge standards show`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kogge_standards::document::{Document, document, documents, versions_of};
use kogge_standards::nearest;
use kogge_standards::scope::Version;
use serde::Serialize;

use super::documents::DocumentDetails;
use super::scopes::{Named, VersionHead, day, find, known, ours};
use super::testcases::{MODULE_HEAD, ModuleView, TestcaseView};
use super::{print, table};
use crate::cli::standards::Show;
use crate::exit::{Exit, Failure};

/// What an id may name.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Shown {
    Documents { documents: Vec<DocumentDetails> },
    Version(VersionDetails),
    Module(ModuleView),
    Testcase(TestcaseView),
}

pub(super) async fn run(arguments: &Show) -> Result<Exit, Failure> {
    let scopes = known(&arguments.spec).await?;
    let on = day(&arguments.day)?;
    let shown = look_up(&arguments.id, &scopes, on)?;
    print(arguments.print.output, &shown, |shown| match shown {
        Shown::Documents { documents } => {
            documents.iter().map(DocumentDetails::text).collect::<Vec<_>>().join("\n")
        }
        Shown::Version(version) => version.text(on),
        Shown::Module(module) => module.text(),
        Shown::Testcase(testcase) => testcase.text(),
    })?;
    Ok(Exit::Pass)
}

fn look_up(id: &str, scopes: &[Named], on: Date) -> Result<Shown, Failure> {
    if let Some((scope, version)) = id.split_once('@') {
        let built_in = ours();
        let named = find(scopes, scope).or_else(|error| find(&built_in, scope).map_err(|_| error))?;
        return Ok(Shown::Version(VersionDetails::new(named, named.version(version)?, on)));
    }
    if let Some(named) = scopes.iter().find(|named| named.name == id) {
        return in_effect(named, on).map(Shown::Version);
    }
    for named in scopes {
        if let Some((testcase, script)) = named.scope.testcases().find(|(testcase, _)| testcase.id == id) {
            return Ok(Shown::Testcase(TestcaseView::new(named, testcase, script, on)));
        }
    }
    let found: Vec<&'static Document> =
        document(id).map_or_else(|| versions_of(id), |document| vec![document]);
    if !found.is_empty() {
        let details = found.into_iter().map(|document| DocumentDetails::new(document, scopes, on));
        return Ok(Shown::Documents { documents: details.collect() });
    }
    let module = scopes.iter().find_map(|named| Some((named, named.scope.module(id)?)));
    if let Some((named, module)) = module {
        return Ok(Shown::Module(ModuleView::new(named, module)));
    }
    if let Some(named) = scopes.iter().find(|named| named.scope.version(id).is_some()) {
        return Ok(Shown::Version(VersionDetails::new(named, named.version(id)?, on)));
    }
    Err(unknown(id, scopes))
}

/// The version of a scope for which certificates are given, or else the first of its file.
fn in_effect(named: &Named, on: Date) -> Result<VersionDetails, Failure> {
    let versions = &named.scope.versions;
    let certifies = |version: &&Version| named.scope.standing(&version.version, on).validity.certifies();
    let version = versions.iter().find(certifies).or(versions.first());
    let version =
        version.ok_or_else(|| Failure::Usage(format!("the scope {} has no versions", named.name)))?;
    Ok(VersionDetails::new(named, version, on))
}

/// Says that there is no such thing, and what comes nearest.
fn unknown(id: &str, scopes: &[Named]) -> Failure {
    let mut ids: Vec<String> = documents().iter().map(Document::short_id).collect();
    for named in scopes {
        ids.extend(named.scope.versions.iter().map(|version| named.with(&version.version)));
        ids.extend(named.scope.modules.iter().map(|module| module.id.clone()));
        ids.extend(named.scope.testcases().map(|(testcase, _)| testcase.id.clone()));
    }
    let short: String = id.chars().take(100).collect();
    let meant =
        nearest(id, ids).first().map(|nearest| format!("did you mean {nearest}? ")).unwrap_or_default();
    Failure::Usage(format!(
        "there is no document, scope version, module or test case `{short}`; {meant}\
         `kogge standards list` shows documents, `list --scopes` versions"
    ))
}

/// A version of a scope with its modules.
#[derive(Debug, Serialize)]
struct VersionDetails {
    #[serde(flatten)]
    head: VersionHead,
    /// Test cases by target.
    targets: BTreeMap<String, Vec<String>>,
    modules: Vec<ModuleView>,
    #[serde(skip)]
    parameters: Vec<String>,
}

impl VersionDetails {
    fn new(named: &Named, version: &Version, on: Date) -> Self {
        let includes = version.include.iter();
        let modules = includes.clone().filter_map(|include| named.scope.module(&include.module));
        let parameters = includes.flat_map(|include| {
            include.parameters.iter().map(|(name, value)| format!("  {}: {name} = {value}", include.module))
        });
        Self {
            head: VersionHead::new(named, version, on),
            targets: version.targets.iter().map(|t| (t.name.clone(), t.testcases.clone())).collect(),
            modules: modules.map(|module| ModuleView::new(named, module)).collect(),
            parameters: parameters.collect(),
        }
    }

    fn text(&self, on: Date) -> String {
        let head = &self.head;
        let fixed = head
            .stabilized_at
            .as_ref()
            .map_or_else(|| "may still change".to_owned(), |since| format!("fixed since {since}"));
        let unlisted = if head.listed { "" } else { " (the timeline does not list it)" };
        let sizes: Vec<_> =
            self.targets.iter().map(|(name, ids)| format!("{name}: {} test cases", ids.len())).collect();
        let mut text = format!(
            "{}  {}\n{} on {on}{unlisted}, {fixed}; {}\n\n{}",
            head.id,
            head.name,
            head.validity.word(),
            sizes.join(", "),
            table(&MODULE_HEAD, self.modules.iter().map(ModuleView::row).collect()),
        );
        if !self.parameters.is_empty() {
            text.push_str(&format!("\n\nparameters\n{}", self.parameters.join("\n")));
        }
        text
    }
}
