//! Documents as they are shown, joined with the scopes that use them.

use jiff::civil::Date;
use kogge_standards::document::{Document, Kind, Status, Track};
use kogge_standards::scope::Module;
use serde::Serialize;

use super::scopes::Named;
use super::table;
use super::testcases::{MODULE_HEAD, ModuleView, TestcaseView, versions_with};

/// A document and what the scopes make of it.
#[derive(Debug, Serialize)]
pub(super) struct DocumentView {
    id: String,
    pub(super) short_id: String,
    number: &'static str,
    version: &'static str,
    title: &'static str,
    kind: Kind,
    track: Track,
    status: Option<Status>,
    stabilized_at: Option<Date>,
    deprecated_at: Option<Date>,
    replaced_by: Option<String>,
    supplements: Vec<String>,
    asks: &'static str,
    url: String,
    /// Scope versions with a module of this document, as `SCOPE@VERSION`.
    used_by: Vec<String>,
    /// Test cases of all its modules that a program decides, whether a version includes them or not.
    automated: usize,
    /// Test cases of all its modules that people decide.
    manual: usize,
}

/// The modules of a scope that stand for a document.
pub(super) fn modules_of<'a>(named: &'a Named, document: &'a Document) -> impl Iterator<Item = &'a Module> {
    named.scope.modules.iter().filter(|module| module.document() == Some(document))
}

impl DocumentView {
    pub(super) fn new(document: &'static Document, scopes: &[Named]) -> Self {
        let mut used_by = Vec::new();
        let (mut automated, mut manual) = (0, 0);
        for named in scopes {
            let modules: Vec<_> = modules_of(named, document).collect();
            for version in named.scope.versions.iter().rev() {
                if modules.iter().any(|module| version.include(&module.id).is_some()) {
                    used_by.push(named.with(&version.version));
                }
            }
            for (testcase, script) in named.scope.testcases() {
                if modules.iter().any(|module| module.testcases().contains(testcase.id.as_str())) {
                    *(if script.is_manual() { &mut manual } else { &mut automated }) += 1;
                }
            }
        }
        Self {
            id: document.id.to_owned(),
            short_id: document.short_id(),
            number: document.number(),
            version: document.version(),
            title: document.title,
            kind: document.kind,
            track: document.track(),
            status: document.status,
            stabilized_at: document.stabilized_at,
            deprecated_at: document.deprecated_at,
            replaced_by: document.replaced_by().map(Document::short_id),
            supplements: document.supplements().map(Document::short_id).collect(),
            asks: document.asks,
            url: document.url(),
            used_by,
            automated,
            manual,
        }
    }

    /// The state and since when it holds.
    fn state(&self) -> String {
        match (self.status, self.stabilized_at, self.deprecated_at) {
            (Some(Status::Stable), Some(since), _) => format!("stable {since}"),
            (Some(Status::Deprecated), _, Some(since)) => format!("deprecated {since}"),
            (Some(status), ..) => status.word().to_owned(),
            (None, ..) => "notes".to_owned(),
        }
    }

    pub(super) fn row(&self) -> Vec<String> {
        let kind = match self.kind {
            Kind::Standard => "standard",
            Kind::Procedural => "procedure",
            Kind::DecisionRecord => "decision",
            Kind::Supplement => "notes",
        };
        let used: Vec<_> =
            self.used_by.iter().map(|used| used.trim_start_matches("scs-compatible-")).collect();
        vec![
            self.short_id.clone(),
            kind.to_owned(),
            self.state(),
            if used.is_empty() { "-".to_owned() } else { short_uses(&used) },
            figure(self.automated),
            figure(self.manual),
            self.title.to_owned(),
        ]
    }
}

/// `iaas@v4 iaas@next` as `iaas v4 next`.
fn short_uses(used: &[&str]) -> String {
    let mut text = String::new();
    let mut last = "";
    for one in used {
        let (scope, version) = one.split_once('@').unwrap_or(("", one));
        if scope != last {
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(scope);
            last = scope;
        }
        text.push(' ');
        text.push_str(version);
    }
    text
}

fn figure(count: usize) -> String {
    if count == 0 { "-".to_owned() } else { count.to_string() }
}

/// A document with its modules and test cases.
#[derive(Debug, Serialize)]
pub(super) struct DocumentDetails {
    #[serde(flatten)]
    document: DocumentView,
    modules: Vec<ModuleView>,
    testcases: Vec<TestcaseView>,
}

impl DocumentDetails {
    pub(super) fn new(document: &'static Document, scopes: &[Named], on: Date) -> Self {
        let mut details = Self {
            document: DocumentView::new(document, scopes),
            modules: Vec::new(),
            testcases: Vec::new(),
        };
        for named in scopes {
            let modules: Vec<_> = modules_of(named, document).collect();
            for (testcase, script) in named.scope.testcases() {
                if modules.iter().any(|module| module.testcases().contains(testcase.id.as_str())) {
                    details.testcases.push(TestcaseView::new(named, testcase, script, on));
                }
            }
            let mut modules: Vec<_> =
                modules.into_iter().map(|module| (module, versions_with(named, &module.id))).collect();
            // those that no version includes come last
            modules.sort_by_key(|(_, versions)| versions.is_empty());
            details.modules.extend(modules.into_iter().map(|(module, _)| ModuleView::new(named, module)));
        }
        details
    }

    pub(super) fn text(&self) -> String {
        let document = &self.document;
        let mut text = format!(
            "{}  {}\n{}, {}",
            document.short_id,
            document.title,
            document.kind.word(),
            document.state()
        );
        text.push_str(&format!(", track {}", document.track.word()));
        if let Some(next) = &document.replaced_by {
            text.push_str(&format!(", followed by {next}"));
        }
        text.push_str(&format!("\n{}\n\n  {}\n", document.url, document.asks));
        if !document.supplements.is_empty() {
            text.push_str(&format!("  Notes: {}.\n", document.supplements.join(", ")));
        }
        if self.modules.is_empty() {
            text.push_str("  No scope has a module for it, so nothing tests it for a certificate.\n");
            return text;
        }
        text.push_str(&format!(
            "\n{}\n",
            table(&MODULE_HEAD, self.modules.iter().map(ModuleView::row).collect())
        ));
        if !self.testcases.is_empty() {
            let head = ["  test case", "target", "in versions", "decided by", "lifetime", "asks"];
            let rows = self.testcases.iter().map(|testcase| testcase.row(&document.short_id));
            text.push_str(&format!("\n{}\n", table(&head, rows.collect())));
        }
        text
    }
}
