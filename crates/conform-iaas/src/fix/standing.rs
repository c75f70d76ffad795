//! How an inventory stands before the judges: the verdicts of the checks, for what a member would see of it.

use std::collections::{BTreeMap, BTreeSet};

use kogge_conform::Problem;
use kogge_standards::default_rules::{SeenTemplate, judge_templates};
use kogge_standards::flavor_name::{judge_semantics, judge_syntax};
use kogge_standards::flavors::{SeenFlavor, judge_0103};
use kogge_standards::image_metadata::judge_0102;
use kogge_standards::key_manager::judge_presence;
use kogge_standards::service_types::{Edition, judge_catalog};
use kogge_standards::standard_images::judge_0104;
use kogge_standards::volume_types::{SeenVolumeType, judge_0114};
use kogge_standards::{Finding, Judgement, Verdict};
use serde::Serialize;

use super::inventory::Inventory;

/// How one test case stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The test case.
    pub testcase: String,
    /// Its verdict, from what the administrator sees of what everybody sees.
    pub verdict: Verdict,
}

/// The verdicts on the wanted test cases, as far as they can be judged from the inventory.
#[must_use]
pub fn standings(inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Standing> {
    let judged = judge(inventory, wanted).into_values();
    judged.map(|j| Standing { testcase: j.testcase.into_owned(), verdict: j.verdict }).collect()
}

/// The judgements on the wanted test cases.
pub(super) fn judge(inventory: &Inventory, wanted: &BTreeSet<String>) -> BTreeMap<String, Judgement> {
    let all = [
        flavors(inventory, wanted),
        images(inventory, wanted),
        rules(inventory, wanted),
        volume_types(inventory, wanted),
        services(inventory),
    ];
    let wanted = |j: &Judgement| wanted.contains(j.testcase.as_ref());
    all.into_iter().flatten().filter(wanted).map(|j| (j.testcase.to_string(), j)).collect()
}

/// What cannot be judged because the list that it needs was refused.
fn unread(wanted: &BTreeSet<String>, prefixes: &[&str], what: &str, problem: &Problem) -> Vec<Judgement> {
    let concerned = wanted.iter().filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)));
    let finding = || {
        Finding::undecidable(what, "an answer to judge by", problem.to_string())
            .fix("let the service answer this user, then run again")
    };
    concerned.map(|id| Judgement::from_findings(id.clone(), vec![finding()])).collect()
}

fn flavors(inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Judgement> {
    if let Err(problem) = &inventory.flavors {
        return unread(wanted, &["scs-0100-", "scs-0103-"], "flavors", problem);
    }
    let seen: Vec<SeenFlavor> = inventory.public_flavors().cloned().collect();
    [judge_syntax(&seen), judge_semantics(&seen)].into_iter().chain(judge_0103(&seen)).collect()
}

fn images(inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Judgement> {
    match &inventory.images {
        Err(problem) => unread(wanted, &["scs-0102-", "scs-0104-"], "images", problem),
        Ok(held) => {
            // patterns are costly: the names are looked at only if somebody wants to know
            let names = wanted.iter().any(|id| id.starts_with("scs-0104-"));
            let named = names.then(|| judge_0104(&held.public)).into_iter().flatten();
            judge_0102(&held.public, inventory.now).into_iter().chain(named).collect()
        }
    }
}

fn rules(inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Judgement> {
    match &inventory.rules {
        Err(problem) => unread(wanted, &["scs-0115-"], "default security group rules", problem),
        // the fresh group that stands in for it is made by the check, not by us
        Ok(None) => Vec::new(),
        Ok(Some(templates)) => {
            let seen: Vec<SeenTemplate> = templates.iter().map(|template| template.seen.clone()).collect();
            vec![judge_templates(&seen)]
        }
    }
}

fn volume_types(inventory: &Inventory, wanted: &BTreeSet<String>) -> Vec<Judgement> {
    match &inventory.volume_types {
        Err(problem) => unread(wanted, &["scs-0114-"], "volume types", problem),
        Ok(held) => judge_0114(&held.iter().map(|kind| kind.seen.clone()).collect::<Vec<SeenVolumeType>>()),
    }
}

fn services(inventory: &Inventory) -> Vec<Judgement> {
    let kinds: Vec<&str> = inventory.service_kinds.iter().map(String::as_str).collect();
    let both = [Edition::V2, Edition::V1].into_iter().flat_map(|edition| judge_catalog(edition, &kinds));
    both.chain([judge_presence(kinds.iter().copied())]).collect()
}
