//! `kogge demo`.

use clap::Args;

use super::Target;

/// `kogge demo`.
#[derive(Debug, Args)]
#[command(after_help = EXITS)]
pub struct Demo {
    /// Which cloud
    #[command(flatten)]
    pub target: Target,
    /// Image to boot from, by its name or id [default: kogge-tiny, else the smallest public one]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Flavor of the server, by its name or id [default: SCS-1L-1-5, else the smallest with a disk]
    #[arg(long, value_name = "FLAVOR")]
    pub flavor: Option<String>,
    /// Leave what was made, and say how to look at it and how to remove it
    #[arg(long)]
    pub keep: bool,
}

const EXITS: &str = "\
What is made has a name of its own (kogge-demo-…) and is removed again, also after Ctrl-C and after a failure.

Exit codes:
  0  the walk was done             4  a step failed, or something could not be removed
  2  the command line is wrong";
