//! Flavors (SCS-0103): the missing are made, extra specs are set; sizes cannot be changed.

use std::collections::BTreeMap;

use kogge_conform::ObjectRef;
use kogge_standards::flavors::{NAME_KEY, SeenFlavor, find};
use kogge_standards::{StandardFlavor, standard_flavors};

use super::action::{Action, NewFlavor};
use super::desk::{Desk, Draft};
use super::inventory::HeldFlavor;

pub(super) fn plan(desk: &mut Desk<'_>) {
    if desk.inventory.flavors.is_err() || desk.inventory.public_flavors().any(|f| f.extra_specs.is_none()) {
        // null extra specs are a matter of the policy; the test cases cannot be decided until it is mended
        return;
    }
    for standard in standard_flavors() {
        if desk.wants(&standard.testcase()) {
            mend(desk, standard);
        }
    }
}

/// Brings one standard flavor in order. Each round takes one wrong claim away, so there are at most as many as flavors.
fn mend(desk: &mut Desk<'_>, standard: &StandardFlavor) {
    loop {
        let Some(found) = find(standard, desk.inventory.public_flavors()).cloned() else {
            return missing(desk, standard);
        };
        if fits(standard, &found) {
            return complete(desk, standard, &found);
        }
        if found.name == standard.name {
            return wrong_sizes(desk, standard, &found);
        }
        disclaim(desk, standard, &found);
    }
}

fn fits(standard: &StandardFlavor, flavor: &SeenFlavor) -> bool {
    (flavor.vcpus, flavor.ram_mib, flavor.disk_gb)
        == (u64::from(standard.vcpus), standard.ram_mib, standard.disk_gib)
}

fn sizes(vcpus: u64, ram_mib: u64, disk_gb: u64) -> String {
    format!("{vcpus} vCPUs, {ram_mib} MiB, {disk_gb} GB")
}

fn object(name: &str, id: Option<&str>) -> ObjectRef {
    ObjectRef { name: format!("flavor {name:?}"), id: id.map(str::to_owned) }
}

fn draft(standard: &StandardFlavor, object: ObjectRef, what: &str, action: Action) -> Draft {
    Draft {
        testcases: vec![standard.testcase()],
        object,
        what: what.to_owned(),
        before: String::new(),
        after: String::new(),
        why: format!("SCS-0103 fixes it for {}", standard.name),
        caution: "",
        action,
    }
}

fn missing(desk: &mut Desk<'_>, standard: &StandardFlavor) {
    let old_spelling =
        standard.extra_specs().find_map(|(key, value)| (key == "scs:name-v1").then_some(value));
    let known = desk.inventory.public_flavors().find(|f| Some(&f.name) == old_spelling.as_ref()).cloned();
    if let Some(known) = known
        && fits(standard, &known)
        && !known.extra_specs.as_ref().is_some_and(|specs| specs.contains_key(NAME_KEY))
    {
        return complete(desk, standard, &known);
    }
    let held = desk.inventory.flavors.as_deref().unwrap_or_default();
    if held.iter().any(|flavor| !flavor.public && flavor.seen.name == standard.name) {
        let words = format!(
            "a private flavor of this name is in the way, and is its project's own: make it public or delete it \
             (openstack flavor show {}), then plan again",
            standard.name
        );
        return desk.say(&standard.testcase(), &object(standard.name, None).name, words);
    }
    let new = NewFlavor::from(standard);
    desk.change(Draft {
        before: "no such flavor".to_owned(),
        after: format!("{}, {}", sizes(new.vcpus, new.ram_mib, new.disk_gb), shown(&new.extra_specs)),
        ..draft(standard, object(standard.name, None), "the flavor", Action::CreateFlavor(new))
    });
}

/// Sets the extra specs that are missing or wrong.
fn complete(desk: &mut Desk<'_>, standard: &StandardFlavor, flavor: &SeenFlavor) {
    let known = |key: &str| flavor.extra_specs.as_ref().and_then(|specs| specs.get(key));
    let wanted = standard.extra_specs().map(|(key, value)| (key.to_owned(), value));
    let specs: BTreeMap<String, String> = wanted.filter(|(key, value)| known(key) != Some(value)).collect();
    if specs.is_empty() {
        return;
    }
    let before: Vec<String> =
        specs.keys().map(|key| format!("{key}={}", known(key).map_or("(not set)", String::as_str))).collect();
    let action = Action::SetSpecs { id: flavor.id.clone(), specs: specs.clone() };
    desk.change(Draft {
        before: before.join(" "),
        after: shown(&specs),
        ..draft(standard, object(&flavor.name, Some(&flavor.id)), "extra specs", action)
    });
}

/// Takes a false claim away, so that the flavor that bears the name is seen again.
fn disclaim(desk: &mut Desk<'_>, standard: &StandardFlavor, flavor: &SeenFlavor) {
    let action = Action::UnsetSpec { id: flavor.id.clone(), key: NAME_KEY.to_owned() };
    let have = sizes(flavor.vcpus, flavor.ram_mib, flavor.disk_gb);
    desk.change(Draft {
        before: format!("{NAME_KEY}={}", standard.name),
        after: "(not set)".to_owned(),
        why: format!("it claims to be {} with {have}, and hides the flavor that is", standard.name),
        ..draft(standard, object(&flavor.name, Some(&flavor.id)), "extra specs", action)
    });
}

fn wrong_sizes(desk: &mut Desk<'_>, standard: &StandardFlavor, flavor: &SeenFlavor) {
    let used = held(desk, &flavor.id).and_then(|held| held.used);
    let words = match (desk.wishes.replace_flavors, used) {
        (true, Some(false)) => return replace(desk, standard, flavor),
        (true, Some(true)) => {
            "sizes cannot be changed, and servers have this flavor: move them to another one (resize), then plan \
             again with --replace-flavors"
        }
        (true, None) => {
            "sizes cannot be changed, and whether servers have this flavor could not be found out"
        }
        (false, _) => {
            "sizes cannot be changed: delete the flavor and create it anew; --replace-flavors does so where no \
             server has it"
        }
    };
    desk.say(&standard.testcase(), &object(&flavor.name, None).name, words);
}

fn held<'a>(desk: &'a Desk<'_>, id: &str) -> Option<&'a HeldFlavor> {
    desk.inventory.flavors.as_deref().unwrap_or_default().iter().find(|flavor| flavor.seen.id == id)
}

fn replace(desk: &mut Desk<'_>, standard: &StandardFlavor, flavor: &SeenFlavor) {
    let mut new = NewFlavor::from(standard);
    let mut specs = flavor.extra_specs.clone().unwrap_or_default();
    specs.append(&mut new.extra_specs);
    new.extra_specs = specs;
    let after = sizes(new.vcpus, new.ram_mib, new.disk_gb);
    let action = Action::ReplaceFlavor { id: flavor.id.clone(), with: new };
    desk.change(Draft {
        before: sizes(flavor.vcpus, flavor.ram_mib, flavor.disk_gb),
        after,
        caution: "for a moment there is no such flavor, and no server can be made with it; its id and all else stay",
        ..draft(standard, object(&flavor.name, Some(&flavor.id)), "the flavor", action)
    });
}

fn shown(specs: &BTreeMap<String, String>) -> String {
    specs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
