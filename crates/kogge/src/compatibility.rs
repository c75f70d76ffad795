//! `docs/COMPATIBILITY.md`: what is served, printed from the route tables, what upstream has besides, what people wrote
//! about gaps and what Tempest measured (`docs/parts`).

mod missing;

use std::collections::BTreeMap;

use kogge_http::{Access, RouteInfo};

use crate::cloud::{Door, doors};

/// The part about gaps: behind it stands what is missing.
const GAPS: &str = "00-gaps.md";

/// The page; `parts` are texts by file name.
#[must_use]
pub fn page(parts: &BTreeMap<String, String>) -> String {
    let doors = doors(None);
    let mut text = String::from(
        "# Compatibility\n\nPrinted by `make docs` from the route tables of the services; do not edit. What stands here is \
         served with upstream's\nshapes, status codes and policy; what does not stand here answers 404.\n\n",
    );
    text.push_str("| service | mounted at | microversions | operations |\n|---|---|---|---|\n");
    for door in &doors {
        let versions = door.versions.map_or("none".to_owned(), |v| format!("{} to {}", v.min, v.max));
        let count = door.table.len();
        text.push_str(&format!("| {} | `{}` | {versions} | {count} |\n", door.service, door.mount));
    }
    for (name, part) in parts {
        text.push('\n');
        text.push_str(part.trim_end());
        text.push('\n');
        if name == GAPS {
            text.push('\n');
            text.push_str(&missing::missing(&doors));
            text.push_str(&missing::beyond(&doors));
        }
    }
    for door in &doors {
        text.push_str(&section(door));
    }
    text
}

fn section(door: &Door) -> String {
    let mut text = format!("\n## {}\n\n| operation | microversions | rule |\n|---|---|---|\n", door.service);
    let mut rows: Vec<String> = door.table.iter().map(|route| row(door.mount, route)).collect();
    rows.sort();
    rows.dedup();
    text.push_str(&rows.concat());
    text
}

fn row(mount: &str, route: &RouteInfo) -> String {
    let path = format!("{mount}{}", route.path.trim_end_matches('/'));
    let action = route.action.map(|action| format!(" ({action})")).unwrap_or_default();
    let versions = match (route.versions.since, route.versions.until) {
        (None, None) => String::new(),
        (Some(since), None) => format!("from {since}"),
        (None, Some(until)) => format!("before {until}"),
        (Some(since), Some(until)) => format!("{since} until {until}"),
    };
    let rule = match route.access {
        Access::Public => "everybody".to_owned(),
        Access::AnyToken => "any token".to_owned(),
        Access::Token => "any token of a project".to_owned(),
        Access::Rule(rule) => format!("`{}`", rule.name),
    };
    format!("| `{path}` {}{action} | {versions} | {rule} |\n", route.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_section_and_parts_are_included() {
        let text = page(&BTreeMap::from([(GAPS.to_owned(), "## Gaps\n\nNone of note.\n".to_owned())]));
        for service in ["identity", "image", "placement", "network", "compute"] {
            assert!(text.contains(&format!("\n## {service}\n")));
        }
        assert!(text.contains("None of note.\n\n### Operations that are missing"));
    }
}
