//! Values that completions offer where any text may stand.

use std::ffi::OsStr;
use std::sync::{LazyLock, OnceLock};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use kogge_conform_iaas::{explanations, manual};
use kogge_standards::document::documents;
use kogge_standards::scope::built_in;

/// A free text with values that completions offer: files of --spec may hold others.
#[derive(Clone, Copy)]
pub(super) struct Known(pub(super) &'static LazyLock<Vec<String>>);

impl TypedValueParser for Known {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // so many values are no help in a message about one that is wrong: they are for completions
        Some(Box::new(self.0.iter().map(|value| PossibleValue::new(value.as_str()))))
    }
}

/// The scopes.
pub(super) static SCOPES: LazyLock<Vec<String>> =
    LazyLock::new(|| built_in().iter().map(|(name, _)| (*name).to_owned()).collect());

/// Bare versions of the scope that is taken unless told otherwise, then all with their scopes.
pub(super) static VERSIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let [(_, default), _] = built_in();
    let bare = default.versions.iter().map(|version| version.version.clone());
    let all = built_in().into_iter().flat_map(|(name, scope)| {
        scope.versions.iter().map(move |version| format!("{name}@{}", version.version))
    });
    bare.chain(all).collect()
});

/// Whatever `kogge standards show` shows.
pub(super) static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let documents = documents().iter().map(|document| document.short_id());
    let scopes = built_in().into_iter();
    let ids = scopes.flat_map(|(name, scope)| {
        let versions = scope.versions.iter().map(move |version| format!("{name}@{}", version.version));
        let modules = scope.modules.iter().map(|module| module.id.clone());
        versions.chain(modules).chain(scope.testcases().map(|(testcase, _)| testcase.id.clone()))
    });
    let mut all: Vec<_> = documents.chain(ids).collect();
    all.sort();
    all.dedup();
    all
});

/// The scopes and versions that `kogge check` knows; a bare `@VERSION` is of its only scope.
pub(super) static CHECKED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let [(name, scope), _] = built_in();
    let versions = scope.versions.iter().map(|version| &version.version);
    let all = versions.flat_map(|version| [format!("{name}@{version}"), format!("@{version}")]);
    std::iter::once(name.to_owned()).chain(all).collect()
});

/// The checks: official ones, advice, and questions.
pub(super) static CHECKS: LazyLock<Vec<String>> =
    LazyLock::new(|| explanations().into_iter().map(|known| known.description.id).collect());

/// The questions to people.
pub(super) static QUESTIONS: LazyLock<Vec<String>> =
    LazyLock::new(|| manual::questions().iter().map(|question| question.id.to_owned()).collect());

static CLOUD_NAMES: OnceLock<Vec<String>> = OnceLock::new();

/// The clouds, if [`offer_clouds`] told them.
pub(super) static CLOUDS: LazyLock<Vec<String>> =
    LazyLock::new(|| CLOUD_NAMES.get().cloned().unwrap_or_default());

/// Has completions offer these names of clouds. They differ from user to user, so that nobody sees them who does not ask.
pub fn offer_clouds(names: Vec<String>) {
    let _ = CLOUD_NAMES.set(names);
}
