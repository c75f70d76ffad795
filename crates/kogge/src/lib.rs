//! One binary: the cloud, the referee, the registry.
//!
//! This crate has no rules of its own: it reads the configuration, builds the services' handles from the bottom to
//! the top, mounts their routers, starts their tasks ([`cloud`]), and offers it all as commands ([`commands`]).
//! [`test_cloud`] is the same cloud inside a test process.

pub mod accounts;
pub mod ask;
pub mod backup;
pub mod checks;
pub mod cli;
pub mod cloud;
pub mod clouds_yaml;
pub mod commands;
pub mod compatibility;
pub mod control;
pub mod counts;
pub mod data_dir;
pub mod exit;
pub mod notify;
pub mod output;
pub mod test_cloud;
pub mod upstream;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// Runs a command line.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = match cli::Cli::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            let usage = error.use_stderr();
            return if usage { exit::Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        output::complain("another TLS provider is installed in this process");
        return exit::Exit::Bug.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("the runtime does not start: {error}"));
            return exit::Exit::Bug.into();
        }
    };
    let ended = runtime.block_on(commands::run(parsed));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::complain(&failure.to_string());
            failure.exit().into()
        }
    }
}
