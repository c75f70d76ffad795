//! One broken document per rule.

use super::*;

const STANDARD: &str = "---\ntitle: T\ntype: Standard\nstatus: Draft\ntrack: IaaS\n---\n\n## Introduction\n\n## Motivation\n\n## Conformance Tests\n";

/// Rules that the files break at this level or a heavier one.
fn broken(files: &[(&str, &str)], level: Level) -> Vec<&'static str> {
    let files: Vec<_> = files.iter().map(|(name, text)| File { name, content: text.as_bytes() }).collect();
    lint(&files)
        .into_iter()
        .filter(|complaint| complaint.level <= level)
        .map(|complaint| complaint.rule)
        .collect()
}

fn errors(files: &[(&str, &str)]) -> Vec<&'static str> {
    broken(files, Level::Error)
}

/// A document with these lines of front matter.
fn document(lines: &str) -> String {
    format!("---\n{lines}\n---\n\nText.\n")
}

/// The errors of one document with these lines of front matter.
fn of(name: &str, lines: &str) -> Vec<&'static str> {
    errors(&[(name, &document(lines))])
}

const DRAFT: &str = "type: Standard\nstatus: Draft\ntrack: IaaS";

#[test]
fn a_right_document_has_no_complaints() {
    assert_eq!(broken(&[("scs-0199-v1-words.md", STANDARD)], Level::Advice), Vec::<&str>::new());
}

#[test]
fn other_files_are_passed_over() {
    assert_eq!(
        broken(&[("README.md", "x"), ("scs-0199-v1-words.txt", "x")], Level::Advice),
        Vec::<&str>::new()
    );
}

#[test]
fn names_have_four_parts_four_digits_and_a_version() {
    for (name, expected) in [
        ("scs-0199-v1.md", vec!["name-parts"]),
        ("scs-199-v1-words.md", vec!["name-number"]),
        ("scs-01a9-v1-words.md", vec!["name-number"]),
        ("scs-0199-v-words.md", vec!["name-version"]),
        ("scs-0199-v1a-words.md", vec!["name-version"]),
        ("scs-XXXX-vN-words.md", vec![]),
        ("scs-xxxx-v1-words.md", vec![]),
    ] {
        let found = errors(&[(name, STANDARD)]);
        let names: Vec<_> = found.into_iter().filter(|rule| rule.starts_with("name")).collect();
        assert_eq!(names, expected, "{name}");
    }
    assert_eq!(errors(&[("scs-1.md", STANDARD)]), ["name-parts", "name-parts"]);
}

#[test]
fn number_and_version_are_unique_but_in_proposals() {
    let twice = [("scs-0199-v1-one.md", STANDARD), ("scs-0199-v1-two.md", STANDARD)];
    assert_eq!(errors(&twice), ["unique-number"]);
    let proposals = [("scs-xxxx-v1-one.md", STANDARD), ("scs-xxxx-v1-two.md", STANDARD)];
    assert_eq!(errors(&proposals), Vec::<&str>::new());
}

#[test]
fn front_matter_has_to_be_there_and_to_be_yaml() {
    for text in ["", "# Title\n\nText.\n", "---\n[\n---\n", "---\n- a\n---\n"] {
        assert_eq!(errors(&[("scs-0199-v1-words.md", text)]), ["front-matter"], "{text:?}");
    }
    let not_utf8 = File { name: "scs-0199-v1-words.md", content: b"---\ntitle: \xff\n---\n" };
    assert!(lint(&[not_utf8])[0].message.contains("byte 11"));
    let endless = format!("---\n{}", "a: b\n".repeat(20_000));
    assert_eq!(errors(&[("scs-0199-v1-words.md", &endless)]), ["front-matter"]);
}

#[test]
fn a_byte_order_mark_and_front_matter_without_first_mark_are_read() {
    let marked = format!("\u{feff}{STANDARD}");
    assert_eq!(broken(&[("scs-0199-v1-words.md", &marked)], Level::Advice), ["byte-order-mark"]);
    let unopened = STANDARD.strip_prefix("---\n").unwrap();
    assert_eq!(errors(&[("scs-0199-v1-words.md", unopened)]), Vec::<&str>::new());
}

#[test]
fn words_are_those_of_the_tables() {
    let name = "scs-0199-v1-words.md";
    assert_eq!(of(name, "status: Draft\ntrack: IaaS"), ["known-words"]);
    assert_eq!(of(name, "type: Supplement\nstatus: draft\ntrack: Iaas"), ["known-words"; 3]);
    assert_eq!(of(name, &format!("{DRAFT}\nrejected_at: yesterday")), ["iso-date"]);
    assert_eq!(of(name, &format!("{DRAFT}\nrejected_at: 5")), ["iso-date"]);
    assert_eq!(of(name, &format!("{DRAFT}\nrejected_at: 2026-02-30")), ["iso-date"]);
    assert_eq!(of(name, &format!("{DRAFT}\nrejected_at: '2026-02-28'")), Vec::<&str>::new());
}

