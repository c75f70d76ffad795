//! The command line.

mod advice;
mod check;
mod demo;
mod e2e;
pub mod fix;
pub mod flavor_name;
mod image;
mod known;
mod manual;
mod print;
mod quarantine;
mod referee;
pub mod report;
pub mod standards;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::output::Output;

pub use advice::Advice;
pub use check::{Asked, Check, CheckCommand, Clean, Explain, FailOn, ListChecks, Reports, Run, Which};
pub use demo::Demo;
pub use e2e::{CleanEndToEnd, EndToEnd, EndToEndCommand, RunEndToEnd, TestAccounts};
pub use image::{Image, Publish};
pub use known::offer_clouds;
pub use manual::Manual;
pub use quarantine::{ImageRemoval, Quarantine, Removal};
pub use referee::{Forms, Target};
pub use report::ReportCommand;

/// An OpenStack-API compatible cloud, and the referee for the standards of the Sovereign Cloud Stack.
#[derive(Debug, Parser)]
#[command(name = "kogge", version = env!("KOGGE_VERSION"), propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a cloud on this machine and return when it answers
    Up(Up),
    /// Stop the cloud and its guests
    Down(Down),
    /// Show what runs and where
    Status(Where),
    /// Look whether this machine can run a cloud; each finding says what to do
    Doctor(Doctor),
    /// Show the background tasks of the running cloud
    Tasks(Where),
    /// Tell what became of something in the running cloud, in plain words
    #[command(subcommand)]
    Explain(Story),
    /// Walk through a cloud: a server with a network and an address, each step as an `openstack` command with its answer
    Demo(Demo),
    /// Give images to everybody in the cloud
    #[command(subcommand)]
    Image(Image),
    /// Save the database, keys, accounts and images of this machine's cloud, which may run
    Backup(Backup),
    /// Bring a backup back; guests and their disks stay as they are
    Restore(Restore),
    /// Look at guests and disks that the cloud does not know, and remove them
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Check a cloud against the SCS standards
    Check(Box<Check>),
    /// Change a cloud so that it passes: flavors, extra specs, image properties, default rules; needs an administrator
    Fix(fix::Fix),
    /// Convert, compare, verify, sign, send and redact reports
    #[command(subcommand)]
    Report(ReportCommand),
    /// Look at the SCS standards: documents, scopes, test cases, flavor names
    #[command(subcommand)]
    Standards(standards::Standards),
    /// Look at the configuration
    #[command(subcommand)]
    Config(Config),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
        /// Offer the names of clouds too, as they are in clouds.yaml now
        #[arg(long)]
        clouds: bool,
    },
    /// Write a man page for each command into a directory: how packages are made
    #[command(hide = true)]
    Man {
        /// Where to
        dir: PathBuf,
    },
}

/// Which cloud of this machine.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// Data directory [default: /var/lib/kogge, or $XDG_DATA_HOME/kogge without root]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}

/// `kogge explain`.
#[derive(Debug, Subcommand)]
pub enum Story {
    /// A server, deleted or not: asked, placed where and why, told, done
    Server {
        /// The server's id
        id: kogge_ids::ServerId,
        /// Which cloud of this machine
        #[command(flatten)]
        place: Where,
    },
    /// A volume: asked, placed where, copied, used by whom
    Volume {
        /// The volume's id
        id: kogge_ids::VolumeId,
        /// Which cloud of this machine
        #[command(flatten)]
        place: Where,
    },
    /// A port: made, held by what, on which host
    Port {
        /// The port's id
        id: kogge_ids::PortId,
        /// Which cloud of this machine
        #[command(flatten)]
        place: Where,
    },
}

/// `kogge up`.
#[derive(Debug, Clone, Args)]
pub struct Up {
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
    /// Simulate guests, disks and networks: in memory, without root
    #[arg(long)]
    pub sim: bool,
    /// How many hosts to simulate
    #[arg(long, value_name = "N", requires = "sim", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub hosts: u16,
    /// Address and port of the APIs [default: 127.0.0.1:8770]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Configuration file [default: kogge.toml in the data directory, else for /var/lib/kogge /etc/kogge/kogge.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Take this database for this data directory's though they belong to different clouds, or it is empty; guests that
    /// it does not know are kept in quarantine
    #[arg(long)]
    pub adopt_database: bool,
    /// Stay attached, log to standard error, stop on Ctrl-C
    #[arg(long)]
    pub foreground: bool,
    /// Log to kogge.log in the data directory: how a cloud in the background is started
    #[arg(long, hide = true)]
    pub log_to_file: bool,
}

/// `kogge down`.
#[derive(Debug, Clone, Args)]
pub struct Down {
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
    /// Leave the guests running
    #[arg(long)]
    pub keep_guests: bool,
}

/// `kogge backup`.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// Directory that takes the backups, one folder each; images are kept once for all of them
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
    /// Configuration file [default: kogge.toml in the data directory, else for /var/lib/kogge /etc/kogge/kogge.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `kogge restore`.
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// A backup, or the directory of backups: then the newest
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
    /// Configuration file [default: kogge.toml in the data directory, else for /var/lib/kogge /etc/kogge/kogge.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `kogge doctor`.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
    /// Look only at what a simulated cloud needs
    #[arg(long)]
    pub sim: bool,
    /// Read the whole database: every row, index and reference
    #[arg(long)]
    pub deep: bool,
}

/// `kogge config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print a file with every key, its meaning and its default
    Example,
    /// Print the settings in force
    Show(ConfigFile),
    /// Say whether a file is right
    Check(ConfigFile),
}

/// Which file.
#[derive(Debug, Clone, Args)]
pub struct ConfigFile {
    /// The file [default: kogge.toml in the data directory, else for /var/lib/kogge /etc/kogge/kogge.toml]
    pub file: Option<PathBuf>,
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
}
