//! What the commands of the referee share: which cloud, which forms of a report, how they end.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use kogge_conform::render;

use super::known::{CLOUDS, Known};

/// How every command of the referee ends.
pub(super) const EXITS: &str = "\
Exit codes:
  0  all that counts passed        4    something could not be decided or done
  1  a bug in kogge                130  Ctrl-C ended it before it was done
  2  the command line is wrong     143  SIGTERM ended it before it was done
  3  a check failed";

/// Which cloud.
#[derive(Debug, Clone, Default, Args)]
pub struct Target {
    /// Name in clouds.yaml [default: $OS_CLOUD, else kogge]
    #[arg(short, long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub cloud: Option<String>,
    /// Region of the cloud [default: the one in clouds.yaml or $OS_REGION_NAME, else the first]
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Data directory of the local cloud whose clouds.yaml is used if there is no other
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Forms of a report, on the terminal and in files.
#[derive(Debug, Clone, Args)]
pub struct Forms {
    /// What to print
    #[arg(long, value_name = "KIND", default_value = "text", value_parser = kinds())]
    pub format: String,
    /// Write a report into a file: yaml, json, junit, sarif, markdown, html or text; may come often
    #[arg(short = 'o', long, value_name = "KIND=FILE", value_delimiter = ',')]
    pub report: Vec<String>,
}

/// The names of all forms, for help and completions.
fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(render::NAMES.map(|(name, _)| PossibleValue::new(name)))
}
