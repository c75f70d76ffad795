//! `kogge check`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::e2e::EndToEnd;
use crate::output::Output;

/// What `kogge check` does besides checking a cloud.
#[derive(Debug, Clone, Subcommand)]
pub enum CheckCommand {
    /// Say what a test case demands, how it is judged, and what usually helps
    Explain(Explain),
    /// Send a signed report to a compliance monitor, such as one whose upload failed
    Upload(Upload),
    /// Ask what no program can look at, and keep the answers
    Manual(super::Manual),
    /// Run the Tempest tests of SCS-0128 end to end, set up from the cloud itself
    E2e(Box<EndToEnd>),
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

/// `kogge check upload`.
#[derive(Debug, Clone, Args)]
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

/// Who sends a report. Passwords are never taken from the command line.
#[derive(Debug, Clone, Args)]
pub struct Account {
    /// File with the account at the monitor, as base64 of NAME:PASSWORD [default: $KOGGE_MONITOR_TOKEN, else
    /// $KOGGE_MONITOR_USER and $KOGGE_MONITOR_PASSWORD, else the monitor's entry in netrc]
    #[arg(long, value_name = "FILE", env = "KOGGE_MONITOR_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
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
    /// Which tests
    #[command(flatten)]
    pub choice: Choice,
    /// Show what would run, what it needs and what it would create; nothing is called
    #[arg(long, conflicts_with = "fix")]
    pub plan: bool,
    /// Go on with the interrupted run of this JSON report: what is decided there is not checked again
    #[arg(long, value_name = "FILE", conflicts_with = "fix")]
    pub resume: Option<PathBuf>,
    /// Remove what an interrupted run left behind, and nothing else
    #[arg(long)]
    pub clean: bool,
    /// Mending what does not pass
    #[command(flatten)]
    pub fix: super::fix::Fix,
    /// What advisory checks may use
    #[command(flatten)]
    pub advice: super::Advice,
    /// Where reports go
    #[command(flatten)]
    pub reports: Reports,
    /// Data directory of the local cloud whose clouds.yaml is used if there is no other
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Which tests `kogge check` runs.
#[derive(Debug, Clone, Args)]
pub struct Choice {
    /// Take the version in effect on this day
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "resume")]
    pub date: Option<String>,
    /// Only the test cases whose id matches from its start. Advisory checks and questions that it names run too, without
    /// other options; where nothing else runs, the exit code is 4, for nothing was decided
    #[arg(long, value_name = "REGEX", conflicts_with = "resume")]
    pub tests: Option<String>,
    /// Every test case that kogge has, whatever the versions in effect list
    #[arg(long, conflicts_with = "resume")]
    pub all: bool,
    /// Also run the checks of drafts, in a section of their own; they decide nothing. --tests chooses among them
    /// where it matches one
    #[arg(long, conflicts_with_all = ["resume", "fix"])]
    pub advisory: bool,
    /// Take the scope from a file in upstream's YAML format, or from its address
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["resume", "fix"])]
    pub spec: Option<String>,
}

/// What `kogge check` does with its reports.
#[derive(Debug, Clone, Args)]
pub struct Reports {
    /// What to write: text, yaml, json, junit, sarif, markdown, html; with =FILE into a file [default: text]
    #[arg(long, value_name = "KIND[=FILE]", value_delimiter = ',')]
    pub output: Vec<String>,
    /// The cloud's name in the reports, such as the account at the monitor [default: its name in clouds.yaml]
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// Take ids, addresses, hosts, keys and the names of user and project out of everything that is shown or written
    #[arg(long, conflicts_with = "fix")]
    pub redact: bool,
    /// Sign the YAML report with this SSH key into FILE.sig; a public key is looked for in the ssh-agent. A passphrase
    /// comes from $KOGGE_SIGN_PASSPHRASE or the terminal
    #[arg(long, value_name = "KEY", conflicts_with = "fix")]
    pub sign: Option<PathBuf>,
    /// Send the signed report to this compliance monitor
    #[arg(long, value_name = "URL", requires = "sign")]
    pub upload: Option<String>,
    /// Who sends it
    #[command(flatten)]
    pub account: Account,
}
