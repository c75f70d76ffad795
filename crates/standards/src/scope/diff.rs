//! What changes from one version of a scope to another, of the same scope or of two files.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Module, Scope, Version};

/// The changes from an old version to a new one. Texts (names, descriptions, addresses) are not compared: they decide
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// Testcases that only the new version has.
    pub added: Vec<Placed>,
    /// Testcases that only the old version has.
    pub removed: Vec<Placed>,
    /// Testcases that are in another target now.
    pub moved: Vec<Moved>,
    /// Testcases whose results last longer or shorter now.
    pub lifetimes: Vec<LifetimeChange>,
    /// Modules that only the new version includes.
    pub modules_added: Vec<String>,
    /// Modules that only the old version includes.
    pub modules_removed: Vec<String>,
    /// A module that went and the one that came for the same standard.
    pub modules_replaced: Vec<Replaced>,
    /// Modules of the same id whose targets differ.
    pub modules_changed: Vec<String>,
    /// Values of module parameters that differ; a module that came or went brings or takes its parameters.
    pub parameters: Vec<ParameterChange>,
    /// How many testcases are in both versions, in the same target.
    pub unchanged: usize,
}

/// A testcase and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// Id.
    pub testcase: String,
    /// Target.
    pub target: String,
}

/// A testcase that changed its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Id.
    pub testcase: String,
    /// Old target.
    pub from: String,
    /// New target.
    pub to: String,
}

/// A testcase whose lifetime changed; no lifetime is a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LifetimeChange {
    /// Id.
    pub testcase: String,
    /// Old lifetime.
    pub before: String,
    /// New lifetime.
    pub after: String,
}

/// Two modules of one standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The one that went.
    pub before: String,
    /// The one that came.
    pub after: String,
}

/// A parameter with another value, or with a value in one of the versions only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterChange {
    /// Module, as the new version calls it where it has it.
    pub module: String,
    /// Name of the parameter.
    pub parameter: String,
    /// Old value.
    pub before: Option<String>,
    /// New value.
    pub after: Option<String>,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self { unchanged: self.unchanged, ..Self::default() }
    }
}

/// The changes from `old`, a version of `old_scope`, to `new`, a version of `new_scope`.
pub fn changes(old_scope: &Scope, old: &Version, new_scope: &Scope, new: &Version) -> Changes {
    let mut changes = Changes::default();
    testcases(old, new, &mut changes);
    lifetimes((old_scope, old), (new_scope, new), &mut changes);
    modules((old_scope, old), (new_scope, new), &mut changes);
    parameters(old, new, &mut changes);
    changes
}

fn testcases(old: &Version, new: &Version, changes: &mut Changes) {
    let ids: BTreeSet<&str> = old.testcases().into_iter().chain(new.testcases()).collect();
    for id in ids {
        let placed = |target: &str| Placed { testcase: id.to_owned(), target: target.to_owned() };
        match (old.target_of(id), new.target_of(id)) {
            (None, Some(target)) => changes.added.push(placed(target)),
            (Some(target), None) => changes.removed.push(placed(target)),
            (Some(from), Some(to)) if from != to => changes.moved.push(Moved {
                testcase: id.to_owned(),
                from: from.to_owned(),
                to: to.to_owned(),
            }),
            (Some(_), Some(_)) => changes.unchanged += 1,
            (None, None) => {}
        }
    }
}

fn lifetimes(old: (&Scope, &Version), new: (&Scope, &Version), changes: &mut Changes) {
    let lasts = |scope: &Scope| -> BTreeMap<String, String> {
        let lifetime = |lifetime: &Option<String>| lifetime.clone().unwrap_or_else(|| "week".to_owned());
        scope.testcases().map(|(testcase, _)| (testcase.id.clone(), lifetime(&testcase.lifetime))).collect()
    };
    let (before, after) = (lasts(old.0), lasts(new.0));
    for id in old.1.testcases().intersection(&new.1.testcases()) {
        if let (Some(before), Some(after)) = (before.get(*id), after.get(*id))
            && before != after
        {
            let (before, after) = (before.clone(), after.clone());
            changes.lifetimes.push(LifetimeChange { testcase: (*id).to_owned(), before, after });
        }
    }
}

fn included(version: &Version) -> Vec<&str> {
    version.include.iter().map(|include| include.module.as_str()).collect()
}

fn modules(old: (&Scope, &Version), new: (&Scope, &Version), changes: &mut Changes) {
    let (before, after) = (included(old.1), included(new.1));
    let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let only = |ids: &[&str], others: &[&str]| {
        owned(ids.iter().filter(|id| !others.contains(id)).copied().collect())
    };
    changes.modules_removed = only(&before, &after);
    changes.modules_added = only(&after, &before);
    for id in before.iter().filter(|id| after.contains(id)) {
        if let (Some(old), Some(new)) = (old.0.module(id), new.0.module(id))
            && contents(old) != contents(new)
        {
            changes.modules_changed.push((*id).to_owned());
        }
    }
    changes.modules_replaced = replaced(&changes.modules_removed, &changes.modules_added);
}

/// Target names and their testcases, in no order.
fn contents(module: &Module) -> BTreeMap<&str, BTreeSet<&str>> {
    let targets = module.targets.iter();
    targets.map(|t| (t.name.as_str(), t.testcases.iter().map(String::as_str).collect())).collect()
}

/// The standard that a module's id begins with, such as `scs-0104`.
fn standard(module: &str) -> Option<&str> {
    let number = module.get(4..8)?;
    let named = module.starts_with("scs-") && number.bytes().all(|byte| byte.is_ascii_digit());
    named.then(|| module.get(..8)).flatten()
}

/// Pairs what went with what came where a standard has exactly one of each.
fn replaced(removed: &[String], added: &[String]) -> Vec<Replaced> {
    let of = |modules: &[String], wanted: &str| {
        let mut same = modules.iter().filter(|module| standard(module) == Some(wanted));
        let first = same.next().cloned();
        if same.next().is_none() { first } else { None }
    };
    let pair = |module: &String| {
        let wanted = standard(module)?;
        let (before, after) = (of(removed, wanted)?, of(added, wanted)?);
        Some(Replaced { before, after })
    };
    removed.iter().filter_map(pair).collect()
}

fn parameters(old: &Version, new: &Version, changes: &mut Changes) {
    let counterpart = |module: &str| {
        let replaced = changes.modules_replaced.iter().find(|replaced| replaced.before == module);
        replaced.map_or_else(|| module.to_owned(), |replaced| replaced.after.clone())
    };
    let values = |version: &Version, name: &dyn Fn(&str) -> String| -> BTreeMap<(String, String), String> {
        let includes = version.include.iter();
        let named =
            includes.flat_map(|include| include.parameters.iter().map(move |value| (&include.module, value)));
        named.map(|(module, (key, value))| ((name(module), key.clone()), value.clone())).collect()
    };
    let (before, after) = (values(old, &counterpart), values(new, &str::to_owned));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let change = |key: &(String, String)| ParameterChange {
        module: key.0.clone(),
        parameter: key.1.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    };
    changes.parameters = changed.map(change).collect();
}

#[cfg(test)]
mod tests;
