//! Rules for front matter, as the community's linter has them.

use jiff::civil::Date;

use super::{Complaint, FrontMatter, Level};
use crate::yaml::Node;

const KINDS: [&str; 3] = ["Procedural", "Standard", "Decision Record"];
const STATUSES: [&str; 5] = ["Proposal", "Draft", "Stable", "Deprecated", "Rejected"];
const TRACKS: [&str; 6] = ["Global", "IaaS", "KaaS", "IAM", "Ops", "Scopes"];
const DATES: [&str; 3] = ["deprecated_at", "stabilized_at", "rejected_at"];

/// The letter before the version: `v` of documents, `w` of supplements.
fn letter(name: &str) -> Option<char> {
    name.chars().nth(9)
}

/// Whether a file of this name is a document and no supplement.
pub(super) fn is_main(name: &str) -> bool {
    letter(name) == Some('v')
}

pub(super) fn check(name: &str, front: &FrontMatter, names: &[&str]) -> Vec<Complaint> {
    match letter(name) {
        Some('v') => main(name, front, names),
        Some('w') => supplement(name, front, names),
        Some(_) => vec![Complaint::new(
            Level::Warning,
            "neither-v-nor-w",
            name,
            "the tenth character of the name is neither v nor w; the front matter was not looked at"
                .to_owned(),
            "name it scs-NNNN-vN-words.md or scs-NNNN-wN-words.md",
        )],
        None => {
            let message = "the name is too short to hold a version".to_owned();
            vec![Complaint::error("name-parts", name, message, "name it scs-NNNN-vN-words.md")]
        }
    }
}

fn supplement(name: &str, front: &FrontMatter, names: &[&str]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if front.text("type") != Some("Supplement") {
        let message =
            format!("the type of a supplement (w) is {}, not Supplement", shown(front.value("type")));
        let fix = "write `type: Supplement`, or name the file with v";
        complaints.push(Complaint::error("supplement-type", name, message, fix).at(front.line("type")));
    }
    if front.value("status").is_some() {
        let message = "a supplement has a status".to_owned();
        let complaint = Complaint::error("supplement-status", name, message, "take the line out");
        complaints.push(complaint.at(front.line("status")));
    }
    let line = front.line("supplements");
    if !matches!(front.value("supplements"), Some(Node::List(_))) {
        let message =
            format!("supplements is {}, not a list of file names", shown(front.value("supplements")));
        let fix = "list the files that it supplements, one `- scs-NNNN-vN-words.md` a line";
        complaints.push(Complaint::error("supplements-list", name, message, fix).at(line));
        return complaints;
    }
    complaints.extend(missing(front, "supplements", names).into_iter().map(|other| {
        let message = format!("it supplements {other}, which is not in the folder");
        Complaint::error("supplements-exist", name, message, "name a file of this folder").at(line)
    }));
    complaints
}

fn main(name: &str, front: &FrontMatter, names: &[&str]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (key, known) in [("type", &KINDS[..]), ("status", &STATUSES[..]), ("track", &TRACKS[..])] {
        if !front.text(key).is_some_and(|word| known.contains(&word)) {
            let message = format!("{key} is {}", shown(front.value(key)));
            let complaint =
                Complaint::error("known-words", name, message, format!("use one of {}", known.join(", ")));
            complaints.push(complaint.at(front.line(key)));
        }
    }
    for key in DATES {
        if front.value(key).is_some_and(|value| !is_date(value)) {
            let message = format!("{key} is {}", shown(front.value(key)));
            complaints
                .push(Complaint::error("iso-date", name, message, "write YYYY-MM-DD").at(front.line(key)));
        }
    }
    complaints.extend(replaces(name, front, names));
    complaints.extend(across(name, front));
    complaints
}

fn replaces(name: &str, front: &FrontMatter, names: &[&str]) -> Vec<Complaint> {
    let version: String = name.chars().skip(9).take(3).collect();
    if matches!(version.as_str(), "v1-" | "vN-") {
        return Vec::new();
    }
    let line = front.line("replaces");
    let value = front.value("replaces");
    let mut complaints = Vec::new();
    match value {
        None | Some(Node::Null) => {
            let message = "a later version than v1 has no replaces".to_owned();
            let fix = "list the file of the version before under `replaces:`";
            return vec![Complaint::error("replaces", name, message, fix)];
        }
        Some(Node::Text(_)) => complaints.push(
            Complaint::new(
                Level::Warning,
                "replaces-list",
                name,
                "replaces is a text, not a list".to_owned(),
                "write the file name on a line of its own, after a dash",
            )
            .at(line),
        ),
        Some(Node::List(_) | Node::Map(_)) => {}
    }
    complaints.extend(missing(front, "replaces", names).into_iter().map(|other| {
        let message = format!("it replaces {other}, which is not in the folder");
        Complaint::error("replaces-exist", name, message, "name a file of this folder").at(line)
    }));
    complaints
}

/// Rules over several keys.
fn across(name: &str, front: &FrontMatter) -> Vec<Complaint> {
    let status = front.text("status").unwrap_or_default();
    let mut complaints = Vec::new();
    if front.value("replaced_by").is_some() && !matches!(status, "Deprecated" | "Rejected") {
        let message = format!("it has replaced_by, but its status is {}", shown(front.value("status")));
        let fix = "take replaced_by out, or make the status Deprecated or Rejected";
        complaints
            .push(Complaint::error("replaced-by-status", name, message, fix).at(front.line("replaced_by")));
    }
    let wanted = [
        ("Deprecated", "deprecated_at", "deprecated-needs-date"),
        ("Stable", "stabilized_at", "stable-needs-date"),
        ("Rejected", "rejected_at", "rejected-needs-date"),
    ];
    for (word, key, rule) in wanted {
        if status == word && front.value(key).is_none() {
            let message = format!("its status is {word}, but it has no {key}");
            let fix = format!("write since when, `{key}: YYYY-MM-DD`");
            complaints.push(Complaint::error(rule, name, message, fix).at(front.line("status")));
        }
    }
    complaints
}

/// What a list names that is no file of the folder; entries that are no text count as such.
fn missing(front: &FrontMatter, key: &str, names: &[&str]) -> Vec<String> {
    let known = |node: &Node| matches!(node, Node::Text(text) if names.contains(&text.as_str()));
    match front.value(key) {
        Some(Node::List(items)) => {
            items.iter().filter(|item| !known(item)).map(|item| shown(Some(item))).collect()
        }
        Some(Node::Map(entries)) => {
            let keys = entries.iter().map(|(name, _)| name.clone());
            keys.filter(|name| !names.contains(&name.as_str())).collect()
        }
        Some(value @ Node::Text(_)) if !known(value) => vec![shown(Some(value))],
        _ => Vec::new(),
    }
}

/// A date, or a time on a date.
fn is_date(value: &Node) -> bool {
    matches!(value, Node::Text(text) if text.parse::<Date>().is_ok())
}

/// A value for a message.
fn shown(value: Option<&Node>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(Node::Null) => "empty".to_owned(),
        Some(Node::Text(text)) => format!("{:?}", text.chars().take(80).collect::<String>()),
        Some(other) => other.kind().to_owned(),
    }
}
