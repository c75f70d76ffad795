//! `kogge report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::check::Account;
use super::referee::Forms;
use crate::output::Output;

/// What can be done with a report.
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = super::referee::EXITS)]
pub enum ReportCommand {
    /// Show a JSON report in another form, or write it into files
    Convert(Convert),
    /// Show which verdicts differ between two JSON reports; the exit code is 3 if anything that passed no longer does
    Diff(ReportDiff),
    /// Say whether a report is as it was when it was signed
    Verify(Verify),
    /// Sign a report in upstream's YAML format into FILE.sig
    Sign(Sign),
    /// Send a signed report to a compliance monitor, such as one whose upload failed
    Upload(Upload),
    /// Take what is private out of a JSON report
    Redact(Redact),
}

/// `kogge report convert`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Convert {
    /// The JSON report
    pub file: PathBuf,
    /// Its new forms
    #[command(flatten)]
    pub forms: Forms,
}

/// `kogge report diff`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct ReportDiff {
    /// The older JSON report
    pub old: PathBuf,
    /// The newer one
    pub new: PathBuf,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge report verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Verify {
    /// The report; its signature lies beside it as FILE.sig
    pub file: PathBuf,
}

/// `kogge report sign`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Sign {
    /// The report in upstream's YAML format
    pub file: PathBuf,
    /// The SSH key; a public key is looked for in the ssh-agent. A passphrase comes from $KOGGE_SIGN_PASSPHRASE or the
    /// terminal
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,
}

/// `kogge report upload`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Upload {
    /// The report in upstream's YAML format; its signature lies beside it as FILE.sig
    pub file: PathBuf,
    /// The monitor
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Who sends it
    #[command(flatten)]
    pub account: Account,
}

/// `kogge report redact`.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Redact {
    /// The JSON report
    pub file: PathBuf,
    /// More names that are private, such as those of the user and of the project; may come often
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
    /// Its forms without what is private
    #[command(flatten)]
    pub forms: Forms,
}
