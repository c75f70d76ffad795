//! The `kogge` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kogge::run(std::env::args_os())
}
