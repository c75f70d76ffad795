//! The plan: changes that an API can make, and advice for the rest.

use std::collections::{BTreeMap, BTreeSet};

use kogge_conform::ObjectRef;
use kogge_standards::{Judgement, Severity, Verdict};
use serde::Serialize;

use super::action::Action;
use super::inventory::Inventory;
use super::settings::Settings;
use super::standing::judge;
use super::{flavors, images, rules, volume_types};

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

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The test cases that it serves.
    pub testcases: Vec<String>,
    /// The object. Its id is absent where the change makes it.
    pub object: ObjectRef,
    /// What of the object: `extra specs`, `min_disk` …
    pub what: String,
    /// How it is.
    pub before: String,
    /// How it will be.
    pub after: String,
    /// How the right value is known.
    pub why: String,
    /// Whether nothing that works today can work differently tomorrow.
    pub safe: bool,
    /// What to think of before agreeing; empty for a safe change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub caution: String,
    /// The same as a line for a shell.
    pub command: String,
    /// The step itself.
    #[serde(skip)]
    pub action: Action,
}

/// What no change of the plan mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

/// A change while it is put together.
pub(super) struct Draft {
    pub(super) testcases: Vec<String>,
    pub(super) object: ObjectRef,
    pub(super) what: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) why: String,
    pub(super) caution: &'static str,
    pub(super) action: Action,
}

/// The planner's desk: the inventory as it will be after the changes so far.
pub(super) struct Desk<'a> {
    pub(super) wishes: &'a Wishes,
    pub(super) inventory: Inventory,
    changes: Vec<Change>,
    /// Advice in better words than the finding's own, by test case and object.
    pub(super) words: BTreeMap<(String, String), String>,
}

impl Desk<'_> {
    /// Whether a test case is to pass.
    pub(super) fn wants(&self, testcase: &str) -> bool {
        self.wishes.testcases.contains(testcase)
    }

    /// Notes a change and simulates it.
    pub(super) fn change(&mut self, draft: Draft) {
        let Draft { testcases, object, what, before, after, why, caution, action } = draft;
        action.simulate(&mut self.inventory);
        let (safe, caution, command) = (caution.is_empty(), caution.to_owned(), action.command());
        self.changes.push(Change {
            testcases,
            object,
            what,
            before,
            after,
            why,
            safe,
            caution,
            command,
            action,
        });
    }

    /// Says what to do about an object that a test case complains about.
    pub(super) fn say(&mut self, testcase: &str, object: &str, words: impl Into<String>) {
        self.words.insert((testcase.to_owned(), object.to_owned()), words.into());
    }
}

/// Plans what would have to change so that the wanted test cases pass. Nothing is asked of the cloud.
#[must_use]
pub fn plan(inventory: &Inventory, wishes: &Wishes) -> Plan {
    let inventory = inventory.clone();
    let mut desk = Desk { wishes, inventory, changes: Vec::new(), words: BTreeMap::new() };
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
