//! Choosing a cloud and a region, and laying profile, cloud and region over each other.

use serde_json::Value;

use super::Selection;
use super::environment::Environment;
use super::error::ConfigError;
use super::files::{Sources, from_variables, variables_name};
use super::tree::{Tree, merge_cloud, text, with_underscores};

/// The cloud's name and everything that is known about it.
pub(super) fn select(
    sources: &Sources,
    env: &Environment,
    selection: &Selection,
) -> Result<(String, Tree), ConfigError> {
    let clouds = sources.clouds(env)?;
    let name = choose(&clouds, env, selection)?;
    let own = match clouds.get(&name) {
        Some(Value::Object(own)) => own.clone(),
        Some(_) => return Err(sources.malformed(&format!("the cloud {name:?} must be a map"))),
        None => {
            return Err(ConfigError::UnknownCloud { name, known: clouds.keys().cloned().collect() });
        }
    };
    let own = with_underscores(own);
    let profile = profile_of(sources, env, &own);
    let asked = selection.region.as_deref().or_else(|| env.var("OS_REGION_NAME"));
    let region = choose_region(&name, &own, &profile, asked)?;
    let mut tree = profile;
    merge_cloud(&mut tree, own);
    merge_cloud(&mut tree, region.values);
    tree.remove("regions");
    if !region.name.is_empty() {
        tree.insert("region_name".into(), Value::String(region.name));
    }
    absolute_paths(&mut tree, env);
    Ok((name, tree))
}

fn choose(clouds: &Tree, env: &Environment, selection: &Selection) -> Result<String, ConfigError> {
    if let Some(name) = selection.cloud.as_deref().or_else(|| env.var("OS_CLOUD")) {
        return Ok(name.to_owned());
    }
    if from_variables(env).is_some() {
        return Ok(variables_name(env));
    }
    let mut names = clouds.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(ConfigError::NoCloudChosen { known: clouds.keys().cloned().collect() }),
    }
}

/// The vendor's values for the cloud's `profile` (once called `cloud`); nothing if unknown, as upstream.
fn profile_of(sources: &Sources, env: &Environment, own: &Tree) -> Tree {
    let Some(name) = own.get("profile").or_else(|| own.get("cloud")).and_then(text) else {
        return Tree::new();
    };
    if name == variables_name(env) {
        return Tree::new();
    }
    sources.vendor(&name).map(with_underscores).unwrap_or_else(|| {
        tracing::warn!(profile = %name, "no clouds-public.yaml knows this profile; going on without it");
        Tree::new()
    })
}

struct Region {
    name: String,
    values: Tree,
}

fn choose_region(
    cloud: &str,
    own: &Tree,
    profile: &Tree,
    asked: Option<&str>,
) -> Result<Region, ConfigError> {
    let mut known = known_regions(cloud, own, profile)?;
    let Some(asked) = asked else {
        let first = if known.is_empty() { None } else { Some(known.swap_remove(0)) };
        return Ok(first.unwrap_or(Region { name: String::new(), values: Tree::new() }));
    };
    if known.is_empty() {
        return Ok(Region { name: asked.to_owned(), values: Tree::new() });
    }
    let names = known.iter().map(|r| r.name.clone()).collect();
    known.into_iter().find(|r| r.name == asked).ok_or_else(|| ConfigError::UnknownRegion {
        cloud: cloud.to_owned(),
        region: asked.to_owned(),
        known: names,
    })
}

fn known_regions(cloud: &str, own: &Tree, profile: &Tree) -> Result<Vec<Region>, ConfigError> {
    for tree in [own, profile] {
        if let Some(Value::Array(list)) = tree.get("regions") {
            return list.iter().map(|entry| region_entry(cloud, entry)).collect();
        }
        if let Some(names) = tree.get("region_name").and_then(text) {
            return Ok(names
                .split(',')
                .map(|n| Region { name: n.trim().to_owned(), values: Tree::new() })
                .collect());
        }
    }
    Ok(Vec::new())
}

fn region_entry(cloud: &str, entry: &Value) -> Result<Region, ConfigError> {
    if let Some(name) = text(entry) {
        return Ok(Region { name, values: Tree::new() });
    }
    let name = entry.get("name").and_then(text).ok_or_else(|| ConfigError::BadValue {
        cloud: cloud.to_owned(),
        key: "regions".into(),
        because: "each entry must be a name, or a map with name and values".into(),
    })?;
    let values = entry.get("values").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(Region { name, values: with_underscores(values) })
}

/// Turns file names into absolute ones, since only the environment knows where they start.
fn absolute_paths(tree: &mut Tree, env: &Environment) {
    for key in ["cacert", "cert", "key"] {
        if let Some(path) = tree.get(key).and_then(text) {
            tree.insert(key.into(), Value::String(env.expand(&path).display().to_string()));
        }
    }
}
