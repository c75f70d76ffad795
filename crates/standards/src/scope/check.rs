//! What is wrong with a scope: the checks of the upstream loader, and those that only the document asks for.

use std::collections::BTreeSet;

use serde::Serialize;

use super::lifetime::expiry;
use super::{MAIN, Scope, Validity, Version};

/// A reason for which the upstream loader refuses a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeProblem {
    /// A key that the format does not know.
    #[error("{path}: unknown key {key:?}; known are {known}")]
    UnknownKey {
        /// Where.
        path: String,
        /// The key.
        key: String,
        /// The keys that the format knows there.
        known: String,
    },
    /// A part is missing or of the wrong kind.
    #[error("{path}: expected {expected}, found {found}")]
    Shape {
        /// Where.
        path: String,
        /// What is wanted.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Two testcases, modules or versions share a name.
    #[error("{kind} {name:?} is defined twice")]
    Duplicate {
        /// `testcase`, `module` or `version`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A version includes a module that is not defined.
    #[error("version {version:?} includes module {module:?}, which is not defined")]
    UnknownModule {
        /// The version.
        version: String,
        /// The module.
        module: String,
    },
    /// A timeline entry names a version that is not defined.
    #[error("the timeline names version {version:?} for {date}, which is not defined")]
    UnknownVersion {
        /// Date of the entry.
        date: String,
        /// The version.
        version: String,
    },
    /// A stable version's deciding target lists a testcase that no script yields.
    #[error("version {version:?} is stable, but no script yields its testcase {testcase:?}")]
    UndefinedTestcase {
        /// The version.
        version: String,
        /// The testcase.
        testcase: String,
    },
}

impl Scope {
    /// Everything for which the upstream loader would refuse this scope. Empty for a usable one.
    pub fn problems(&self) -> Vec<ScopeProblem> {
        let mut problems = Vec::new();
        problems.extend(twice("testcase", self.testcases().map(|(testcase, _)| testcase.id.as_str())));
        problems.extend(twice("module", self.modules.iter().map(|module| module.id.as_str())));
        problems.extend(twice("version", self.versions.iter().map(|version| version.version.as_str())));
        let defined: BTreeSet<&str> = self.testcases().map(|(testcase, _)| testcase.id.as_str()).collect();
        for version in &self.versions {
            let unknown = version.include.iter().filter(|include| self.module(&include.module).is_none());
            problems.extend(unknown.map(|include| ScopeProblem::UnknownModule {
                version: version.version.clone(),
                module: include.module.clone(),
            }));
            problems.extend(undefined(version, &defined));
        }
        for entry in &self.timeline {
            let unknown = entry.versions.iter().filter(|(name, _)| self.version(name).is_none());
            problems.extend(unknown.map(|(name, _)| ScopeProblem::UnknownVersion {
                date: entry.date.to_string(),
                version: name.clone(),
            }));
        }
        problems
    }

    /// What the document asks for and the upstream loader does not check, in sentences. Such a scope works.
    pub fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        for (what, text) in [("uuid", &self.uuid), ("name", &self.name), ("url", &self.url)] {
            if text.is_empty() {
                advice.push(format!("the scope has no {what}"));
            }
        }
        if !self.timeline.is_sorted_by(|newer, older| newer.date > older.date) {
            advice.push("the timeline is not sorted from the newest entry to the oldest".to_owned());
        }
        for entry in &self.timeline {
            for (name, validity) in &entry.versions {
                if let Validity::Other(word) = validity {
                    advice.push(format!("the timeline says {word:?} of version {name} for {}", entry.date));
                }
                if validity.certifies() && self.version(name).is_some_and(|version| !version.is_stable()) {
                    advice.push(format!(
                        "version {name} is {} from {} on, but not stable",
                        validity.word(),
                        entry.date
                    ));
                }
            }
        }
        for (testcase, _) in self.testcases() {
            if expiry(jiff::civil::DateTime::ZERO, testcase.lifetime.as_deref()).is_err() {
                advice.push(format!(
                    "testcase {} has the unknown lifetime {:?}",
                    testcase.id, testcase.lifetime
                ));
            }
        }
        advice.extend(self.versions.iter().flat_map(|version| self.version_advice(version)));
        advice
    }

    fn version_advice(&self, version: &Version) -> Vec<String> {
        let mut advice = Vec::new();
        if version.target(MAIN).is_none() {
            advice.push(format!("version {} has no target {MAIN}", version.version));
        }
        let modules = version.include.iter().filter_map(|include| self.module(&include.module));
        let ids = modules.flat_map(|module| {
            let unique: BTreeSet<_> = module.targets.iter().flat_map(|target| &target.testcases).collect();
            unique.into_iter().map(String::as_str)
        });
        advice.extend(
            repeated(ids).into_iter().map(|id| {
                format!("version {} gets testcase {id} from more than one module", version.version)
            }),
        );
        let defined: BTreeSet<&str> = self.testcases().map(|(testcase, _)| testcase.id.as_str()).collect();
        let lost = version.testcases().into_iter().filter(|id| !defined.contains(id));
        advice
            .extend(lost.map(|id| format!("no script yields testcase {id} of version {}", version.version)));
        advice
    }
}

fn undefined(version: &Version, defined: &BTreeSet<&str>) -> Vec<ScopeProblem> {
    let main = if version.is_stable() { version.target(MAIN).unwrap_or_default() } else { &[] };
    let lost = main.iter().filter(|id| !defined.contains(id.as_str()));
    lost.map(|id| ScopeProblem::UndefinedTestcase { version: version.version.clone(), testcase: id.clone() })
        .collect()
}

fn twice<'a>(kind: &'static str, names: impl Iterator<Item = &'a str>) -> Vec<ScopeProblem> {
    repeated(names).into_iter().map(|name| ScopeProblem::Duplicate { kind, name: name.to_owned() }).collect()
}

/// The names that occur more than once.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}
