//! `kogge standards diff`.

use kogge_standards::scope::diff::{Changes, Placed, changes};
use kogge_standards::scope::{IAAS, Scope};
use serde::Serialize;

use super::scopes::{Named, find, known, ours};
use super::{print, table};
use crate::cli::standards::Diff;
use crate::exit::{Exit, Failure};

/// The changes and between what.
#[derive(Debug, Serialize)]
struct Compared {
    old: Side,
    new: Side,
    #[serde(flatten)]
    changes: Changes,
}

/// One of the two versions.
#[derive(Debug, Serialize)]
struct Side {
    scope: String,
    version: String,
    /// Whether it comes from the file of `--spec`.
    from_file: bool,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let origin = if self.from_file { " (of the file)" } else { "" };
        write!(f, "{}@{}{origin}", self.scope, self.version)
    }
}

pub(super) async fn run(arguments: &Diff) -> Result<Exit, Failure> {
    let (built_in, given) = (ours(), known(&arguments.spec).await?);
    // without --spec, a bare version is of the scope that is taken unless told otherwise
    let bare = match arguments.spec.spec {
        Some(_) => given.first(),
        None => built_in.iter().find(|named| named.name == IAAS),
    };
    let bare = bare.ok_or_else(|| Failure::Bug(format!("the scope {IAAS} is gone")))?;
    let side = |text: &str| -> Result<(&Named, String), Failure> {
        match text.split_once('@') {
            Some((scope, version)) => Ok((find(&built_in, scope)?, version.to_owned())),
            None => Ok((bare, text.to_owned())),
        }
    };
    let ((old, before), (new, after)) = (side(&arguments.old)?, side(&arguments.new)?);
    let changes = changes(&old.scope, old.version(&before)?, &new.scope, new.version(&after)?);
    let from_file = |named: &Named| arguments.spec.spec.is_some() && std::ptr::eq(named, bare);
    let called = |named: &Named, version: String| Side {
        scope: named.name.clone(),
        from_file: from_file(named),
        version,
    };
    let compared = Compared { old: called(old, before), new: called(new, after), changes };
    print(arguments.print.output, &compared, |compared| text(compared, &old.scope, &new.scope))?;
    Ok(Exit::Pass)
}

fn text(compared: &Compared, old: &Scope, new: &Scope) -> String {
    let Compared { old: before, new: after, changes } = compared;
    let mut parts = vec![format!("{before} -> {after}")];
    if changes.is_empty() {
        parts.push(format!("Nothing changes; {} test cases are in both.", changes.unchanged));
        return parts.join("\n\n");
    }
    let modules = modules(changes);
    if !modules.is_empty() {
        parts.push(format!("modules\n{}", modules.join("\n")));
    }
    let testcases = testcases(changes, old, new);
    let head = format!("test cases, {} unchanged", changes.unchanged);
    parts.push(if testcases.is_empty() { head } else { format!("{head}\n{}", table(&[], testcases)) });
    if !changes.parameters.is_empty() {
        let none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let line = |change: &kogge_standards::scope::diff::ParameterChange| {
            let (before, after) = (none(&change.before), none(&change.after));
            format!("  ~ {} {}\n      {before}\n   -> {after}", change.module, change.parameter)
        };
        parts.push(format!(
            "parameters\n{}",
            changes.parameters.iter().map(line).collect::<Vec<_>>().join("\n")
        ));
    }
    parts.join("\n\n")
}

fn modules(changes: &Changes) -> Vec<String> {
    let replaced = &changes.modules_replaced;
    let mut lines: Vec<_> = replaced.iter().map(|r| format!("  ~ {} -> {}", r.before, r.after)).collect();
    let alone = |module: &&String| !replaced.iter().any(|r| r.before == **module || r.after == **module);
    lines.extend(changes.modules_changed.iter().map(|module| format!("  ~ {module}: other test cases")));
    lines.extend(changes.modules_added.iter().filter(alone).map(|module| format!("  + {module}")));
    lines.extend(changes.modules_removed.iter().filter(alone).map(|module| format!("  - {module}")));
    lines
}

fn testcases(changes: &Changes, old: &Scope, new: &Scope) -> Vec<Vec<String>> {
    let asks =
        |scope: &Scope, id: &str| scope.testcase(id).map_or_else(String::new, |t| t.description.clone());
    let placed = |sign: &str, placed: &Placed, scope: &Scope| {
        vec![format!("  {sign} {}", placed.testcase), placed.target.clone(), asks(scope, &placed.testcase)]
    };
    let mut rows: Vec<_> = changes.added.iter().map(|one| placed("+", one, new)).collect();
    rows.extend(changes.removed.iter().map(|one| placed("-", one, old)));
    rows.extend(changes.moved.iter().map(|moved| {
        vec![
            format!("  ~ {}", moved.testcase),
            format!("{} -> {}", moved.from, moved.to),
            asks(new, &moved.testcase),
        ]
    }));
    rows.extend(changes.lifetimes.iter().map(|change| {
        let lasts = format!("lasts a {}, no longer a {}", change.after, change.before);
        vec![format!("  ~ {}", change.testcase), lasts, String::new()]
    }));
    rows
}
