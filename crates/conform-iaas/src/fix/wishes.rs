//! What a plan is to reach.

use std::collections::BTreeSet;

use super::settings::Settings;

/// What is asked of the planner.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The test cases that are to pass.
    pub testcases: BTreeSet<String>,
    /// What only the operator can know.
    pub settings: Settings,
    /// Whether flavors with wrong sizes may be deleted and made anew, where no server has them.
    pub replace_flavors: bool,
    /// Whether missing standard images may be downloaded.
    pub images: bool,
}
