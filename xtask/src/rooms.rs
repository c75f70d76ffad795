//! The rooms inside a service's crate (ARCHITECTURE.md, Rooms), and circles of files, read from the parsed sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::Visit;

/// Crates that have the rooms.
const SERVICES: [&str; 6] = ["compute", "identity", "image", "network", "placement", "volume"];

/// What a room may not know, and why.
const WALLS: [(&str, &[&str], &str); 6] = [
    ("api", &["store", "tasks", "policy"], "a handler reads, calls its service and shows"),
    ("resources", &["api", "tasks"], "a resource says what is its own; the kit does the rest"),
    ("service", &["api", "tasks"], "a service knows nothing of HTTP and rings bells only"),
    ("store", &["api", "service", "tasks", "policy"], "a store knows rows and SQL"),
    ("model", &["api", "service", "store", "tasks", "policy"], "a model is pure"),
    ("tasks", &["api", "policy"], "a task has no caller"),
];

/// Rooms with SQL.
const HAS_SQL: [&str; 2] = ["store", "resources"];

/// How SQL begins.
const SQL: [&str; 6] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH RECURSIVE ", " FROM "];

/// What stands against the rooms today, one a line; nothing comes in by itself, what is mended goes out.
const DEBT: &str = "xtask/rooms.txt";

/// One file of a crate.
struct Source {
    /// Path below the root of the workspace.
    name: String,
    /// Its module: `["api", "servers"]`; empty for the root of the crate.
    module: Vec<String>,
    /// Modules of the same crate that it names, each as written after `crate::`.
    names: BTreeSet<Vec<String>>,
    /// It holds SQL.
    sql: bool,
    /// It opens a transaction.
    begins: bool,
}

/// Complaints about rooms and circles that are not known as debts, and debts that are no longer there.
pub(crate) fn complaints(root: &Path) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for folder in std::fs::read_dir(root.join("crates"))? {
        let folder = folder?.path();
        let sources = sources(root, &folder.join("src"))?;
        found.extend(circles(&sources));
        if folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| SERVICES.contains(&name)) {
            found.extend(sources.iter().flat_map(through_walls));
        }
    }
    let path = root.join(DEBT);
    let debt = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let debt: BTreeSet<String> =
        debt.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let new = found.difference(&debt).cloned();
    let paid = debt.difference(&found).map(|line| format!("{DEBT}: this is mended, take it out: {line}"));
    Ok(new.chain(paid).collect())
}

/// What one file has that belongs into another room.
fn through_walls(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let name = &source.name;
    let room = source.module.first().map_or("", String::as_str);
    // the route table names the rule of each route
    let is_table = source.module.len() == 1;
    for (inside, outside, why) in WALLS.iter().filter(|(inside, ..)| *inside == room) {
        for other in *outside {
            let known = source.names.iter().any(|path| path.first().is_some_and(|first| first == other));
            if known && !(is_table && *other == "policy") {
                complaints.push(format!("{name}: {inside} knows {other}: {why}"));
            }
        }
    }
    if source.sql && !HAS_SQL.contains(&room) {
        complaints.push(format!("{name}: SQL stands in the store, or with its resource"));
    }
    if source.begins && room == "api" {
        complaints.push(format!("{name}: a handler opens no transaction"));
    }
    complaints
}

/// Circles of files: each named once, by its files in order.
fn circles(sources: &[Source]) -> Vec<String> {
    let by_module: BTreeMap<&[String], usize> =
        sources.iter().enumerate().map(|(index, source)| (source.module.as_slice(), index)).collect();
    let owner =
        |path: &[String]| (1..=path.len()).rev().find_map(|length| by_module.get(&path[..length]).copied());
    let arrows: Vec<BTreeSet<usize>> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| {
            source.names.iter().filter_map(|path| owner(path)).filter(|to| *to != index).collect()
        })
        .collect();
    let mut circles = BTreeSet::new();
    for start in 0..sources.len() {
        let reached = reachable(&arrows, start);
        let circle: Vec<&str> = reached
            .iter()
            .filter(|other| reachable(&arrows, **other).contains(&start))
            .map(|other| sources[*other].name.as_str())
            .collect();
        if circle.len() > 1 {
            circles.insert(format!("a circle of files: {}", circle.join(" ")));
        }
    }
    circles.into_iter().collect()
}

