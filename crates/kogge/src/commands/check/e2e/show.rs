//! The plan, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use kogge_conform_e2e::Prepared;

/// What will be used, what runs, what cannot and why.
pub(super) fn plan(prepared: &Prepared) -> String {
    let facts = &prepared.facts;
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        let value = if value.is_empty() { "none".to_owned() } else { value };
        let _ = writeln!(text, "{name:<18}{value}");
    };
    let accounts =
        prepared.accounts.iter().map(|one| format!("{} ({} of {})", one.user, one.role, one.project));
    row("accounts", accounts.collect::<Vec<_>>().join(", "));
    row("services", facts.services.join(", "));
    row("images", facts.images.iter().map(|image| image.name.clone()).collect::<Vec<_>>().join(", "));
    let flavor =
        |flavor: &kogge_conform_e2e::lookup::Flavor| format!("{} ({} GiB)", flavor.name, flavor.disk_gib);
    row("flavors", facts.flavors.iter().map(flavor).collect::<Vec<_>>().join(", "));
    row("external network", facts.external.as_ref().map(|network| network.name.clone()).unwrap_or_default());
    if !prepared.dynamic {
        let names = facts.project_networks.iter().map(|(_, name)| name.clone());
        row("networks", names.collect::<Vec<_>>().join(", "));
    }
    row("compute", facts.compute_microversion.clone().unwrap_or_default());
    row("extensions", facts.extensions.len().to_string());
    row("names begin with", prepared.prefix());
    for note in &facts.notes {
        row("note", note.clone());
    }
    let (run, cannot) = (prepared.planned.run.len(), prepared.planned.cannot.len());
    let _ = writeln!(
        text,
        "{run} tests will be started, {cannot} cannot; what needs a service that is not there is skipped, and counts as n/a"
    );
    if !prepared.planned.decided.is_empty() {
        let _ = writeln!(text, "{} were decided before the stop", prepared.planned.decided.len());
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, because) in &prepared.planned.cannot {
        *reasons.entry(because.as_str()).or_default() += 1;
    }
    for (because, count) in reasons {
        let _ = writeln!(text, "  {count}: {because}");
    }
    text
}
