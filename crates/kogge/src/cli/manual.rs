//! `kogge check manual`.

use clap::Args;

use super::known::{Known, QUESTIONS};
use crate::output::Output;

/// Questions that no program can answer, and the answers of the operator.
#[derive(Debug, Clone, Args)]
#[command(after_help = super::referee::EXITS)]
pub struct Manual {
    /// Which cloud
    #[command(flatten)]
    pub target: super::referee::Target,
    /// Only this question
    #[arg(long, value_name = "ID", conflicts_with = "answer", value_parser = Known(&QUESTIONS), hide_possible_values = true)]
    pub id: Option<String>,
    /// Answer without being asked, e.g. availability-zones-check=yes; the answers are yes, no and na
    #[arg(long, value_name = "ID=ANSWER", conflicts_with = "list")]
    pub answer: Option<String>,
    /// Where the evidence can be read
    #[arg(long, value_name = "URL", requires = "answer")]
    pub evidence: Option<String>,
    /// What else there is to say; a no, or that a question does not apply, needs it
    #[arg(long, value_name = "TEXT", requires = "answer")]
    pub note: Option<String>,
    /// Who answers [default: $USER]
    #[arg(long, value_name = "NAME", env = "USER")]
    pub by: Option<String>,
    /// Show the questions and how they stand; ask nothing
    #[arg(long)]
    pub list: bool,
    /// How to print
    #[arg(long = "format", value_enum, default_value_t)]
    pub output: Output,
}
