//! Descriptions of volume types (SCS-0114): they say what a type has, and nothing that it has not.

use kogge_conform::ObjectRef;
use kogge_standards::volume_types::{ASPECTS, aspects, claim};

use super::action::Action;
use super::desk::{Desk, Draft};
use super::inventory::HeldType;

const SYNTAX: &str = "scs-0114-syntax-check";

/// The type that every cloud has and the standard leaves alone.
const UNREGULATED: &str = "__default__";

impl HeldType {
    fn aspects(&self) -> Option<Vec<&str>> {
        self.seen.description.as_deref().and_then(aspects)
    }

    fn claims(&self, aspect: &str) -> bool {
        self.aspects().is_some_and(|list| list.contains(&aspect))
    }

    /// Whether it says that it is encrypted, and is not.
    pub(super) fn claims_in_vain(&self) -> bool {
        self.claims("encrypted") && !self.encrypted
    }
}

pub(super) fn plan(desk: &mut Desk<'_>) {
    let Ok(types) = desk.inventory.volume_types.clone() else { return };
    if desk.wants(SYNTAX) {
        types.iter().for_each(|kind| tidy(desk, kind));
    }
    for (aspect, testcase) in ASPECTS.into_iter().zip(["scs-0114-encrypted-type", "scs-0114-replicated-type"])
    {
        if desk.wants(testcase) {
            offer(desk, aspect, testcase);
        }
    }
}

/// Puts a claim in order; what is no aspect becomes part of the text.
fn tidy(desk: &mut Desk<'_>, kind: &HeldType) {
    let Some(list) = kind.aspects() else { return };
    let right = claim(kind.claims("encrypted"), kind.claims("replicated"));
    let sorted: Vec<&str> = ASPECTS.into_iter().filter(|aspect| list.contains(aspect)).collect();
    if list == sorted {
        return;
    }
    let mut others: Vec<&str> = list.into_iter().filter(|a| !ASPECTS.contains(a) && !a.is_empty()).collect();
    others.sort_unstable();
    others.dedup();
    let others = others.join(", ");
    let text = joined([&right, &others, rest(kind)]);
    describe(desk, kind, SYNTAX, text, "SCS-0114 wants the aspects that it knows, sorted, each once");
}

/// Lets the types that have an aspect say so, if none does yet.
fn offer(desk: &mut Desk<'_>, aspect: &str, testcase: &str) {
    let types = desk.inventory.volume_types.clone().unwrap_or_default();
    if types.iter().any(|kind| kind.claims(aspect)) {
        return;
    }
    let mut found = false;
    for kind in types.iter().filter(|kind| kind.seen.name != UNREGULATED) {
        let Some(why) = has(desk, kind, aspect) else { continue };
        found = true;
        let of = |other: &str| other == aspect || kind.claims(other);
        let text = joined([&claim(of("encrypted"), of("replicated")), "", rest(kind)]);
        describe(desk, kind, testcase, text, why);
    }
    if !found {
        desk.say(testcase, "volume types", advice(aspect));
    }
}

/// How it is known that a type has an aspect; `None` if it has not, or nobody knows.
fn has(desk: &Desk<'_>, kind: &HeldType, aspect: &str) -> Option<&'static str> {
    if aspect == "encrypted" {
        return kind.encrypted.then_some("the type has an encryption specification");
    }
    match desk.wishes.settings.replicated(&kind.seen.name, &kind.id) {
        Some(true) => Some("given with --set"),
        Some(false) => None,
        None => kind.replicated.then_some("its extra specs ask for replication"),
    }
}

fn advice(aspect: &str) -> &'static str {
    if aspect == "encrypted" {
        "no type has an encryption specification: make one, as in openstack volume type create --encryption-provider \
         luks --encryption-cipher aes-xts-plain64 --encryption-key-size 256 --encryption-control-location front-end \
         NAME, and plan again"
    } else {
        "no type is known to be replicated: if the storage behind one keeps copies, plan again with --set \
         TYPE:replicated=true"
    }
}

/// The text behind the claim.
fn rest(kind: &HeldType) -> &str {
    let text = kind.seen.description.as_deref().unwrap_or_default();
    match kind.aspects() {
        Some(_) => text.split_once(']').map_or("", |(_, rest)| rest),
        None => text,
    }
}

fn joined(parts: [&str; 3]) -> String {
    parts.map(str::trim).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn describe(desk: &mut Desk<'_>, kind: &HeldType, testcase: &str, text: String, why: &str) {
    let (name, id) = (format!("volume type {:?}", kind.seen.name), kind.id.clone());
    desk.change(Draft {
        testcases: vec![testcase.to_owned()],
        object: ObjectRef { name, id: Some(id.clone()) },
        what: "description".to_owned(),
        before: kind.seen.description.clone().unwrap_or_else(|| "(not set)".to_owned()),
        after: text.clone(),
        why: why.to_owned(),
        caution: "",
        action: Action::DescribeType { id, description: text },
    });
}

#[cfg(test)]
mod tests;
