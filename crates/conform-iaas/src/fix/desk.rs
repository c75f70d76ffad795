//! The planner's desk: what is wished for, the changes so far, and the inventory as it will be after them.

use std::collections::BTreeMap;

use kogge_conform::ObjectRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::Action;
use super::inventory::Inventory;
use super::overwritten::overwritten;
use super::wishes::Wishes;

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caution: String,
    /// The same as a line for a shell.
    pub command: String,
    /// What it overwrites or deletes, as it was when the plan was made. The step is made only while it is still so, and
    /// whoever wants to undo it finds here what there was.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub overwrites: Value,
    /// The step itself.
    pub action: Action,
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
    pub(super) changes: Vec<Change>,
    /// Advice in better words than the finding's own, by test case and object.
    pub(super) words: BTreeMap<(String, String), String>,
}

impl<'a> Desk<'a> {
    /// A desk with nothing on it but what is there.
    pub(super) fn new(inventory: &Inventory, wishes: &'a Wishes) -> Self {
        Self { wishes, inventory: inventory.clone(), changes: Vec::new(), words: BTreeMap::new() }
    }

    /// Whether a test case is to pass.
    pub(super) fn wants(&self, testcase: &str) -> bool {
        self.wishes.testcases.contains(testcase)
    }

    /// Notes a change and simulates it.
    pub(super) fn change(&mut self, draft: Draft) {
        let Draft { testcases, object, what, before, after, why, caution, action } = draft;
        let overwrites = overwritten(&action, &self.inventory);
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
            overwrites,
            action,
        });
    }

    /// Says what to do about an object that a test case complains about.
    pub(super) fn say(&mut self, testcase: &str, object: &str, words: impl Into<String>) {
        self.words.insert((testcase.to_owned(), object.to_owned()), words.into());
    }
}
