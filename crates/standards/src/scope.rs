//! Certificate scopes: which testcases make up which version of a certificate, and when a version counts.
//!
//! A *scope* is a list of versions and a timeline. A *version* includes *modules* (one per version of a standard), a
//! module has *targets* (named sets of testcases). The target `main` decides about the certificate; the others
//! inform. A *timeline* entry says which versions count from its date on, and how.
//!
//! [`scs_compatible_iaas`] and [`scs_compatible_kaas`] are built in ([`built_in`]); [`read_scope`] reads any other scope from the text of its file, with the
//! checks of the upstream loader. New versions of a scope need no change here; new testcase ids need code.
//!
//! [`diff`] compares two versions, [`history`] tells how a version counts over time.
//! [`score`] merges results, lets them expire, and comes to verdicts over versions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::document::{Document, document};

mod check;
pub mod diff;
pub mod history;
mod iaas;
mod kaas;
pub mod lifetime;
mod read;
pub mod score;
mod select;
mod validity;

pub use check::ScopeProblem;
pub use iaas::scs_compatible_iaas;
pub use kaas::scs_compatible_kaas;
pub use read::{ReadError, read_scope};
pub use score::{Overall, aggregate};
pub use select::Filter;
pub use validity::{Covered, SelectError, Standing, Validity};

/// The name of the scope that `kogge check` takes unless told otherwise.
pub const IAAS: &str = "scs-compatible-iaas";

/// The name of the scope for Kubernetes.
pub const KAAS: &str = "scs-compatible-kaas";

/// The built-in scopes by their names on the command line.
pub fn built_in() -> [(&'static str, &'static Scope); 2] {
    [(IAAS, scs_compatible_iaas()), (KAAS, scs_compatible_kaas())]
}

/// Address of a file of the upstream test suite.
fn upstream_file(path: &str) -> String {
    format!("https://raw.githubusercontent.com/SovereignCloudStack/standards/main/Tests/{path}")
}

/// The target that decides about a certificate.
pub const MAIN: &str = "main";

/// A certificate scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Scope {
    /// Identity of the scope.
    pub uuid: String,
    /// Display name.
    pub name: String,
    /// Where the newest file of it lives.
    pub url: String,
    /// The scope whose certificate must be held first.
    pub prerequisite: Option<Prerequisite>,
    /// Variables that a run has to assign unless they have a default.
    pub variables: Vec<Variable>,
    /// What yields results.
    pub scripts: Vec<Script>,
    /// Bundles of targets.
    pub modules: Vec<Module>,
    /// Versions, in the order of the file.
    pub versions: Vec<Version>,
    /// Which versions count from when on; in any order.
    pub timeline: Vec<TimelineEntry>,
}

/// A scope that comes before another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Prerequisite {
    /// Display name.
    pub name: String,
    /// Where its file lives.
    pub url: String,
}

/// A variable of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Variable {
    /// Name, as in `{os_cloud}`.
    pub name: String,
    /// Value where a run assigns none.
    pub default: Option<String>,
}

/// A program, or a manual audit, that yields results.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Script {
    /// Path of the program beside the scope file; `None` for a manual audit.
    pub executable: Option<String>,
    /// Arguments, with variables in braces.
    pub args: String,
    /// Environment, with variables in braces.
    pub env: BTreeMap<String, String>,
    /// Testcases that it yields results for.
    pub testcases: Vec<Testcase>,
}

/// The smallest unit with a result of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Testcase {
    /// Id.
    pub id: String,
    /// What is demanded, in short.
    pub description: String,
    /// Where to read on.
    pub url: String,
    /// How long a result lasts, see [`lifetime::expiry`]; `None` is a week.
    pub lifetime: Option<String>,
    /// Name for selecting testcases.
    pub section: Option<String>,
}

/// A bundle of targets, as a rule one per version of a standard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Module {
    /// Id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The standard's document.
    pub url: String,
    /// Names of parameters and what they are for.
    pub parameters: BTreeMap<String, String>,
    /// Targets; maybe none.
    pub targets: Vec<Target>,
}

/// A named set of testcases.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Target {
    /// `main`, `recommended`, `preview` or any other.
    pub name: String,
    /// Testcase ids.
    pub testcases: Vec<String>,
}

/// A version of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Version {
    /// Name, such as `v5.1`.
    pub version: String,
    /// Since when the version must not change; `None` while it may.
    pub stabilized_at: Option<String>,
    /// Modules that it is made of.
    pub include: Vec<Include>,
    /// The unions of its modules' targets, name by name, each sorted; computed by [`Scope::with_targets`].
    pub targets: Vec<Target>,
}

/// A module within a version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Include {
    /// Id of the module.
    pub module: String,
    /// Values for the module's parameters.
    pub parameters: BTreeMap<String, String>,
}

/// From a date on, these versions count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// First day.
    pub date: Date,
    /// Versions and how each counts.
    pub versions: Vec<(String, Validity)>,
}

impl Script {
    /// Whether people answer, and no program.
    pub const fn is_manual(&self) -> bool {
        self.executable.is_none()
    }
}

impl Module {
    /// The document that it stands for, by the last part of its address; `None` where no document is known there.
    pub fn document(&self) -> Option<&'static Document> {
        document(self.url.rsplit('/').next()?)
    }

    /// All testcases of all targets, sorted.
    pub fn testcases(&self) -> BTreeSet<&str> {
        self.targets.iter().flat_map(|target| &target.testcases).map(String::as_str).collect()
    }
}

impl Version {
    /// The module as this version includes it.
    pub fn include(&self, module: &str) -> Option<&Include> {
        self.include.iter().find(|include| include.module == module)
    }

