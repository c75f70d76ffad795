//! The book of answers: who asked what in which version, and what came back, equal answers together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use kogge::test_cloud::Answer;
use serde_json::Value;

use super::exchanges::{Asked, Exchanges};
use super::plain::{Names, pretty};

/// Headers that say nothing about the answer.
const DULL: [&str; 3] = ["date", "content-length", "transfer-encoding"];

/// What was asked of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// In which way; empty for the plain way.
    pub(super) what: String,
    /// Who asked.
    pub(super) who: &'static str,
    /// The microversion; empty where the request named none.
    pub(super) version: String,
}

/// Where the names of what was asked are broken into lines.
const WIDTH: usize = 110;

/// An answer without what is random.
struct Shown {
    status: u16,
    headers: BTreeSet<String>,
    body: String,
}

impl Shown {
    fn of(answer: &Answer, body: &Value, version: &str, names: &Names) -> Self {
        let mut headers = BTreeSet::new();
        for (name, value) in &answer.headers {
            let name = name.as_str();
            if DULL.contains(&name) {
                continue;
            }
            let mut value = names.text(&String::from_utf8_lossy(value.as_bytes()));
            if !version.is_empty() && name.ends_with("api-version") {
                value = value.replace(version, "<version>");
            }
            headers.insert(format!("{name}: {value}"));
        }
        Self { status: answer.status, headers, body: text(answer, body, names) }
    }
}

fn text(answer: &Answer, body: &Value, names: &Names) -> String {
    if !body.is_null() {
        return pretty(body);
    }
    match std::str::from_utf8(&answer.bytes) {
        Ok(text) => names.text(text).trim_end().to_owned(),
        Err(_) => format!("{} bytes that are no text", answer.bytes.len()),
    }
}

/// The items of the lists of a body that take more than a line.
fn long_items(body: &Value) -> impl Iterator<Item = &Value> {
    let items = body.as_object().into_iter().flatten().filter_map(|(_, list)| list.as_array()).flatten();
    items.filter(|item| item.is_object() && item.to_string().len() > WIDTH)
}

/// Leaves of the items of lists that were shown before only their ids and names.
fn shorten(body: &mut Value, names: &Names, listed: &BTreeSet<String>) {
    let lists = body.as_object_mut().into_iter().flatten().filter_map(|(_, list)| list.as_array_mut());
    for item in lists.flatten() {
        let known = listed.contains(&names.form(item));
        if let (true, Value::Object(fields)) = (known, item) {
            fields.retain(|key, _| ["id", "uuid", "name"].contains(&key.as_str()));
            fields.insert("…".to_owned(), "as listed".into());
        }
    }
}

/// All answers of one service.
pub(super) struct Book {
    service: String,
    /// The microversion of requests that name none.
    first: String,
    chapters: Vec<(String, Vec<(Case, Shown)>)>,
    /// Items of lists that the chapter shows in full already.
    listed: BTreeSet<String>,
    exchanges: Exchanges,
}

impl Book {
    /// An empty one of a service, whose requests speak the microversion `first` where they name none.
    pub(super) fn new(service: &str, first: &str) -> Self {
        Self {
            service: service.to_owned(),
            first: first.to_owned(),
            chapters: Vec::new(),
            listed: BTreeSet::new(),
            exchanges: Exchanges::of(service),
        }
    }

    /// Begins the chapter of a route.
    pub(super) fn open(&mut self, route: &str) {
        self.chapters.push((route.to_owned(), Vec::new()));
        self.listed.clear();
    }

    /// Notes an answer in the chapter that was begun last. `order` is the field by which a list was asked to be sorted.
    pub(super) fn note(
        &mut self,
        case: Case,
        asked: &Asked,
        answer: &Answer,
        names: &Names,
        order: Option<&str>,
    ) {
        self.exchanges.add(asked, &case.version, answer);
        self.put(case, answer, names, order);
    }

    /// As [`Book::note`], for what no other judge looks at.
    pub(super) fn put(&mut self, case: Case, answer: &Answer, names: &Names, order: Option<&str>) {
        let mut body = names.ordered(&answer.body, order);
        if case.what.starts_with('?') {
            shorten(&mut body, names, &self.listed);
        } else {
            self.listed.extend(long_items(&body).map(|item| names.form(item)));
        }
        let version = if case.version.is_empty() { &self.first } else { &case.version };
        let shown = Shown::of(answer, &names.plain(&body), version, names);
        if let Some((_, cases)) = self.chapters.last_mut() {
            cases.push((case, shown));
        }
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let usual = self.usual_headers();
        let mut text = format!("# Answers of {}: see CONTRIBUTING.md. Usual headers:\n", self.service);
        for header in &usual {
            let _ = writeln!(text, "#   {header}");
        }
        for (route, cases) in &self.chapters {
            let _ = write!(text, "\n=== {route}\n{}", chapter(cases, &usual));
        }
        text
    }

    /// Those that most answers have.
    fn usual_headers(&self) -> BTreeSet<String> {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        let answers: Vec<&Shown> =
            self.chapters.iter().flat_map(|(_, cases)| cases).map(|(_, s)| s).collect();
        for header in answers.iter().flat_map(|shown| &shown.headers) {
            *counts.entry(header).or_default() += 1;
        }
        let most = |(header, count): (&String, usize)| (count * 2 > answers.len()).then(|| header.clone());
        counts.into_iter().filter_map(most).collect()
    }

