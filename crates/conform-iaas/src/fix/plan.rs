//! The plan: changes that an API can make, and advice for the rest.

use std::collections::BTreeMap;

use kogge_standards::{Judgement, Severity, Verdict};
use serde::{Deserialize, Serialize};

use super::desk::{Change, Desk};
use super::inventory::Inventory;
use super::standing::judge;
use super::wishes::Wishes;
use super::{flavors, images, rules, volume_types};

/// What no change of the plan mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// The test case that does not pass.
    pub testcase: String,
    /// The object.
    pub object: String,
    /// What the rule wants.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// What to do.
    pub todo: String,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What an API can change, in the order in which it is to be done.
    pub changes: Vec<Change>,
    /// What would still be wrong afterwards.
    pub advice: Vec<Advice>,
    /// Wanted test cases that nobody looked at, since only a run of the checks can decide them.
    pub not_looked_at: Vec<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// Plans what would have to change so that the wanted test cases pass. Nothing is asked of the cloud.
#[must_use]
pub fn plan(inventory: &Inventory, wishes: &Wishes) -> Plan {
    let mut desk = Desk::new(inventory, wishes);
    flavors::plan(&mut desk);
    images::plan(&mut desk);
    rules::plan(&mut desk);
    volume_types::plan(&mut desk);
    let after = judge(&desk.inventory, &wishes.testcases);
    let looked_at = |testcase: &&String| after.contains_key(*testcase);
    Plan {
        advice: after.values().flat_map(|judgement| advice(judgement, &desk.words)).collect(),
        not_looked_at: wishes.testcases.iter().filter(|t| !looked_at(t)).cloned().collect(),
        notes: notes(&desk.inventory),
        changes: desk.changes,
    }
}

fn advice(judgement: &Judgement, words: &BTreeMap<(String, String), String>) -> Vec<Advice> {
    if judgement.verdict == Verdict::Pass {
        return Vec::new();
    }
    let testcase = judgement.testcase.to_string();
    let weighty = judgement.findings.iter().filter(|finding| finding.severity >= Severity::Violation);
    weighty
        .map(|finding| {
            let better = words.get(&(testcase.clone(), finding.object.clone())).cloned();
            Advice {
                testcase: testcase.clone(),
                object: finding.object.clone(),
                expected: finding.expected.clone(),
                found: finding.found.clone(),
                todo: better.unwrap_or_else(|| finding.fix.clone()),
            }
        })
        .collect()
}

fn notes(inventory: &Inventory) -> Vec<String> {
    let community = inventory.images.as_ref().map_or(0, |held| held.community);
    let mut notes = Vec::new();
    if community > 0 {
        notes.push(format!(
            "{community} community images were left alone: they are their projects' own, and count only for their members"
        ));
    }
    let lying = inventory.volume_types.iter().flatten().filter(|kind| kind.claims_in_vain());
    notes.extend(lying.map(|kind| {
        format!(
            "volume type {:?} claims to be encrypted and has no encryption specification; the check believes it, users should not",
            kind.seen.name
        )
    }));
    notes
}

#[cfg(test)]
mod tests;
