//! The direction of dependencies, read from `cargo metadata`: the picture in `ARCHITECTURE.md`, as a test.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Layers from top to bottom; a crate depends on crates of its own or a lower layer only.
const LAYERS: [(&str, &[&str]); 5] = [
    ("binary", &["kogge"]),
    ("outside", &["kogge-conform-iaas", "kogge-conform-e2e", "kogge-conform", "kogge-client"]),
    (
        "services",
        &[
            "kogge-compute",
            "kogge-volume",
            "kogge-network",
            "kogge-image",
            "kogge-placement",
            "kogge-identity",
        ],
    ),
    (
        "node",
        &[
            "kogge-node-sim",
            "kogge-node",
            "kogge-node-wire",
            "kogge-storage",
            "kogge-qemu",
            "kogge-dataplane",
            "kogge-node-api",
        ],
    ),
    (
        "foundation",
        &[
            "kogge-standards",
            "kogge-resource",
            "kogge-http",
            "kogge-auth",
            "kogge-task",
            "kogge-db",
            "kogge-config",
            "kogge-room",
            "kogge-telemetry",
            "kogge-clock",
            "kogge-ids",
        ],
    ),
];

/// What must not be: (who, on what, why).
const FORBIDDEN: [(&str, &str, &str); 3] = [
    ("outside", "services", "it uses public APIs only, through kogge-client"),
    ("node", "services", "a node knows nothing of tenants, roles or the database"),
    ("services", "outside", "services call downward only"),
];

/// What the services may not know of each other: the lower never calls the upper.
const SERVICE_ORDER: [&str; 6] =
    ["kogge-compute", "kogge-volume", "kogge-network", "kogge-image", "kogge-placement", "kogge-identity"];

pub(crate) fn complaints(root: &Path) -> Result<Vec<String>> {
    let graph = graph(root)?;
    let mut complaints = Vec::new();
    for (name, dependencies) in &graph {
        let Some(rank) = rank(name) else {
            complaints.push(format!("{name} stands in no layer: add it to xtask/src/layers.rs"));
            continue;
        };
        for dependency in dependencies {
            complaints.extend(between(name, rank, dependency));
        }
    }
    Ok(complaints)
}

fn between(name: &str, rank: usize, dependency: &str) -> Option<String> {
    let below = self::rank(dependency)?;
    if below < rank {
        return Some(format!("{name} depends on {dependency}, which stands above it"));
    }
    for (who, what, why) in FORBIDDEN {
        if LAYERS[rank].0 == who && LAYERS[below].0 == what {
            return Some(format!("{name} depends on {dependency}: {why}"));
        }
    }
    let place = |crate_name: &str| SERVICE_ORDER.iter().position(|service| *service == crate_name);
    if let (Some(upper), Some(lower)) = (place(name), place(dependency))
        && lower < upper
    {
        return Some(format!("{name} depends on {dependency}: the lower service never calls the upper one"));
    }
    None
}

fn rank(name: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, crates)| crates.contains(&name))
}

/// Crates of ours with the crates of ours that they need outside of tests.
fn graph(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut graph = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if name == "xtask" {
            continue;
        }
        let ours = package["dependencies"].as_array().into_iter().flatten().filter(|d| d["kind"].is_null());
        let names = ours.filter_map(|d| d["name"].as_str()).filter(|d| d.starts_with("kogge"));
        graph.insert(name.to_owned(), names.map(str::to_owned).collect());
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_point_downward() {
        let rank_of = |name: &str| rank(name).unwrap();
        assert!(between("kogge-compute", rank_of("kogge-compute"), "kogge-image").is_none());
        assert!(between("kogge-image", rank_of("kogge-image"), "kogge-compute").is_some());
        assert!(between("kogge-conform", rank_of("kogge-conform"), "kogge-image").is_some());
        assert!(between("kogge-node", rank_of("kogge-node"), "kogge-compute").is_some());
        assert!(between("kogge-db", rank_of("kogge-db"), "kogge-node-api").is_some());
    }
}
