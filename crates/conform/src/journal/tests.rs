//! Journals through crashes, full disks and runs at the same time.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::context::RunId;

fn object(name: &str) -> NewEntry {
    NewEntry {
        cloud: "c".into(),
        auth_url: "http://k".into(),
        project: None,
        run: "r".into(),
        kind: "volume".into(),
        name: name.into(),
    }
}

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// Names and ids of what ended runs left.
fn left(journals: &Journals) -> Vec<(String, Option<String>)> {
    let ended = journals.ended().unwrap();
    assert!(ended.unreadable.is_empty(), "{:?}", ended.unreadable);
    let mut all: Vec<_> =
        ended.journals.iter().flat_map(Journal::left).map(|entry| (entry.object.name, entry.id)).collect();
    all.sort();
    all
}

fn folder() -> (tempfile::TempDir, Journals) {
    let dir = tempfile::tempdir().unwrap();
    let journals = Journals::at(dir.path().join("journal"));
    (dir, journals)
}

#[test]
fn a_crash_leaves_what_was_intended() {
    let (_dir, journals) = folder();
    let journal = journals.begin(RunId::random()).unwrap();
    let a = journal.intend(object("a")).unwrap();
    let b = journal.intend(object("b")).unwrap();
    journal.made(a, "id-a").unwrap();
    journal.intend(object("c")).unwrap();
    journal.gone(b);
    drop(journal);
    let ended = journals.ended().unwrap();
    let left = ended.journals[0].left();
    let seen: Vec<_> = left.iter().map(|e| (e.object.name.as_str(), e.id.as_deref())).collect();
    assert_eq!(seen, [("c", None), ("a", Some("id-a"))]);
}

#[test]
fn runs_at_the_same_time_lose_nothing_of_each_other() {
    let (_dir, journals) = folder();
    let (first, second) =
        (journals.begin(RunId::random()).unwrap(), journals.begin(RunId::random()).unwrap());
    let of_first = first.intend(object("of the first")).unwrap();
    let of_second = second.intend(object("of the second")).unwrap();
    second.made(of_second, "2").unwrap();
    second.gone(of_second);
    first.made(of_first, "1").unwrap();
    // the first is killed, the second ends
    drop((first, second));
    assert_eq!(left(&journals), [("of the first".to_owned(), Some("1".to_owned()))]);
}

#[test]
fn the_journal_of_a_running_run_is_left_alone() {
    let (_dir, journals) = folder();
    let run = RunId::random();
    let journal = journals.begin(run).unwrap();
    journal.intend(object("in use")).unwrap();
    let ended = journals.ended().unwrap();
    assert!(ended.journals.is_empty());
    assert_eq!(ended.running, 1);
    let error = journals.begin(run).err().unwrap();
    assert!(error.to_string().contains("still running"), "{error}");
    drop(journal);
    assert_eq!(left(&journals).len(), 1);
}

#[test]
fn a_run_that_goes_on_has_its_entries_and_new_numbers() {
    let (_dir, journals) = folder();
    let run = RunId::random();
    let first = journals.begin(run).unwrap().intend(object("a")).unwrap();
    let again = journals.begin(run).unwrap();
    assert!(again.intend(object("b")).unwrap() > first);
    assert_eq!(again.left().len(), 2);
}

#[test]
fn a_run_that_creates_nothing_writes_nothing_and_one_that_ends_well_leaves_no_file() {
    let (dir, journals) = folder();
    drop(journals.begin(RunId::random()).unwrap());
    assert!(!dir.path().join("journal").exists());
    let journal = journals.begin(RunId::random()).unwrap();
    let number = journal.intend(object("a")).unwrap();
    let file = std::fs::read_dir(journals.folder()).unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    journal.gone(number);
    drop(journal);
    assert_eq!(std::fs::read_dir(journals.folder()).unwrap().count(), 0);
}

#[test]
fn a_torn_line_spoils_neither_itself_nor_others() {
    for torn in [
        &br#"{"event":"intend","numb"#[..],
        b"{\"event\":\"made\",\"number\":0,\"id\":\"\xc3",
        // cut exactly before the end of the line
        br#"{"event":"made","number":0,"id":"id-a"}"#,
        b"\0\0\0\0\0\0",
    ] {
        let (_dir, journals) = folder();
        let run = RunId::random();
        journals.begin(run).unwrap().intend(object("a")).unwrap();
        let path = journals.folder().join(format!("{run}.jsonl"));
        OpenOptions::new().append(true).open(&path).unwrap().write_all(torn).unwrap();
        let again = journals.begin(run).unwrap();
        let number = again.intend(object("b")).unwrap();
        again.made(number, "id-b").unwrap();
        drop(again);
        let seen = left(&journals);
        let shown = String::from_utf8_lossy(torn);
        assert_eq!(seen.len(), 2, "{shown}");
        assert_eq!(seen[0].1.is_some(), torn.ends_with(b"}"), "{shown}");
        assert_eq!(seen[1], ("b".to_owned(), Some("id-b".to_owned())), "{shown}");
    }
}

#[test]
fn where_nothing_can_be_written_nothing_is_intended() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("journal"), "a file, not a folder").unwrap();
    let journal = Journals::at(dir.path().join("journal")).begin(RunId::random()).unwrap();
    journal.intend(object("a")).unwrap_err();
    assert!(journal.left().is_empty());
}

#[test]
fn what_was_never_answered_is_settled_only_by_a_second_look_a_good_while_later() {
    let journal = Journal::in_memory();
    journal.intend(object("a")).unwrap();
    let entry = || journal.left().remove(0);
    let later = now().plus(SETTLED_AFTER);
    assert_eq!(journal.settle(&entry(), Removal::NotSeen, now()), Some(later));
    let soon = now().plus(Duration::from_secs(5));
    assert_eq!(journal.settle(&entry(), Removal::NotSeen, soon), Some(later));
    assert_eq!(journal.left().len(), 1);
    assert_eq!(journal.settle(&entry(), Removal::NotSeen, later), None);
    assert!(journal.left().is_empty());
}

#[test]
fn what_appears_late_is_removed_and_settled_at_once() {
    let journal = Journal::in_memory();
    journal.intend(object("a")).unwrap();
    let entry = || journal.left().remove(0);
    journal.settle(&entry(), Removal::NotSeen, now());
    assert_eq!(journal.settle(&entry(), Removal::Gone, now()), None);
    assert!(journal.left().is_empty());
}
