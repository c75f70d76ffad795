//! Rules for the names of files.

use std::collections::BTreeMap;

use super::Complaint;

const FORM: &str = "name it scs-NNNN-vN-words.md, or scs-NNNN-wN-words.md for a supplement";

/// Whether a number is the placeholder of proposals.
fn is_placeholder(number: &str) -> bool {
    number.eq_ignore_ascii_case("xxxx")
}

/// Whether a text is made of numerals; nothing is not.
fn is_numeric(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_numeric)
}

pub(super) fn check(name: &str) -> Vec<Complaint> {
    let parts: Vec<&str> = name.split('-').collect();
    let [_, number, version, _, ..] = parts.as_slice() else {
        let message = format!("the name has {} parts between dashes, at least 4 are needed", parts.len());
        return vec![Complaint::error("name-parts", name, message, FORM)];
    };
    let mut complaints = Vec::new();
    if number.chars().count() != 4 || !(is_numeric(number) || is_placeholder(number)) {
        let message = format!("the number is {number:?}, not four digits (or xxxx in a proposal)");
        complaints.push(Complaint::error("name-number", name, message, FORM));
    }
    let count = version.strip_prefix(['v', 'w']);
    if !count.is_some_and(|count| is_numeric(count) || count.eq_ignore_ascii_case("N")) {
        let message = format!("the version is {version:?}, not v or w and a number");
        complaints.push(Complaint::error("name-version", name, message, FORM));
    }
    complaints
}

/// The first characters of a name: number and version.
fn beginning(name: &str) -> String {
    name.chars().take(12).collect()
}

/// Files that share number and version, but for proposals.
pub(super) fn duplicates(names: &[&str]) -> Vec<Complaint> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let numbered =
        names.iter().filter(|name| !is_placeholder(&name.chars().skip(4).take(4).collect::<String>()));
    for name in numbered {
        groups.entry(beginning(name)).or_default().push(name);
    }
    let complain = |files: Vec<&str>| {
        let last = files.last().copied().unwrap_or_default();
        let message =
            format!("{} files share the beginning {:?}: {}", files.len(), beginning(last), files.join(", "));
        Complaint::error("unique-number", last, message, "give one of them another version or number")
    };
    groups.into_values().filter(|files| files.len() > 1).map(complain).collect()
}
