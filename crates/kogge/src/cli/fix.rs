//! `kogge fix`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::check::Which;
use super::known::{CHECKED, CLOUDS, Known};
use super::referee::Target;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  kogge fix plan --cloud acme-admin -o plan.json   what would have to change; changes nothing
  kogge fix apply plan.json --check-as acme        make exactly that, and check as a member before and after
";

/// `kogge fix`.
#[derive(Debug, Clone, Args)]
#[command(after_help = format!("{EXAMPLES}\n{}", super::referee::EXITS))]
pub struct Fix {
    /// What to do
    #[command(subcommand)]
    pub command: FixCommand,
}

/// What `kogge fix` does.
#[derive(Debug, Clone, Subcommand)]
pub enum FixCommand {
    /// Show what would have to change so that the cloud passes, and change nothing
    Plan(Box<FixPlan>),
    /// Make the changes of a plan, and nothing else
    Apply(FixApply),
}

/// `kogge fix plan`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct FixPlan {
    /// Scope and version, e.g. scs-compatible-iaas@v5.1 [default: the version in effect of scs-compatible-iaas]
    #[arg(value_parser = Known(&CHECKED), hide_possible_values = true)]
    pub scope: Option<String>,
    /// The cloud of an administrator
    #[command(flatten)]
    pub target: Target,
    /// Which test cases are to pass
    #[command(flatten)]
    pub which: Which,
    /// Delete flavors of wrong size that no server has, and create them anew
    #[arg(long)]
    pub replace_flavors: bool,
    /// Have the cloud download missing standard images from their vendors
    #[arg(long)]
    pub images: bool,
    /// What only the operator knows, e.g. min_ram=512 or 'Ubuntu 24.04:min_ram=512'; may come often
    #[arg(long, value_name = "[OBJECT:]KEY=VALUE")]
    pub set: Vec<String>,
    /// Write the plan into this file, for `kogge fix apply`
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge fix apply`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct FixApply {
    /// The plan, as `kogge fix plan -o FILE` wrote it
    pub plan: PathBuf,
    /// The cloud of an administrator [default: the one of the plan]
    #[command(flatten)]
    pub target: Target,
    /// Make the changes without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Cloud of an ordinary member, with which the checks concerned are run before and after
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub check_as: Option<String>,
    /// Where each change is written down before it is made, with what there was [default: PLAN.record]
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}
