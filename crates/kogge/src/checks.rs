//! `docs/CHECKS.md`: what each check of the referee reads, needs and creates, where it counts, and what proves it.
//!
//! Printed from the catalogue, the scope and the table of mutations, so that it cannot say more than the tests do.

use std::collections::BTreeMap;
use std::fmt::Write;

use kogge_conform::Description;
use kogge_conform_iaas::catalogue;
use kogge_conform_iaas::proof::{Expected, Mutation, Request, mutations, requests};
use kogge_standards::scope::{Scope, Target, scs_compatible_iaas};

use crate::test_cloud::Reach;

const HEAD: &str = "# Checks\n\n\
    Printed by `make docs` from the catalogue of checks, the scope and the table of mutations; do not edit.\n\n\
    A *mutation* breaks a cloud that does everything right in one place. `cargo nextest run -p kogge-conform-iaas --test \
    matrix` carries\nall of them out on a double that serves everything. The last column says where else: on *Kogge*'s own \
    cloud, over its APIs\n(`cargo nextest run -p kogge -E 'test(referee)'`), and on a real *OpenStack* (`scripts/parity`, \
    which is no part of the tests). Each run\ncompares the verdicts of **all** checks: those named must be as the table \
    says, all others as before; then it has the cloud mended\n(`kogge fix`), and what the plan promised must come \
    true. Given a checkout of the upstream suite, `scripts/parity` demands the\nsame verdicts of it. A check without a \
    mutation that makes it fail does not get through the tests.\n\n\
    Lists and experiments are shared: a run fetches each once, however many checks need it. Experiments run one after the \
    other,\nadvisory checks after all others. Everything that is created bears the run's id in its name, is written into \
    the run's own journal\n(`$XDG_STATE_HOME/kogge/journal`) before the call, and is removed; `kogge check clean` removes \
    what killed runs left, and leaves alone\nwhat runs that go on have. A create that was never answered is looked for \
    twice, ten minutes apart, before it counts as not made.\nIn the end each service that was used is \
    asked for its version document, for the report.\n\n\
    Whose trouble a problem is decides what it may come to. What the cloud answers can be a failure. A disk of ours that \
    is full, a time\nor size that we set, or missing credentials leave a check open. A call that is lost on its way \
    (502, 503, 504, no answer) is sent\nagain where that is safe; waiting for a volume or a machine goes on through any \
    fault until upstream's patience is over.\n";

/// The page.
#[must_use]
pub fn page() -> String {
    let table = mutations();
    let checks = catalogue();
    let mut standards: BTreeMap<&str, Vec<&Description>> = BTreeMap::new();
    for description in checks.iter().map(|check| check.description()) {
        standards.entry(standard(&description.id)).or_default().push(description);
    }
    let sections = standards.iter().map(|(name, all)| section(name, all, &table));
    HEAD.to_owned() + &sections.collect::<String>()
}

/// `scs-0103-flavor-1v-4` → `scs-0103`.
fn standard(id: &str) -> &str {
    id.match_indices('-').nth(1).map_or(id, |(end, _)| &id[..end])
}

fn section(name: &str, checks: &[&Description], table: &[Mutation]) -> String {
    let mut text = format!("\n## {name}\n\n");
    for (means, ids) in by_means(checks) {
        let whom = if ids.len() == checks.len() { "All".to_owned() } else { shown(&ids) };
        let _ = writeln!(text, "{whom}:\n\n{means}");
    }
    text.push_str("| check | counts in | a result lasts | made to fail by |\n|---|---|---|---|\n");
    checks.iter().for_each(|check| text.push_str(&row(check, table)));
    text.push_str("\n| mutation | what is changed | comes to | also on |\n|---|---|---|---|\n");
    let own = |mutation: &&Mutation| standard(&mutation.expected[0].0) == name;
    table.iter().filter(own).for_each(|mutation| text.push_str(&mutation_row(mutation)));
    if name == "scs-0123" {
        text.push_str("\n## Who may run the checks\n\n| mutation | what is changed | comes to | also on |\n|---|---|---|---|\n");
        let anybody = table.iter().filter(|m| m.expected[0].0 == "scs-*");
        anybody.for_each(|mutation| text.push_str(&mutation_row(mutation)));
    }
    text
}

fn shown(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// The checks of a standard by what they read, need and create, in their order.
fn by_means<'a>(checks: &[&'a Description]) -> Vec<(String, Vec<&'a str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for check in checks {
        let means = means(check);
        match groups.iter_mut().find(|(known, _)| *known == means) {
            Some((_, ids)) => ids.push(&check.id),
            None => groups.push((means, vec![&check.id])),
        }
    }
    groups
}