    /// The testcases of a target; `None` where the version has no such target.
    pub fn target(&self, name: &str) -> Option<&[String]> {
        self.targets.iter().find(|target| target.name == name).map(|target| target.testcases.as_slice())
    }

    /// The target that a testcase belongs to; of several the last.
    pub fn target_of(&self, testcase: &str) -> Option<&str> {
        let holds = |target: &&Target| target.testcases.iter().any(|id| id == testcase);
        self.targets.iter().rfind(holds).map(|target| target.name.as_str())
    }

    /// All testcases of all targets, sorted.
    pub fn testcases(&self) -> BTreeSet<&str> {
        self.targets.iter().flat_map(|target| &target.testcases).map(String::as_str).collect()
    }

    /// Whether the version is fixed.
    pub const fn is_stable(&self) -> bool {
        self.stabilized_at.is_some()
    }
}

impl Scope {
    /// The same scope with the targets of its versions computed from their modules. Unknown modules are passed
    /// over; [`Scope::problems`] finds them.
    #[must_use]
    pub fn with_targets(mut self) -> Self {
        let modules: BTreeMap<&str, &Module> =
            self.modules.iter().map(|module| (module.id.as_str(), module)).collect();
        for version in &mut self.versions {
            let mut unions: Vec<(&str, BTreeSet<&str>)> = Vec::new();
            let included = version.include.iter().filter_map(|include| modules.get(include.module.as_str()));
            for target in included.flat_map(|module| &module.targets) {
                let ids = target.testcases.iter().map(String::as_str);
                match unions.iter_mut().find(|(name, _)| *name == target.name) {
                    Some((_, union)) => union.extend(ids),
                    None => unions.push((&target.name, ids.collect())),
                }
            }
            let owned = |(name, ids): (&str, BTreeSet<&str>)| Target {
                name: name.to_owned(),
                testcases: ids.into_iter().map(str::to_owned).collect(),
            };
            version.targets = unions.into_iter().map(owned).collect();
        }
        self
    }

    /// The name as it is typed: `SCS-compatible IaaS` is `scs-compatible-iaas`.
    pub fn short_name(&self) -> String {
        self.name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
    }

    /// The version of this name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.version == name)
    }

    /// The module of this id.
    pub fn module(&self, id: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.id == id)
    }

    /// All testcases of all scripts, with the script of each.
    pub fn testcases(&self) -> impl Iterator<Item = (&Testcase, &Script)> {
        self.scripts.iter().flat_map(|script| script.testcases.iter().map(move |testcase| (testcase, script)))
    }

    /// The testcase of this id.
    pub fn testcase(&self, id: &str) -> Option<&Testcase> {
        self.testcases().map(|(testcase, _)| testcase).find(|testcase| testcase.id == id)
    }

    /// The modules that a testcase is in, with the target of each.
    pub fn modules_with<'a>(&'a self, testcase: &'a str) -> impl Iterator<Item = (&'a Module, &'a Target)> {
        let modules = self.modules.iter();
        let targets = modules.flat_map(|module| module.targets.iter().map(move |target| (module, target)));
        targets.filter(move |(_, target)| target.testcases.iter().any(|id| id == testcase))
    }

    /// In how many stable versions the testcase decides about the certificate.
    pub fn attention(&self, testcase: &str) -> usize {
        let decides = |version: &&Version| {
            version.is_stable() && version.target(MAIN).is_some_and(|ids| ids.iter().any(|id| id == testcase))
        };
        self.versions.iter().filter(decides).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, ids: &[&str]) -> Target {
        Target { name: name.to_owned(), testcases: ids.iter().map(|id| (*id).to_owned()).collect() }
    }

    fn scope() -> Scope {
        let module = |id: &str, targets| Module { id: id.to_owned(), targets, ..Module::default() };
        let include = |id: &str| Include { module: id.to_owned(), ..Include::default() };
        Scope {
            modules: vec![
                module("a", vec![target("main", &["t2", "t1"]), target("preview", &["t4"])]),
                module("b", vec![target("main", &["t3", "t1"])]),
                module("c", vec![target("preview", &["t3"])]),
            ],
            versions: vec![Version {
                version: "v1".to_owned(),
                stabilized_at: Some("2026-01-01".to_owned()),
                include: vec![include("a"), include("b"), include("c"), include("unknown")],
                targets: vec![],
            }],
            ..Scope::default()
        }
        .with_targets()
    }

    #[test]
    fn a_versions_targets_are_the_sorted_unions_of_its_modules_targets() {
        let scope = scope();
        let version = scope.version("v1").unwrap();
        assert_eq!(version.targets, [target("main", &["t1", "t2", "t3"]), target("preview", &["t3", "t4"])]);
        assert_eq!(version.testcases().len(), 4);
        assert_eq!(version.target("recommended"), None);
    }

    #[test]
    fn built_in_scopes_are_called_by_their_short_names() {
        for (name, scope) in built_in() {
            assert_eq!(scope.short_name(), name);
        }
    }

    #[test]
    fn of_two_targets_the_later_one_owns_a_testcase() {
        let scope = scope();
        let version = scope.version("v1").unwrap();
        assert_eq!(version.target_of("t3"), Some("preview"));
        assert_eq!(version.target_of("t1"), Some("main"));
        assert_eq!(version.target_of("t9"), None);
    }

    #[test]
    fn attention_counts_stable_versions_only() {
        let mut scope = scope();
        assert_eq!((scope.attention("t1"), scope.attention("t4")), (1, 0));
        scope.versions[0].stabilized_at = None;
        assert_eq!(scope.attention("t1"), 0);
    }
}