fn reachable(arrows: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(next) = open.pop() {
        for to in &arrows[next] {
            if reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}

fn sources(root: &Path, folder: &Path) -> Result<Vec<Source>> {
    let mut files = Vec::new();
    crate::tidy::rust_files(folder, &mut files)?;
    files.sort();
    files
        .iter()
        .filter(|file| file.file_stem().is_none_or(|stem| stem != "tests"))
        .filter(|file| file.parent().and_then(Path::file_name).is_none_or(|parent| parent != "tests"))
        .map(|file| {
            let text = std::fs::read_to_string(file)?;
            let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
            let module = module_of(file.strip_prefix(folder).unwrap_or(file));
            read(name.clone(), module, &text).with_context(|| name)
        })
        .collect()
}

/// `api/servers.rs` is the module `api::servers`.
fn module_of(path: &Path) -> Vec<String> {
    let path: PathBuf = path.with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| !matches!(part.as_str(), "lib" | "main")).collect()
}

fn read(name: String, module: Vec<String>, text: &str) -> Result<Source> {
    let mut reader = Reader { module: &module, names: BTreeSet::new(), sql: false, begins: false };
    reader.visit_file(&syn::parse_file(text)?);
    let Reader { names, sql, begins, .. } = reader;
    Ok(Source { name, module, names, sql, begins })
}

struct Reader<'m> {
    module: &'m [String],
    names: BTreeSet<Vec<String>>,
    sql: bool,
    begins: bool,
}

impl Reader<'_> {
    /// Notes a path of this crate, wherever it begins.
    fn note(&mut self, path: &[String]) {
        let rest = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("super") => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let Some(above) = self.module.len().checked_sub(up) else { return };
                self.module[..above].iter().chain(&path[up..]).cloned().collect()
            }
            _ => return,
        };
        if !rest.is_empty() {
            self.names.insert(rest);
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Name(name) => self.leaf(name.ident.to_string(), before),
            syn::UseTree::Rename(name) => self.leaf(name.ident.to_string(), before),
            syn::UseTree::Glob(_) => self.note(&before.clone()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, before)),
        }
    }

    fn leaf(&mut self, name: String, before: &[String]) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name);
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_for_tests) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // an exported name is a signpost, not a need
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.tree(&item.tree, &mut Vec::new());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(&parts);
        syn::visit::visit_path(self, path);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        let text = text.value();
        let text = text.trim_start();
        self.sql |= SQL.iter().any(|word| text.starts_with(word));
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.begins |= call.method == "begin" && call.args.is_empty();
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // what stands in a macro's call is read as the expressions that it mostly is
        let read =
            call.parse_body_with(syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated);
        if let Ok(expressions) = read {
            expressions.iter().for_each(|expression| self.visit_expr(expression));
        }
        self.visit_path(&call.path);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let named_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(named_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(module: &str, text: &str) -> Source {
        let parts: Vec<String> = module.split("::").map(str::to_owned).collect();
        read(module.to_owned(), parts, text).unwrap()
    }

    #[test]
    fn what_goes_through_a_wall_is_found_however_it_is_written() {
        let complaints = |module: &str, text: &str| through_walls(&source(module, text)).join("\n");
        assert!(
            complaints("api::things", "use crate::{model::thing, store::things};")
                .contains("api knows store")
        );
        assert!(
            complaints("api::things", "fn f() { crate::policy::ALL.len(); }").contains("api knows policy")
        );
        assert!(
            complaints("model::thing", "use super::super::store::things as t;").contains("model knows store")
        );
        assert!(complaints("api::things", "fn f() { db.begin(); }").contains("no transaction"));
        assert!(complaints("service::things", "const Q: &str = \"SELECT * FROM things\";").contains("SQL"));
        assert!(complaints("service::things", "fn f() { vec![q(\"DELETE FROM things\")]; }").contains("SQL"));
    }

    #[test]
    fn what_belongs_there_is_no_complaint() {
        for (module, text) in [
            ("api", "use crate::policy;"),
            ("api::things", "use crate::service::things;"),
            ("store::things", "const Q: &str = \"SELECT * FROM things\";"),
            ("model::thing", "#[cfg(test)] mod tests { use crate::store; }"),
            ("service::things", "/// SELECT is a word.\nfn f() {}"),
        ] {
            assert_eq!(through_walls(&source(module, text)), Vec::<String>::new(), "{module}: {text}");
        }
    }

    #[test]
    fn circles_are_found_once() {
        let one = source("a", "use crate::b::Thing;");
        let two = source("b", "fn f() { super::a::g(); }");
        let three = source("c", "use crate::a;");
        assert_eq!(circles(&[one, two, three]), ["a circle of files: a b"]);
    }
}
