//! The arguments of `kogge check --fix`.

use clap::Args;

/// Mending what does not pass.
#[derive(Debug, Clone, Default, Args)]
pub struct Fix {
    /// Change the cloud so that it passes: flavors, extra specs, image properties, default rules; needs an administrator
    #[arg(long, conflicts_with = "clean")]
    pub fix: bool,
    /// With --fix: show what would have to change, and change nothing
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// With --fix: make the changes without asking
    #[arg(long, requires = "fix")]
    pub yes: bool,
    /// With --fix: delete flavors of wrong size that no server has, and create them anew
    #[arg(long, requires = "fix")]
    pub replace_flavors: bool,
    /// With --fix: have the cloud download missing standard images from their vendors
    #[arg(long, requires = "fix")]
    pub images: bool,
    /// With --fix: what only the operator knows, e.g. min_ram=512 or 'Ubuntu 24.04:min_ram=512'; may come often
    #[arg(long, value_name = "[OBJECT:]KEY=VALUE", requires = "fix")]
    pub set: Vec<String>,
    /// With --fix: cloud of an ordinary member, with which the checks concerned are run before and after
    #[arg(long, value_name = "NAME", requires = "fix")]
    pub check_as: Option<String>,
}
