//! Test cases and modules as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kogge_standards::scope::{Include, Module, Script, Testcase, lifetime};
use serde::Serialize;

use super::scopes::Named;
use super::table;

/// A test case.
#[derive(Debug, Serialize)]
pub(super) struct TestcaseView {
    pub(super) id: String,
    scope: String,
    asks: String,
    url: String,
    /// Whether a program decides; else people do.
    automated: bool,
    lifetime: String,
    /// When a result of the day expires.
    expires: Option<String>,
    section: Option<String>,
    modules: Vec<Membership>,
    /// In how many fixed versions it decides.
    decides_in_fixed_versions: usize,
}

/// In which target of which module a test case is, and which versions include that module.
#[derive(Debug, Serialize)]
struct Membership {
    module: String,
    document: Option<String>,
    target: String,
    versions: Vec<String>,
}

impl TestcaseView {
    pub(super) fn new(named: &Named, testcase: &Testcase, script: &Script, on: Date) -> Self {
        let member = |(module, target): (&Module, &kogge_standards::scope::Target)| Membership {
            module: module.id.clone(),
            document: module.document().map(|document| document.short_id()),
            target: target.name.clone(),
            versions: versions_with(named, &module.id),
        };
        let expires = lifetime::expiry(on.at(0, 0, 0, 0), testcase.lifetime.as_deref());
        Self {
            id: testcase.id.clone(),
            scope: named.name.clone(),
            asks: testcase.description.clone(),
            url: testcase.url.clone(),
            automated: !script.is_manual(),
            lifetime: testcase.lifetime.clone().unwrap_or_else(|| "week".to_owned()),
            expires: expires.ok().map(|expires| expires.date().to_string()),
            section: testcase.section.clone(),
            modules: named.scope.modules_with(&testcase.id).map(member).collect(),
            decides_in_fixed_versions: named.scope.attention(&testcase.id),
        }
    }

    /// What the modules of one document make of it.
    pub(super) fn row(&self, document: &str) -> Vec<String> {
        let modules: Vec<_> =
            self.modules.iter().filter(|module| module.document.as_deref() == Some(document)).collect();
        let targets: BTreeSet<_> = modules.iter().map(|module| module.target.clone()).collect();
        let mut versions: Vec<_> = modules.iter().flat_map(|module| &module.versions).cloned().collect();
        versions.dedup();
        vec![
            format!("  {}", self.id),
            targets.into_iter().collect::<Vec<_>>().join(" "),
            words(&versions),
            if self.automated { "program" } else { "people" }.to_owned(),
            self.lifetime.clone(),
            self.asks.clone(),
        ]
    }

    pub(super) fn text(&self) -> String {
        let by = if self.automated { "a program" } else { "people, from documents" };
        let lasts = match &self.expires {
            Some(expires) => {
                format!("a {}; a result of the day asked for is void from {expires} on", self.lifetime)
            }
            None => self.lifetime.clone(),
        };
        let mut rows = vec![
            vec!["scope".to_owned(), self.scope.clone()],
            vec!["decided by".to_owned(), by.to_owned()],
            vec!["lasts".to_owned(), lasts],
        ];
        rows.extend(self.section.iter().map(|section| vec!["section".to_owned(), section.clone()]));
        for module in &self.modules {
            let document = module.document.as_deref().map_or_else(String::new, |id| format!(" of {id}"));
            let versions =
                if module.versions.is_empty() { "no version".to_owned() } else { module.versions.join(" ") };
            let text = format!("{}{document}, target {}, in {versions}", module.module, module.target);
            rows.push(vec!["module".to_owned(), text]);
        }
        if self.modules.is_empty() {
            rows.push(vec!["module".to_owned(), "none: no version asks for it".to_owned()]);
        }
        format!("{}\n{}\n{}\n\n{}", self.id, self.asks, self.url, indented(rows))
    }
}

/// The head above rows of modules.
pub(super) const MODULE_HEAD: [&str; 5] = ["  module", "test cases", "in versions", "document", "name"];

/// A module.
#[derive(Debug, Serialize)]
pub(super) struct ModuleView {
    pub(super) id: String,
    scope: String,
    name: String,
    document: Option<String>,
    url: String,
    targets: BTreeMap<String, Vec<String>>,
    /// Its parameters and what they are for.
    parameters: BTreeMap<String, String>,
    /// The versions that include it, with the values of its parameters.
    versions: Vec<Inclusion>,
}

/// A version that includes a module.
#[derive(Debug, Serialize)]
struct Inclusion {
    version: String,
    parameters: BTreeMap<String, String>,
}

impl ModuleView {
    pub(super) fn new(named: &Named, module: &Module) -> Self {
        let targets = module.targets.iter().map(|target| (target.name.clone(), target.testcases.clone()));
        let inclusion = |(version, include): (&String, &Include)| Inclusion {
            version: version.clone(),
            parameters: include.parameters.clone(),
        };
        let versions = named.scope.versions.iter().rev();
        let including = versions.filter_map(|version| Some((&version.version, version.include(&module.id)?)));
        Self {
            id: module.id.clone(),
            scope: named.name.clone(),
            name: module.name.clone(),
            document: module.document().map(|document| document.short_id()),
            url: module.url.clone(),
            targets: targets.collect(),
            parameters: module.parameters.clone(),
            versions: including.map(inclusion).collect(),
        }
    }

    /// How many test cases each target has.
    fn sizes(&self) -> String {
        let sizes: Vec<_> = self.targets.iter().map(|(name, ids)| format!("{name} {}", ids.len())).collect();
        if sizes.is_empty() { "no test cases".to_owned() } else { sizes.join(", ") }
    }

    /// A row below [`MODULE_HEAD`].
    pub(super) fn row(&self) -> Vec<String> {
        let versions: Vec<_> = self.versions.iter().map(|inclusion| inclusion.version.clone()).collect();
        let document = self.document.clone().unwrap_or_else(|| "-".to_owned());
        vec![format!("  {}", self.id), self.sizes(), words(&versions), document, self.name.clone()]
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{} of {}: {}\n{}\n", self.id, self.scope, self.name, self.url);
        if self.targets.is_empty() {
            text.push_str("\n  no test cases");
        }
        for (target, ids) in &self.targets {
            text.push_str(&format!("\n  {target}, {} test cases: {}", ids.len(), ids.join(" ")));
        }
        for (name, meaning) in &self.parameters {
            text.push_str(&format!("\n  parameter {name}: {meaning}"));
        }
        if self.versions.is_empty() {
            text.push_str("\n  no version includes it");
        }
        for inclusion in &self.versions {
            text.push_str(&format!("\n  in {}", inclusion.version));
            for (name, value) in &inclusion.parameters {
                text.push_str(&format!(", {name} = {value}"));
            }
        }
        text
    }
}

/// The versions that include a module, the oldest first as upstream's files have them last.
pub(super) fn versions_with(named: &Named, module: &str) -> Vec<String> {
    let versions = named.scope.versions.iter().rev();
    versions
        .filter(|version| version.include(module).is_some())
        .map(|version| version.version.clone())
        .collect()
}

/// Words with blanks between, or a dash for none.
pub(super) fn words(words: &[String]) -> String {
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// Rows of a name and a value, indented.
pub(super) fn indented(rows: Vec<Vec<String>>) -> String {
    let rows = rows.into_iter().map(|mut row| {
        if let Some(first) = row.first_mut() {
            first.insert_str(0, "  ");
        }
        row
    });
    table(&[], rows.collect())
}
