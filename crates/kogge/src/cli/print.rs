//! How to print, for commands that take nothing else of a cloud.

use clap::Args;

use crate::output::Output;

/// How to print.
#[derive(Debug, Clone, Args)]
pub struct Print {
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}