#[test]
fn complaints_point_at_the_line_and_say_what_to_do() {
    let text = document("title: T\ntype: Standard\nstatus: draft\ntrack: IaaS");
    let complaints = lint(&[File { name: "scs-0199-v1-words.md", content: text.as_bytes() }]);
    let first = &complaints[0];
    assert_eq!((first.line, first.message.as_str()), (Some(4), "status is \"draft\""));
    assert!(first.fix.contains("Proposal, Draft, Stable"));
}

#[test]
fn a_state_needs_its_date() {
    let name = "scs-0199-v1-words.md";
    for (status, key, rule) in [
        ("Stable", "stabilized_at", "stable-needs-date"),
        ("Deprecated", "deprecated_at", "deprecated-needs-date"),
        ("Rejected", "rejected_at", "rejected-needs-date"),
    ] {
        let front = format!("type: Standard\nstatus: {status}\ntrack: IaaS");
        assert_eq!(of(name, &front), [rule]);
        assert_eq!(of(name, &format!("{front}\n{key}: 2026-01-01")), Vec::<&str>::new());
    }
}

#[test]
fn only_what_is_over_is_replaced() {
    let name = "scs-0199-v1-words.md";
    assert_eq!(of(name, &format!("{DRAFT}\nreplaced_by:\n- scs-0199-v2-words.md")), ["replaced-by-status"]);
    let over = "type: Standard\nstatus: Deprecated\ntrack: IaaS\ndeprecated_at: 2026-01-01\nreplaced_by: [x]";
    assert_eq!(of(name, over), Vec::<&str>::new());
    assert_eq!(broken(&[(name, &document(over))], Level::Advice), ["chapters", "replaced-by-exists"]);
}

#[test]
fn a_later_version_says_what_it_replaces() {
    let second = |lines: &str| {
        let text = document(&format!("{DRAFT}\n{lines}"));
        broken(&[("scs-0199-v1-words.md", STANDARD), ("scs-0199-v2-words.md", &text)], Level::Warning)
    };
    assert_eq!(second("title: T"), ["replaces"]);
    assert_eq!(second("replaces:"), ["replaces"]);
    assert_eq!(second("replaces: scs-0199-v1-words.md"), ["replaces-list"]);
    assert_eq!(second("replaces: scs-0199-v3-words.md"), ["replaces-exist", "replaces-list"]);
    assert_eq!(second("replaces:\n- scs-0199-v1-words.md"), Vec::<&str>::new());
    assert_eq!(second("replaces:\n- scs-0199-v1-words.md\n- other.md"), ["replaces-exist"]);
}

#[test]
fn one_version_of_a_document_is_stable() {
    let stable = document("type: Standard\nstatus: Stable\ntrack: IaaS\nstabilized_at: 2026-01-01");
    let next = document(
        "type: Standard\nstatus: Stable\ntrack: IaaS\nstabilized_at: 2026-01-01\nreplaces: [scs-0199-v1-words.md]",
    );
    assert_eq!(
        errors(&[("scs-0199-v1-words.md", &stable), ("scs-0199-v2-words.md", &next)]),
        ["one-stable-version"]
    );
}

#[test]
fn supplements_have_no_status_and_name_what_they_supplement() {
    let with = |lines: &str| {
        let text = document(lines);
        errors(&[("scs-0199-v1-words.md", STANDARD), ("scs-0199-w1-words.md", &text)])
    };
    assert_eq!(with("type: Supplement\nsupplements:\n- scs-0199-v1-words.md"), Vec::<&str>::new());
    assert_eq!(with("type: Standard\nsupplements: [scs-0199-v1-words.md]"), ["supplement-type"]);
    assert_eq!(with("type: Supplement\nstatus:\nsupplements: [scs-0199-v1-words.md]"), ["supplement-status"]);
    assert_eq!(with("type: Supplement"), ["supplements-list"]);
    assert_eq!(with("type: Supplement\nsupplements: scs-0199-v1-words.md"), ["supplements-list"]);
    assert_eq!(with("type: Supplement\nsupplements: [scs-0199-v7-words.md]"), ["supplements-exist"]);
}

#[test]
fn advice_sees_slugs_tracks_chapters_and_documents_that_name_themselves() {
    let all = |name: &str, lines: &str| broken(&[(name, &document(lines))], Level::Advice);
    assert_eq!(all("scs-0199-v1-Words.md", DRAFT), ["slug", "chapters"]);
    assert_eq!(all("scs-0299-v1-words--more.md", DRAFT), ["slug", "chapters", "track-digit"]);
    assert_eq!(
        all("scs-0199-v2-words.md", &format!("{DRAFT}\nreplaces:\n- scs-0199-v2-words.md")),
        ["chapters", "names-itself"]
    );
    let old = document("type: Procedural\nstatus: Deprecated\ntrack: IaaS\ndeprecated_at: 2026-01-01");
    let new = document("type: Procedural\nstatus: Draft\ntrack: IaaS\nreplaces: [scs-0199-v1-words.md]");
    let both = [("scs-0199-v1-words.md", old.as_str()), ("scs-0199-v2-words.md", new.as_str())];
    assert_eq!(broken(&both, Level::Advice), ["replaced-by"]);
}
