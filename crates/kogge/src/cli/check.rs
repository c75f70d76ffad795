//! `kogge check`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::e2e::EndToEnd;
use super::known::{CHECKED, CHECKS, Known};
use super::referee::{EXITS, Forms, Target};
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  kogge check --cloud acme                         the checks of the version in effect
  kogge check list scs-compatible-iaas@v5.1        what would run, and what it needs
  kogge check --tests 'scs-010[03]' --report json=r.json --report html=r.html
  kogge check --resume r.json                      go on after a stop
  kogge check explain scs-0103                     the rule, and what helps
  kogge check e2e --cloud acme                     the Tempest tests of SCS-0128
";

/// What `kogge check` does besides checking a cloud.
#[derive(Debug, Clone, Subcommand)]
pub enum CheckCommand {
    /// Show what would run, what it needs and what it would create; nothing is called
    List(Box<ListChecks>),
    /// Check a cloud, which is also what happens without a command
    Run(Box<Run>),
    /// Say what a test case demands, how it is judged, and what usually helps
    Explain(Explain),
    /// Ask what no program can look at, and keep the answers
    Manual(super::Manual),
    /// Remove what interrupted runs left behind; what still runs is left alone
    Clean(Box<Clean>),
    /// Run the Tempest tests of SCS-0128 end to end, set up from the cloud itself
    E2e(Box<EndToEnd>),
}

/// `kogge check explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct Explain {
    /// The test case, or the beginning of the ids of several, e.g. scs-0102
    #[arg(value_parser = Known(&CHECKS), hide_possible_values = true)]
    pub id: String,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge check clean`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct Clean {
    /// Only what this run left, by its id or the beginning of it [default: all that have ended]
    pub run: Option<String>,
    /// Which cloud
    #[command(flatten)]
    pub target: Target,
    /// The credentials of the advisory checks that left something
    #[command(flatten)]
    pub advice: super::Advice,
    /// Show what is written down as left, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `kogge check`.
///
/// Without a command of its own it checks a cloud.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = format!("{EXAMPLES}\n{EXITS}"))]
pub struct Check {
    /// What else to do than check a cloud
    #[command(subcommand)]
    pub command: Option<CheckCommand>,
    /// The check
    #[command(flatten)]
    pub run: Run,
}

/// `kogge check list`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct ListChecks {
    /// What would run
    #[command(flatten)]
    pub asked: Asked,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge check run`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct Run {
    /// What runs
    #[command(flatten)]
    pub asked: Asked,
    /// How many checks run at the same time; those that create something run one after the other [default: 64]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// The longest that the checks may take as a whole, in minutes; what has not ended by then has not finished
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=10080))]
    pub timeout: Option<u32>,
    /// What exit code 3 is for, beside official checks that fail; may come often, or separated by commas
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Show only what did not pass, and the summary
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every observation, and how long each check took
    #[arg(short, long)]
    pub verbose: bool,
    /// Where reports go
    #[command(flatten)]
    pub reports: Reports,
}

/// What exit code 3 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Of the official checks only those of the target main: what is merely recommended may fail
    Main,
    /// Passes with a warning too
    Warnings,
    /// Advice and answers that fail too
    Advice,
    /// Official checks that could not run or did not finish, instead of exit code 4
    #[value(alias = "not-finished")]
    Undecided,
}

/// What is to be checked, and where.
#[derive(Debug, Clone, Args)]
pub struct Asked {
    /// Scope and version, e.g. scs-compatible-iaas@v5.1 [default: the version in effect of scs-compatible-iaas]
    #[arg(value_parser = Known(&CHECKED), hide_possible_values = true)]
    pub scope: Option<String>,
    /// Which cloud
    #[command(flatten)]
    pub target: Target,
    /// Which tests
    #[command(flatten)]
    pub choice: Choice,
    /// Go on with the interrupted run of this JSON report: what is decided there is not checked again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["date", "tests", "all", "advisory", "spec"])]
    pub resume: Option<PathBuf>,
    /// What advisory checks may use
    #[command(flatten)]
    pub advice: super::Advice,
    /// File with what checks of each cloud take every time: a table [cloud.NAME] with subject, jobs and the options of
    /// advisory checks [default: $XDG_CONFIG_HOME/kogge/check.toml, then check.toml beside clouds.yaml]
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// Which test cases of the scope.
#[derive(Debug, Clone, Default, Args)]
pub struct Which {
    /// Take the version in effect on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// Only tests whose id matches somewhere, as everywhere in kogge (^ and $ stand for its ends). Advisory checks and
    /// questions whose id begins with a match run too; where nothing else runs, the exit code is 4, for nothing was decided
    #[arg(short, long, value_name = "REGEX", value_parser = Known(&CHECKS), hide_possible_values = true)]
    pub tests: Option<String>,
    /// Every test case that kogge has, whatever the versions in effect list
    #[arg(long)]
    pub all: bool,
}

/// Which tests `kogge check` runs.
#[derive(Debug, Clone, Args)]
pub struct Choice {
    /// Of the scope
    #[command(flatten)]
    pub which: Which,
    /// Also run the checks of drafts, in a section of their own; they decide nothing. --tests chooses among them
    /// where it matches one
    #[arg(long)]
    pub advisory: bool,
    /// Take the scope from a file in upstream's YAML format, or from its address
    #[arg(long, value_name = "FILE|URL")]
    pub spec: Option<String>,
}

/// Who sends a report. Passwords are never taken from the command line.
#[derive(Debug, Clone, Args)]
pub struct Account {
    /// File with the account at the monitor, as base64 of NAME:PASSWORD [default: $KOGGE_MONITOR_TOKEN, else
    /// $KOGGE_MONITOR_USER and $KOGGE_MONITOR_PASSWORD]
    #[arg(long, value_name = "FILE", env = "KOGGE_MONITOR_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// What `kogge check` does with its reports.
#[derive(Debug, Clone, Args)]
pub struct Reports {
    /// Their forms
    #[command(flatten)]
    pub forms: Forms,
    /// The cloud's name in the reports, such as the account at the monitor [default: its name in clouds.yaml]
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// Take ids, addresses, hosts, keys and the names of cloud, user and project out of everything that is shown or
    /// written
    #[arg(long)]
    pub redact: bool,
    /// Sign the YAML report with this SSH key into FILE.sig; a public key is looked for in the ssh-agent. A passphrase
    /// comes from $KOGGE_SIGN_PASSPHRASE or the terminal
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// Send the signed report to this compliance monitor
    #[arg(long, value_name = "URL", requires = "sign")]
    pub upload: Option<String>,
    /// Who sends it
    #[command(flatten)]
    pub account: Account,
}
