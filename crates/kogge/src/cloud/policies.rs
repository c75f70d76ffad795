//! The policy of all services, with the operator's overrides.

use std::collections::BTreeMap;
use std::path::Path;

use kogge_auth::{Policies, RuleSet};
use kogge_config::Config;

use crate::exit::Failure;

/// The rule tables of all services.
#[must_use]
pub fn rule_sets() -> Vec<RuleSet> {
    vec![
        kogge_identity::RULE_SET,
        kogge_image::RULES,
        kogge_placement::RULES,
        kogge_network::RULE_SET,
        kogge_volume::RULES,
        kogge_compute::RULES,
    ]
}

/// Compiles them.
///
/// # Errors
/// Where the operator's file cannot be read or is wrong.
pub(super) fn compile(config: &Config) -> Result<Policies, Failure> {
    let file = &config.policy.file;
    let overrides = if file.is_empty() { BTreeMap::new() } else { read(Path::new(file))? };
    Policies::with_overrides(&rule_sets(), &overrides).map_err(|error| Failure::Usage(error.to_string()))
}

fn read(file: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("policy.file {}: {error}", file.display())))?;
    Policies::read_overrides(&text).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}