fn means(check: &Description) -> String {
    let list = |all: &[&str], none: &str| if all.is_empty() { none.to_owned() } else { all.join(", ") };
    let requests: Vec<String> = requests(&check.id).iter().map(request).collect();
    let reads =
        if requests.is_empty() { "the catalogue inside the token".to_owned() } else { requests.join("; ") };
    let needs = list(&check.needs, "nothing beyond a token");
    let (creates, seconds) = (list(&check.creates, "nothing"), check.deadline.as_secs());
    format!("- asks: {reads}\n- needs: {needs}\n- creates: {creates}\n- has at most {seconds} s\n")
}

fn request(request: &Request) -> String {
    let path = if request.path.is_empty() { "/" } else { request.path };
    let only = if request.only.is_empty() { String::new() } else { format!(" (only if {})", request.only) };
    format!("`{} {path}` of {}{only}", request.method, request.service)
}

fn row(check: &Description, table: &[Mutation]) -> String {
    let scope = scs_compatible_iaas();
    let lifetime = scope.testcases().find(|(testcase, _)| testcase.id == check.id);
    let lifetime = lifetime.and_then(|(testcase, _)| testcase.lifetime.as_deref()).unwrap_or("week");
    let proofs: Vec<&str> = table.iter().filter(|m| m.proves(&check.id)).map(|m| m.name.as_str()).collect();
    let counts = counts(scope, &check.id);
    format!("| `{}` | {counts} | a {lifetime} | {} |\n", check.id, proofs.join(", "))
}

/// `v4, v5.1: main`; for what no version lists, the modules.
fn counts(scope: &Scope, id: &str) -> String {
    let lists = |target: &Target| target.testcases.iter().any(|testcase| testcase == id);
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for version in &scope.versions {
        for target in version.targets.iter().filter(|target| lists(target)) {
            versions.entry(&target.name).or_default().push(&version.version);
        }
    }
    if !versions.is_empty() {
        let all = versions.iter().map(|(target, versions)| format!("{}: {target}", versions.join(", ")));
        return all.collect::<Vec<_>>().join("; ");
    }
    let modules =
        scope.modules.iter().flat_map(|module| module.targets.iter().map(move |target| (module, target)));
    let listed: Vec<String> = modules
        .filter(|(_, target)| lists(target))
        .map(|(module, target)| format!("{}: {}", module.id, target.name))
        .collect();
    if listed.is_empty() { "no version".to_owned() } else { format!("no version ({})", listed.join("; ")) }
}

fn mutation_row(mutation: &Mutation) -> String {
    let expected = mutation.expected.iter().map(|(id, expected)| format!("`{id}` {}", word(expected)));
    let others = [("Kogge", Reach::kogge()), ("OpenStack", Reach::openstack())];
    let others: Vec<&str> =
        others.iter().filter(|(_, reach)| reach.covers(mutation)).map(|(name, _)| *name).collect();
    let what = mutation.what.replace('|', "\\|");
    let expected = expected.collect::<Vec<_>>().join("<br>");
    format!("| {} | {what} | {expected} | {} |\n", mutation.name, others.join(", "))
}

fn word(expected: &Expected) -> &'static str {
    match expected {
        Expected::Fail(_) => "**fails**",
        Expected::Open(_) => "could not run",
        Expected::NotApplicable => "does not apply",
        Expected::Noted(_) => "passes, with a note",
        Expected::Tolerated => "passes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_the_one_that_is_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CHECKS.md");
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == page(), "docs/CHECKS.md is stale: `make docs` writes it again");
    }

    #[test]
    fn every_check_and_every_mutation_is_on_the_page() {
        let text = page();
        for check in catalogue() {
            let id = &check.description().id;
            assert_eq!(text.matches(&format!("\n| `{id}` |")).count(), 1, "{id}");
        }
        for mutation in mutations() {
            assert_eq!(text.matches(&format!("\n| {} |", mutation.name)).count(), 1, "{}", mutation.name);
        }
    }

    #[test]
    fn where_a_check_counts_is_said() {
        let scope = scs_compatible_iaas();
        assert_eq!(counts(scope, "scs-0104-image-ubuntu-2204"), "v4: main");
        assert_eq!(counts(scope, "scs-0114-encrypted-type"), "no version (scs-0114-v1-rec: recommended)");
        assert_eq!(counts(scope, "scs-0104-image-debian-10"), "no version");
    }
}
