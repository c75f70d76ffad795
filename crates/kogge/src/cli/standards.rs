//! The command line of `kogge standards`.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Args, Subcommand};
use kogge_standards::document::{Track, documents};
use kogge_standards::scope::built_in;

use super::flavor_name::FlavorName;
use super::print::Print;

/// `kogge standards`.
#[derive(Debug, Subcommand)]
pub enum Standards {
    /// List every document with its status, the scope versions that use it and its number of checks
    List(List),
    /// Show a standard, a scope version, a module or a test case
    Show(Show),
    /// Show what changes from one scope version to another
    Diff(Diff),
    /// Show when which version of a scope counts, and how long results last
    Timeline(Timeline),
    /// Take flavor names apart and make them (SCS-0100)
    #[command(subcommand)]
    FlavorName(FlavorName),
    /// Check the files of documents by the rules of SCS-0001
    Lint(Lint),
}

/// A scope of others in the place of the built-in scopes.
#[derive(Debug, Clone, Args)]
pub struct Spec {
    /// Take the scope from a file in upstream's YAML format, or from its address, instead of the built-in ones
    #[arg(long, value_name = "FILE|URL")]
    pub spec: Option<String>,
}

/// A day in the place of today.
#[derive(Debug, Clone, Args)]
pub struct Day {
    /// Take this day instead of today
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
}

/// `kogge standards list`.
#[derive(Debug, Clone, Args)]
pub struct List {
    /// List the versions of the scopes instead of the documents
    #[arg(long)]
    pub scopes: bool,
    /// Only documents of this track
    #[arg(long, value_parser = track(), ignore_case = true, conflicts_with = "scopes")]
    pub track: Option<Track>,
    /// The scope
    #[command(flatten)]
    pub spec: Spec,
    /// The day
    #[command(flatten)]
    pub day: Day,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// `kogge standards show`.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// A document (scs-0103, scs-0103-v1), a scope version (scs-compatible-iaas@v5.1), a module or a test case
    #[arg(value_parser = Known(&IDS), hide_possible_values = true)]
    pub id: String,
    /// The scope
    #[command(flatten)]
    pub spec: Spec,
    /// The day
    #[command(flatten)]
    pub day: Day,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// `kogge standards diff`.
#[derive(Debug, Clone, Args)]
pub struct Diff {
    /// The older version; a bare one is of the file of --spec, else of scs-compatible-iaas
    #[arg(value_parser = Known(&VERSIONS), hide_possible_values = true)]
    pub old: String,
    /// The newer version; SCOPE@VERSION is always a built-in one
    #[arg(value_parser = Known(&VERSIONS), hide_possible_values = true)]
    pub new: String,
    /// The scope
    #[command(flatten)]
    pub spec: Spec,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// `kogge standards timeline`.
#[derive(Debug, Clone, Args)]
pub struct Timeline {
    /// The scope [default: scs-compatible-iaas]
    #[arg(value_parser = Known(&SCOPES), hide_possible_values = true, conflicts_with = "spec")]
    pub scope: Option<String>,
    /// The scope
    #[command(flatten)]
    pub spec: Spec,
    /// The day
    #[command(flatten)]
    pub day: Day,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// `kogge standards lint`.
#[derive(Debug, Clone, Args)]
pub struct Lint {
    /// The folder with the documents (scs-*.md)
    pub folder: PathBuf,
    /// Show what SCS-0001 asks for beyond the community's own linter, too
    #[arg(long)]
    pub advice: bool,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// A track by its name, in letters of either case.
fn track() -> impl TypedValueParser<Value = Track> {
    let words = PossibleValuesParser::new(Track::ALL.map(Track::word));
    words.try_map(|word| Track::named(&word).ok_or("there is no such track"))
}

/// A free text with values that completions offer: files of --spec may hold others.
#[derive(Clone, Copy)]
struct Known(&'static LazyLock<Vec<String>>);

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
        let values: &'static [String] = self.0;
        Some(Box::new(values.iter().map(|value| PossibleValue::new(value.as_str()))))
    }
}

static SCOPES: LazyLock<Vec<String>> =
    LazyLock::new(|| built_in().iter().map(|(name, _)| (*name).to_owned()).collect());

/// Bare versions of the scope that is taken unless told otherwise, then all with their scopes.
static VERSIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let [(_, default), _] = built_in();
    let bare = default.versions.iter().map(|version| version.version.clone());
    let all = built_in().into_iter().flat_map(|(name, scope)| {
        scope.versions.iter().map(move |version| format!("{name}@{}", version.version))
    });
    bare.chain(all).collect()
});

static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
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
