//! Reading a scope from the text of its YAML file, with the checks of the upstream loader.

use std::collections::BTreeMap;

use super::{
    Include, Module, Prerequisite, Scope, ScopeProblem, Script, Target, Testcase, TimelineEntry, Validity,
    Variable, Version,
};
use crate::yaml::Node;

/// Why a text is no usable scope. Names every problem, not only the first.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Yaml(#[from] serde_saphyr::Error),
    /// The document breaks rules.
    #[error("{} in the scope file: {}", count(.0), list(.0))]
    Problems(Vec<ScopeProblem>),
}

fn count(problems: &[ScopeProblem]) -> String {
    if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) }
}

fn list(problems: &[ScopeProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads a scope. Unknown keys, repeated names and references to what is not there are refused; the order and the
/// words of the timeline are not checked (see [`Scope::advice`]).
///
/// # Errors
/// [`ReadError`] with every problem that was found.
pub fn read_scope(yaml: &str) -> Result<Scope, ReadError> {
    let document: Node = serde_saphyr::from_str(yaml)?;
    let mut reader = Reader::default();
    reader.check_keys("spec", "scope", &document);
    let scope = reader.scope(&document).with_targets();
    reader.problems.extend(scope.problems());
    if reader.problems.is_empty() { Ok(scope) } else { Err(ReadError::Problems(reader.problems)) }
}

/// The known keys of each part, by the key under which the part stands. Parts that are not listed are not looked into.
const KNOWN: [(&str, &[&str]); 6] = [
    (
        "spec",
        &["uuid", "name", "url", "versions", "prerequisite", "variables", "scripts", "modules", "timeline"],
    ),
    ("scripts", &["executable", "env", "args", "testcases"]),
    ("versions", &["version", "include", "targets", "stabilized_at"]),
    ("modules", &["id", "targets", "url", "name", "parameters"]),
    ("testcases", &["lifetime", "section", "id", "description", "url"]),
    ("include", &["ref", "parameters"]),
];

#[derive(Default)]
struct Reader {
    problems: Vec<ScopeProblem>,
}

impl Reader {
    fn check_keys(&mut self, part: &str, path: &str, node: &Node) {
        let Some((_, known)) = KNOWN.iter().find(|(name, _)| *name == part) else { return };
        match node {
            Node::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_keys(part, &format!("{path}[{index}]"), item);
                }
            }
            Node::Map(entries) => {
                for (key, value) in entries {
                    if !known.contains(&key.as_str()) {
                        let (path, key, known) = (path.to_owned(), key.clone(), known.join(", "));
                        self.problems.push(ScopeProblem::UnknownKey { path, key, known });
                    }
                    self.check_keys(key, &format!("{path}.{key}"), value);
                }
            }
            Node::Null | Node::Text(_) => {}
        }
    }

    fn wrong(&mut self, path: &str, expected: &str, found: &str) {
        let (path, expected, found) = (path.to_owned(), expected.to_owned(), found.to_owned());
        self.problems.push(ScopeProblem::Shape { path, expected, found });
    }

    /// The text of a key, empty where it is absent.
    fn text(&mut self, node: &Node, path: &str, key: &str) -> String {
        self.optional(node, path, key).unwrap_or_default()
    }

    fn optional(&mut self, node: &Node, path: &str, key: &str) -> Option<String> {
        match node.get(key)? {
            Node::Text(text) => Some(text.clone()),
            other => {
                self.wrong(&format!("{path}.{key}"), "a text", other.kind());
                None
            }
        }
    }

    /// The text of a key that has to be there.
    fn required(&mut self, node: &Node, path: &str, key: &str) -> String {
        if node.get(key).is_none() {
            self.wrong(path, &format!("the key {key:?}"), node.kind());
        }
        self.text(node, path, key)
    }

    /// The items of a list under a key, with the path of each.
    fn items<'a>(
        &mut self,
        node: &'a Node,
        path: &str,
        key: &str,
        required: bool,
    ) -> Vec<(String, &'a Node)> {
        match node.get(key) {
            Some(Node::List(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("{path}.{key}[{index}]"), item))
                .collect(),
            None if !required => Vec::new(),
            other => {
                self.wrong(&format!("{path}.{key}"), "a list", other.map_or("nothing", Node::kind));
                Vec::new()
            }
        }
    }

    /// The entries of a map under a key.
    fn entries<'a>(&mut self, node: &'a Node, path: &str, key: &str) -> &'a [(String, Node)] {
        match node.get(key) {
            Some(Node::Map(entries)) => entries,
            None => &[],
            Some(other) => {
                self.wrong(&format!("{path}.{key}"), "a map", other.kind());
                &[]
            }
        }
    }

    fn texts(&mut self, node: &Node, path: &str, key: &str) -> BTreeMap<String, String> {
        let entries = self.entries(node, path, key);
        let mut texts = BTreeMap::new();
        for (name, value) in entries {
            match value {
                Node::Text(text) => drop(texts.insert(name.clone(), text.clone())),
                Node::Null => drop(texts.remove(name)),
                other => self.wrong(&format!("{path}.{key}.{name}"), "a text", other.kind()),
            }
        }
        texts
    }

    fn scope(&mut self, node: &Node) -> Scope {
        let path = "scope";
        if !matches!(node, Node::Map(_)) {
            self.wrong(path, "a map", node.kind());
        }
        let prerequisite = node.get("prerequisite").map(|part| Prerequisite {
            name: self.text(part, "scope.prerequisite", "name"),
            url: self.text(part, "scope.prerequisite", "url"),
        });
        let variables = self.items(node, path, "variables", false);
        let scripts = self.items(node, path, "scripts", false);
        let modules = self.items(node, path, "modules", true);
        let versions = self.items(node, path, "versions", true);
        let timeline = self.items(node, path, "timeline", true);
        Scope {
            uuid: self.text(node, path, "uuid"),
            name: self.text(node, path, "name"),
            url: self.text(node, path, "url"),
            prerequisite,
            variables: variables.into_iter().flat_map(|(path, part)| self.variables(&path, part)).collect(),
            scripts: scripts.into_iter().map(|(path, part)| self.script(&path, part)).collect(),
            modules: modules.into_iter().map(|(path, part)| self.module(&path, part)).collect(),
            versions: versions.into_iter().map(|(path, part)| self.version(&path, part)).collect(),
            timeline: timeline
                .into_iter()
                .filter_map(|(path, part)| self.timeline_entry(&path, part))
                .collect(),
        }
    }

    /// A name, or a map of names to defaults.
    fn variables(&mut self, path: &str, node: &Node) -> Vec<Variable> {
        let with_default = |(name, value): &(String, Node)| Variable {
            name: name.clone(),
            default: Some(if let Node::Text(text) = value { text.clone() } else { String::new() }),
        };
        match node {
            Node::Text(name) => vec![Variable { name: name.clone(), default: None }],
            Node::Map(entries) => entries.iter().map(with_default).collect(),
            other => {
                self.wrong(path, "the name of a variable, or a map from name to default", other.kind());
                Vec::new()
            }
        }
    }

    fn script(&mut self, path: &str, node: &Node) -> Script {
        let testcases = self.items(node, path, "testcases", false);
        Script {
            executable: self.optional(node, path, "executable"),
            args: self.text(node, path, "args"),
            env: self.texts(node, path, "env"),
            testcases: testcases.into_iter().map(|(path, part)| self.testcase(&path, part)).collect(),
        }
    }

    fn testcase(&mut self, path: &str, node: &Node) -> Testcase {
        Testcase {
            id: self.required(node, path, "id"),
            description: self.text(node, path, "description"),
            url: self.text(node, path, "url"),
            lifetime: self.optional(node, path, "lifetime"),
            section: self.optional(node, path, "section"),
        }
    }

    fn module(&mut self, path: &str, node: &Node) -> Module {
        // the document says a list of names, the files use a map from name to explanation
        let parameters = match node.get("parameters") {
            Some(Node::List(names)) => {
                let name = |node: &Node| if let Node::Text(text) = node { Some(text.clone()) } else { None };
                names.iter().filter_map(name).map(|name| (name, String::new())).collect()
            }
            _ => self.texts(node, path, "parameters"),
        };
        let targets = self.entries(node, path, "targets");
        Module {
            id: self.required(node, path, "id"),
            name: self.text(node, path, "name"),
            url: self.text(node, path, "url"),
            parameters,
            targets: targets.iter().map(|(name, ids)| self.target(path, name, ids)).collect(),
        }
    }

    fn target(&mut self, path: &str, name: &str, ids: &Node) -> Target {
        let mut testcases = Vec::new();
        match ids {
            Node::List(items) => {
                for item in items {
                    match item {
                        Node::Text(id) => testcases.push(id.clone()),
                        other => self.wrong(&format!("{path}.targets.{name}"), "testcase ids", other.kind()),
                    }
                }
            }
            other => self.wrong(&format!("{path}.targets.{name}"), "a list of testcase ids", other.kind()),
        }
        Target { name: name.to_owned(), testcases }
    }

    fn version(&mut self, path: &str, node: &Node) -> Version {
        let include = self.items(node, path, "include", true);
        Version {
            version: self.required(node, path, "version"),
            stabilized_at: self.optional(node, path, "stabilized_at"),
            include: include.into_iter().map(|(path, part)| self.include(&path, part)).collect(),
            targets: Vec::new(),
        }
    }

    fn include(&mut self, path: &str, node: &Node) -> Include {
        match node {
            Node::Text(module) => Include { module: module.clone(), parameters: BTreeMap::new() },
            other => Include {
                module: self.required(other, path, "ref"),
                parameters: self.texts(other, path, "parameters"),
            },
        }
    }

    fn timeline_entry(&mut self, path: &str, node: &Node) -> Option<TimelineEntry> {
        let text = self.required(node, path, "date");
        if node.get("versions").is_none() {
            self.wrong(path, "the key \"versions\"", node.kind());
        }
        let named = self.texts(node, path, "versions");
        // in the order of the file; null says nothing
        let order = self.entries(node, path, "versions");
        let versions = order
            .iter()
            .filter_map(|(name, _)| Some((name.clone(), Validity::of(named.get(name)?))))
            .collect();
        match text.parse() {
            Ok(date) => Some(TimelineEntry { date, versions }),
            Err(_) => {
                self.wrong(&format!("{path}.date"), "a date (YYYY-MM-DD)", &format!("{text:?}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
