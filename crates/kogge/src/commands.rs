//! The commands, one file each.

pub mod backup;
pub mod check;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod down;
pub mod explain;
pub mod fix;
pub mod image;
pub mod man;
mod outputs;
pub mod quarantine;
pub mod report;
pub mod restore;
pub mod settings;
mod sign;
pub mod signal;
mod spec;
pub mod standards;
pub mod status;
pub mod tasks;
mod text_file;
pub mod up;
mod upload;

use clap::CommandFactory;

use crate::cli::{Cli, Command, offer_clouds};
use crate::exit::{Exit, Failure};

/// Runs what the command line says.
///
/// # Errors
/// What ended it early, in words for its reader.
pub async fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Up(arguments) => up::run(arguments).await,
        Command::Down(arguments) => down::run(arguments).await,
        Command::Status(place) => status::run(place).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Tasks(place) => tasks::run(place).await,
        Command::Explain(command) => explain::run(command).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Image(command) => image::run(command).await,
        Command::Backup(arguments) => backup::run(arguments).await,
        Command::Restore(arguments) => restore::run(arguments).await,
        Command::Quarantine(command) => quarantine::run(command).await,
        Command::Check(arguments) => check::run(*arguments).await,
        Command::Fix(arguments) => fix::run(arguments).await,
        Command::Report(command) => report::run(command).await,
        Command::Standards(command) => standards::run(command).await,
        Command::Config(command) => config::run(command).await,
        Command::Completions { shell, clouds } => {
            if clouds {
                offer_clouds(check::target::cloud_names()?);
            }
            // to a buffer first: a reader that goes away must not end us with a panic
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "kogge", &mut script);
            crate::output::line(String::from_utf8_lossy(&script).trim_end());
            Ok(Exit::Pass)
        }
        Command::Man { dir } => man::run(&dir),
    }
}

/// Whatever is made from here on, here or in a library, is for its owner only.
fn private() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}
