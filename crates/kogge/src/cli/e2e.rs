//! `kogge check e2e`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::known::{CLOUDS, Known};
use super::referee::{EXITS, Forms, Target};

/// `kogge check e2e`: the 258 Tempest tests of SCS-0128.
///
/// It writes a tempest.conf from the cloud itself, starts Tempest in a virtual environment of its own, and reports test
/// by test. With ordinary accounts it needs a member and a reader in each of two projects; those of --cloud NAME are
/// found by themselves if they are called NAME-reader, NAME-alt and NAME-alt-reader in clouds.yaml.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXITS)]
pub struct EndToEnd {
    /// What else to do than run the tests
    #[command(subcommand)]
    pub command: Option<EndToEndCommand>,
    /// The run
    #[command(flatten)]
    pub run: RunEndToEnd,
}

/// What `kogge check e2e` does besides running the tests.
#[derive(Debug, Clone, Subcommand)]
pub enum EndToEndCommand {
    /// Remove what a stopped run left in the cloud; what is found is shown first
    Clean(Box<CleanEndToEnd>),
    /// Make the virtual environment with Tempest, print the path of its command, and end: for machines from which PyPI
    /// cannot be reached later
    Install(Install),
}

/// `kogge check e2e clean`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct CleanEndToEnd {
    /// The run, by the eight digits in the names of what it left, or `all` that are older than a run may last
    pub run: String,
    /// Who removes it
    #[command(flatten)]
    pub accounts: TestAccounts,
    /// The run's folder, with which also what has no name is found
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove it without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// `kogge check e2e install`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXITS)]
pub struct Install {
    /// The Python that makes the virtual environment
    #[arg(long, value_name = "COMMAND", default_value = "python3")]
    pub python: String,
}

/// A run of the tests.
#[derive(Debug, Clone, Args)]
pub struct RunEndToEnd {
    /// Who runs the tests
    #[command(flatten)]
    pub accounts: TestAccounts,
    /// What the tests use
    #[command(flatten)]
    pub wishes: TestWishes,
    /// Only the tests of the list whose name matches somewhere
    #[arg(short, long, value_name = "REGEX", conflicts_with = "resume")]
    pub tests: Option<String>,
    /// Go on with the stopped run of this JSON report: only tests without a final verdict run again
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Workers at a time; more than one only with --admin-cloud [default: 2 with --admin-cloud, else 1]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub jobs: Option<u32>,
    /// The longest that the tests may take as a whole, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=10080))]
    pub timeout: u32,
    /// Look the cloud through, write the files and show the plan, without starting Tempest
    #[arg(long)]
    pub dry_run: bool,
    /// A new folder for tempest.conf, logs and results; all of it is kept, passwords too [default: a folder below
    /// $XDG_STATE_HOME/kogge/e2e, from which the passwords are removed in the end]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A Tempest that is there: its command, or the virtual environment that holds it [default: one made from PyPI in
    /// $XDG_CACHE_HOME/kogge]
    #[arg(long, value_name = "PATH")]
    pub tempest: Option<PathBuf>,
    /// The Python that makes the virtual environment
    #[arg(long, value_name = "COMMAND", default_value = "python3", conflicts_with = "tempest")]
    pub python: String,
    /// Forms of the report
    #[command(flatten)]
    pub forms: Forms,
    /// The cloud's name in the reports [default: its name in clouds.yaml]
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// Take ids, addresses, hosts, keys and the names of users and projects out of everything that is shown or written;
    /// not out of the run's folder, which is Tempest's
    #[arg(long)]
    pub redact: bool,
}

/// The accounts of the tests, by their names in clouds.yaml.
#[derive(Debug, Clone, Default, Args)]
pub struct TestAccounts {
    /// A member of a project
    #[command(flatten)]
    pub target: Target,
    /// A reader of the same project
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub reader_cloud: Option<String>,
    /// A member of another project
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub alt_cloud: Option<String>,
    /// A reader of that other project
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub alt_reader_cloud: Option<String>,
    /// An administrator: Tempest makes projects and users for each class of tests, and removes them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["reader_cloud", "alt_cloud", "alt_reader_cloud"])]
    pub admin_cloud: Option<String>,
    /// File in which a table [cloud.NAME] names these accounts by reader_cloud, alt_cloud, alt_reader_cloud or admin_cloud
    /// [default: as for `kogge check`]
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// What the tests use, where the choice shall not be left to us.
#[derive(Debug, Clone, Args)]
pub struct TestWishes {
    /// Image to start servers from [default: the smallest public one]
    #[arg(long, value_name = "NAME|ID")]
    pub image: Option<String>,
    /// Flavor of the servers [default: the smallest with a disk that the image fits on]
    #[arg(long, value_name = "NAME|ID")]
    pub flavor: Option<String>,
    /// Flavor to resize to [default: the next one]
    #[arg(long, value_name = "NAME|ID")]
    pub flavor_alt: Option<String>,
    /// External network [default: the default one, else the first]
    #[arg(long, value_name = "NAME|ID")]
    pub external_network: Option<String>,
    /// Network of the servers, with ordinary accounts [default: one of the project, else a shared one]
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// User of the image's guests; with it the two tests run that sign in there over SSH, through a floating IP
    #[arg(long, value_name = "NAME")]
    pub ssh_user: Option<String>,
    /// How many old passwords of a user the cloud remembers; with it the two tests run that change one and change it back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub password_history: Option<u32>,
    /// The cloud refuses images whose content is not of the format that they claim; ten tests are skipped then
    #[arg(long)]
    pub image_formats_checked: bool,
    /// How long a server, an image or a volume may take to be made, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=7200))]
    pub build_timeout: u32,
}
