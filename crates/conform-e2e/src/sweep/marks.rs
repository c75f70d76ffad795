//! By what the things of a run are known, so that nothing else is removed.
//!
//! Facts about Tempest 47: names begin with `resource_name_prefix`, but for the projects, users and networks of dynamic
//! credentials, which begin with `tempest-<class>-<number>`; `resource_list.json` has the ids of what was made, without
//! images and, with several workers, with gaps; the log names every project that was made for a class, with its id.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Found, PREFIX};

/// The largest list of Tempest's that is read, in bytes.
const LIST: u64 = 16 << 20;
/// How much of Tempest's log is read, in bytes.
const LOG: u64 = 512 << 20;

/// What the log says of an account that Tempest made: its project's id and name.
#[expect(clippy::expect_used, reason = "the expression is a constant, and a test compiles it")]
static PROJECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "Credentials: .*'project_id': '([0-9a-f]{32})', 'project_name': '(tempest-[A-Za-z0-9_]+-[0-9]+)'",
    )
    .expect("a constant expression")
});

/// Whose things are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Of {
    /// Nobody's, as far as names tell.
    #[default]
    Nobody,
    /// Those of one run, by the eight digits in its names.
    Run(String),
    /// Those of every run.
    All,
}

/// The run in a name that one of ours begins with, `ke2e-1a2b3c4d-…`; none in any other name, however alike.
pub(super) fn run_in(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PREFIX)?;
    let (digits, rest) = rest.split_at_checked(8)?;
    let hexadecimal = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hexadecimal && rest.starts_with('-')).then_some(digits)
}

impl Of {
    /// Eight digits, or `all`; none for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            digits => run_in(&format!("{PREFIX}{digits}-")).map(|run| Self::Run(run.to_owned())),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Run(run) => run_in(name) == Some(run),
            Self::All => run_in(name).is_some(),
        }
    }
}

/// By what the things of a run are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whose names they bear.
    pub of: Of,
    /// Their ids, and those of projects that hold nothing else.
    pub ids: BTreeSet<String>,
    /// Names of projects that Tempest made; its users are called after them.
    pub projects: BTreeSet<String>,
}

impl Marks {
    /// Those of a run, with what Tempest left in its folder.
    #[must_use]
    pub fn of_run(of: Of, folder: &Path) -> Self {
        let mut marks = Self { of, ..Self::default() };
        marks.ids = listed(&folder.join("resource_list.json"));
        if let Ok(file) = File::open(folder.join("tempest.log")) {
            marks.read_log(file.take(LOG));
        }
        marks
    }

    /// Those of things that were found, and of no others.
    #[must_use]
    pub fn exactly(things: &[Found]) -> Self {
        Self { ids: things.iter().map(|thing| thing.id.clone()).collect(), ..Self::default() }
    }

    /// Whether a thing carries a mark.
    pub(super) fn fit(&self, object: &Value, id: &str) -> bool {
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
        let project = object.get("project_id").and_then(Value::as_str);
        let user_of = |project: &String| {
            name.strip_prefix(project.as_str()).is_some_and(|rest| rest.starts_with("-project"))
        };
        self.of.has(name)
            || self.ids.contains(id)
            || project.is_some_and(|project| self.ids.contains(project))
            || self.projects.contains(name)
            || self.projects.iter().any(user_of)
    }

    fn read_log(&mut self, log: impl Read) {
        let mut lines = BufReader::new(log);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            if let Some(found) = PROJECT.captures(&String::from_utf8_lossy(&line)) {
                self.ids.insert(found[1].to_owned());
                self.projects.insert(found[2].to_owned());
            }
            line.clear();
        }
    }
}

/// The ids in Tempest's list. A list that cannot be read marks nothing.
fn listed(path: &Path) -> BTreeSet<String> {
    let mut text = Vec::new();
    let Ok(file) = File::open(path) else { return BTreeSet::new() };
    if file.take(LIST).read_to_end(&mut text).is_err() {
        return BTreeSet::new();
    }
    let Ok(Value::Object(kinds)) = serde_json::from_slice(&text) else { return BTreeSet::new() };
    let ids = kinds.values().filter_map(Value::as_object).flat_map(|things| things.keys());
    ids.filter(|id| id.len() >= 8).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn marks() -> Marks {
        Marks {
            of: Of::Run("1a2b3c4d".into()),
            ids: ["0123456789abcdef0123456789abcdef".to_owned()].into(),
            projects: ["tempest-X-7".to_owned()].into(),
        }
    }

    #[test]
    fn only_what_carries_a_mark_is_ours() {
        for (object, expected) in [
            (json!({"id": "x", "name": "ke2e-1a2b3c4d-server"}), true),
            (json!({"id": "x", "name": "ke2e-99999999-server"}), false),
            (json!({"id": "x", "name": "ke2e-1a2b3c4d5-server"}), false),
            (json!({"id": "x", "name": "server"}), false),
            (json!({"id": "x", "name": null, "project_id": "0123456789abcdef0123456789abcdef"}), true),
            (json!({"id": "0123456789abcdef0123456789abcdef"}), true),
            (json!({"id": "x", "name": "tempest-X-7"}), true),
            (json!({"id": "x", "name": "tempest-X-7-project-reader"}), true),
            (json!({"id": "x", "name": "tempest-X-77-project-reader"}), false),
            (json!({"id": "x", "name": ["ke2e-1a2b3c4d"]}), false),
        ] {
            assert_eq!(marks().fit(&object, object["id"].as_str().unwrap()), expected, "{object}");
        }
        assert!(!Marks::default().fit(&json!({"name": "anything"}), "x"), "nobody's things carry no mark");
    }

    #[test]
    fn tempests_list_is_read_and_a_broken_one_marks_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resource_list.json");
        assert!(listed(&path).is_empty());
        std::fs::write(&path, r#"{"servers": {"11112222-aaaa": "n"}, "odd": 7, "short": {"a": ""}}"#)
            .unwrap();
        assert_eq!(listed(&path).into_iter().collect::<Vec<_>>(), ["11112222-aaaa"]);
        std::fs::write(&path, "{\"servers\": {\"1111").unwrap();
        assert!(listed(&path).is_empty());
    }

    #[test]
    fn the_projects_that_tempest_made_stand_in_its_log() {
        let log = "INFO [-] Acquired dynamic creds:\n credentials: Credentials: {'username': 'tempest-A-1-project-member', \
            'project_domain_id': 'default', 'project_id': '00000000000000000000000000000001', 'project_name': 'tempest-A-1', \
            'tenant_id': 'x'}\nINFO Credentials: {'project_id': '00000000000000000000000000000002', 'project_name': 'demo'}\n";
        let mut marks = Marks::default();
        marks.read_log(log.as_bytes());
        assert_eq!(marks.projects.into_iter().collect::<Vec<_>>(), ["tempest-A-1"]);
        assert_eq!(marks.ids.into_iter().collect::<Vec<_>>(), ["00000000000000000000000000000001"]);
    }
}