    /// Compares with what was noted before.
    ///
    /// # Panics
    /// Where an answer differs, or one is new or gone.
    pub(super) fn compare(&self) {
        let path: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests/golden/answers", &format!("{}.txt", self.service)]
                .iter()
                .collect();
        let found = self.text();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let noted = std::fs::read_to_string(&path).unwrap_or_default();
        if noted == found {
            return;
        }
        let new = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.txt", self.service));
        std::fs::write(&new, &found).unwrap();
        let lines = differences(&noted, &found);
        panic!(
            "{} lines differ. The whole: diff {} {}\nUPDATE_GOLDEN=1 accepts:\n{}",
            lines.len(),
            path.display(),
            new.display(),
            lines.join("\n")
        );
    }
}

/// The answers of a route, equal ones together.
fn chapter(cases: &[(Case, Shown)], usual: &BTreeSet<String>) -> String {
    let mut groups: Vec<(String, Vec<&Case>)> = Vec::new();
    for (case, shown) in cases {
        let answer = paragraph(shown, usual);
        match groups.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, same)) => same.push(case),
            None => groups.push((answer, vec![case])),
        }
    }
    let mut text = String::new();
    for (answer, same) in groups {
        for line in askers(&same, cases) {
            let _ = writeln!(text, "-- {line}");
        }
        let _ = writeln!(text, "{answer}");
    }
    text
}

fn paragraph(shown: &Shown, usual: &BTreeSet<String>) -> String {
    let mut text = shown.status.to_string();
    for header in usual.difference(&shown.headers) {
        let name = header.split(':').next().unwrap_or(header);
        // one with another value stands among the others
        if !shown.headers.iter().any(|other| other.split(':').next() == Some(name)) {
            let _ = write!(text, "\n  without {name}");
        }
    }
    for header in shown.headers.difference(usual) {
        let _ = write!(text, "\n  {header}");
    }
    if !shown.body.is_empty() {
        let _ = write!(text, "\n{}", shown.body);
    }
    text
}

/// Who got an answer, a line for each way of asking: `admin, member 2.1–2.8, 2.53: ?name=n`.
fn askers(same: &[&Case], all: &[(Case, Shown)]) -> Vec<String> {
    let mut whats: Vec<&str> = Vec::new();
    for case in same {
        if !whats.contains(&case.what.as_str()) {
            whats.push(&case.what);
        }
    }
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for what in whats {
        let mut by_versions: Vec<(String, Vec<&str>)> = Vec::new();
        for case in same.iter().filter(|case| case.what == what) {
            if by_versions.iter().any(|(_, people)| people.contains(&case.who)) {
                continue;
            }
            let versions = versions(case, same, all);
            match by_versions.iter_mut().find(|(known, _)| *known == versions) {
                Some((_, people)) => people.push(case.who),
                None => by_versions.push((versions, vec![case.who])),
            }
        }
        let people = by_versions.iter().map(|(versions, people)| format!("{}{versions}", people.join(" ")));
        let people = people.collect::<Vec<_>>().join("; ");
        match lines.iter_mut().find(|(known, _)| *known == people) {
            Some((_, whats)) => whats.push(what),
            None => lines.push((people, vec![what])),
        }
    }
    let line = |(people, whats): (String, Vec<&str>)| {
        let mut text = format!("{people}:");
        let mut width = text.len();
        for (index, what) in whats.iter().enumerate() {
            let what = if what.is_empty() { "plain" } else { what };
            let before = if index == 0 { " " } else { " | " };
            width += before.len() + what.len();
            if width > WIDTH && index > 0 {
                text.push_str("\n--  ");
                width = 4 + before.len() + what.len();
            }
            text.push_str(before);
            text.push_str(what);
        }
        text
    };
    lines.into_iter().map(line).collect()
}

/// The versions in which one who asked got this answer, as ranges of those that were asked for; empty for all of them.
fn versions(case: &Case, same: &[&Case], all: &[(Case, Shown)]) -> String {
    let like = |other: &Case| other.what == case.what && other.who == case.who;
    let asked: Vec<&str> =
        all.iter().map(|(c, _)| c).filter(|c| like(c)).map(|c| c.version.as_str()).collect();
    let got: BTreeSet<&str> = same.iter().filter(|c| like(c)).map(|c| c.version.as_str()).collect();
    if asked.iter().all(|version| version.is_empty()) {
        return String::new();
    }
    let mut ranges: Vec<(&str, &str)> = Vec::new();
    let mut open = false;
    for version in asked {
        let name = if version.is_empty() { "none" } else { version };
        match ranges.last_mut() {
            _ if !got.contains(version) => open = false,
            Some(last) if open => last.1 = name,
            _ => {
                ranges.push((name, name));
                open = true;
            }
        }
    }
    let one = |(first, last): &(&str, &str)| {
        if first == last { (*first).to_owned() } else { format!("{first}–{last}") }
    };
    format!(" {}", ranges.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Lines that are gone or new, under the headings of their chapters.
fn differences(noted: &str, found: &str) -> Vec<String> {
    let (old, new) = (by_chapter(noted), by_chapter(found));
    let mut lines = Vec::new();
    for chapter in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
        let (before, after) = (old.get(chapter), new.get(chapter));
        if before == after {
            continue;
        }
        lines.push((*chapter).to_owned());
        let (before, after) = (before.cloned().unwrap_or_default(), after.cloned().unwrap_or_default());
        let only = |one: &[&str], other: &[&str], sign: &str| -> Vec<String> {
            let only = one.iter().filter(|line| !other.contains(line));
            only.map(|line| format!("{sign} {line}")).collect()
        };
        let (gone, come) = (only(&before, &after, "-"), only(&after, &before, "+"));
        if gone.is_empty() && come.is_empty() {
            lines.push("  (the same lines in another order or number)".to_owned());
        }
        lines.extend(gone.into_iter().chain(come));
    }
    lines
}

fn by_chapter(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut chapters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "# head";
    for line in text.lines() {
        if line.starts_with("=== ") {
            name = line;
        }
        chapters.entry(name).or_default().push(line);
    }
    chapters
}
