//! The command line of `kogge standards`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use kogge_standards::document::Track;

use super::flavor_name::FlavorName;
use super::known::{IDS, Known, SCOPES, VERSIONS};
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
