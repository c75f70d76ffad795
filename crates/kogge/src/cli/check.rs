//! `kogge check`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::output::Output;

/// What `kogge check` does besides checking a cloud.
#[derive(Debug, Clone, Subcommand)]
pub enum CheckCommand {
    /// Say what a test case demands, how it is judged, and what usually helps
    Explain(Explain),
}

/// `kogge check explain`.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// The test case, or the beginning of the ids of several, e.g. scs-0102
    pub id: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge check`.
///
/// Without a command of its own it checks a cloud.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Check {
    /// What else to do than check a cloud
    #[command(subcommand)]
    pub command: Option<CheckCommand>,
    /// Scope and version, e.g. scs-compatible-iaas@v5.1 [default: the version in effect of scs-compatible-iaas]
    pub scope: Option<String>,
    /// Name in clouds.yaml [default: $OS_CLOUD, else kogge]
    #[arg(long, value_name = "NAME")]
    pub cloud: Option<String>,
    /// Take the version in effect on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// Only the test cases whose id matches from its start
    #[arg(long, value_name = "REGEX")]
    pub tests: Option<String>,
    /// Every test case that kogge has, whatever the versions in effect list
    #[arg(long)]
    pub all: bool,
    /// Remove what an interrupted run left behind, and nothing else
    #[arg(long)]
    pub clean: bool,
    /// What to write: text, yaml, json, junit, sarif, markdown, html; with =FILE into a file [default: text]
    #[arg(long, value_name = "KIND[=FILE]", value_delimiter = ',')]
    pub output: Vec<String>,
    /// Data directory of the local cloud whose clouds.yaml is used if there is no other
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}
