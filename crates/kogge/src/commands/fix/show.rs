//! Plans and their ends in words.

use std::fmt::Write;

use kogge_conform::Verdict;
use kogge_conform::render::terminal::plain;
use kogge_conform_iaas::fix::{Advice, Applied, Change, Outcome, Plan};

use super::recheck::Stand;

/// How many pieces of advice are shown for one test case before the rest is only counted.
const SHOWN: usize = 10;

/// The whole plan.
pub(super) fn plan(cloud: &str, plan: &Plan) -> String {
    let mut text = String::new();
    if plan.changes.is_empty() {
        let _ = writeln!(text, "There is nothing to change by API on cloud {}.", plain(cloud));
    } else {
        let _ = writeln!(text, "To change, so that cloud {} passes:\n", plain(cloud));
        for (number, change) in plan.changes.iter().enumerate() {
            text.push_str(&one(number + 1, change));
        }
    }
    if !plan.advice.is_empty() {
        text.push_str("\nFor people to do:\n\n");
        advice(&mut text, &plan.advice);
    }
    if !plan.not_looked_at.is_empty() {
        let _ = writeln!(
            text,
            "\nNot looked at, for only a run of `kogge check` as an ordinary member can tell: {}",
            plan.not_looked_at.join(", ")
        );
    }
    for note in &plan.notes {
        let _ = writeln!(text, "\nNote: {}", plain(note));
    }
    text.trim_end().to_owned()
}

fn one(number: usize, change: &Change) -> String {
    let mut text = format!(
        "{number:>3}. {}: {}   ({})\n",
        plain(&change.object.name),
        plain(&change.what),
        change.testcases.join(", ")
    );
    let careful = change.caution.as_str();
    let lines = [
        ("is", change.before.as_str()),
        ("becomes", &change.after),
        ("because", &change.why),
        ("careful:", careful),
        ("$", &change.command),
    ];
    for (word, what) in lines.into_iter().filter(|(_, what)| !what.is_empty()) {
        let _ = writeln!(text, "       {word:<8} {}", plain(what));
    }
    text
}

fn advice(text: &mut String, all: &[Advice]) {
    for group in all.chunk_by(|a, b| a.testcase == b.testcase) {
        for one in group.iter().take(SHOWN) {
            let _ = writeln!(text, "  {}  {}", one.testcase, plain(&one.object));
            let _ = writeln!(text, "       wanted   {}", plain(&one.expected));
            let _ = writeln!(text, "       found    {}", plain(&one.found));
            if !one.todo.is_empty() {
                let _ = writeln!(text, "       to do    {}", plain(&one.todo));
            }
        }
        if group.len() > SHOWN {
            let _ = writeln!(text, "       … and {} more", group.len() - SHOWN);
        }
    }
}

/// A step that ended.
pub(super) fn step(applied: &Applied) -> String {
    let what = format!("{}: {}", plain(&applied.change.object.name), plain(&applied.change.what));
    match &applied.outcome {
        Outcome::Done => format!("done     {what}"),
        Outcome::Refused { because } => format!("REFUSED  {what}\n         {}", plain(because)),
        Outcome::Skipped { .. } => format!("skipped  {what}\n         after the refusal above"),
        Outcome::Stopped { because } => format!("not done {what}\n         {}", plain(because)),
    }
}

/// What came of it.
pub(super) fn end(applied: &[Applied], checked: &[Stand], checked_by: &str) -> String {
    let done = applied.iter().filter(|applied| applied.outcome == Outcome::Done).count();
    let mut text = format!("\n{done} of {} changes made. The test cases concerned:\n", applied.len());
    let word = |verdict: Option<Verdict>| verdict.map_or("no verdict", Verdict::word);
    for stand in checked {
        let _ =
            writeln!(text, "  {:<13} -> {:<13} {}", word(stand.before), word(stand.after), stand.testcase);
    }
    let _ = writeln!(text, "Judged by {checked_by}.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_conform::ObjectRef;
    use kogge_conform_iaas::fix::Action;

    fn change() -> Change {
        let action = Action::UnsetSpec { id: "f".to_owned(), key: "scs:name-v2".to_owned() };
        Change {
            testcases: vec!["scs-0103-flavor-1v-4".to_owned()],
            object: ObjectRef { name: "flavor \"a\u{1b}[31m\"".to_owned(), id: Some("f".to_owned()) },
            what: "extra specs".to_owned(),
            before: "b".to_owned(),
            after: "c".to_owned(),
            why: "d".to_owned(),
            safe: true,
            caution: String::new(),
            command: action.command(),
            overwrites: serde_json::Value::Null,
            action,
        }
    }

    #[test]
    fn a_name_from_the_cloud_cannot_paint_on_the_terminal() {
        let shown = plan("x", &Plan { changes: vec![change()], ..Plan::default() });
        assert!(!shown.contains('\u{1b}') && shown.contains("$        openstack flavor unset"), "{shown}");
        let refused =
            Applied { change: change(), outcome: Outcome::Refused { because: "\u{1b}[2J".to_owned() } };
        assert!(!step(&refused).contains('\u{1b}'));
    }

    #[test]
    fn much_advice_of_one_kind_is_counted() {
        let one = Advice {
            testcase: "scs-0102-prop-min_ram".to_owned(),
            object: "image".to_owned(),
            expected: "e".to_owned(),
            found: "f".to_owned(),
            todo: "t".to_owned(),
        };
        let shown = plan("x", &Plan { advice: vec![one; 30], ..Plan::default() });
        assert_eq!(shown.matches("scs-0102-prop-min_ram").count(), SHOWN);
        assert!(shown.contains("and 20 more"), "{shown}");
    }

    #[test]
    fn the_end_counts_what_was_done() {
        let applied = [Outcome::Done, Outcome::Skipped { because: "x".to_owned() }]
            .map(|outcome| Applied { change: change(), outcome });
        let stand = Stand {
            testcase: "t".to_owned(),
            before: Some(Verdict::Fail),
            after: Some(Verdict::Pass),
            passes: true,
        };
        let shown = end(&applied, &[stand], "us");
        assert!(shown.contains("1 of 2 changes made") && shown.contains("FAIL          -> PASS"), "{shown}");
    }
}
