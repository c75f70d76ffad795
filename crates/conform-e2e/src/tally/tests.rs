//! Streams as Tempest sends them.

use super::*;

const CLASS: &str = "tempest.api.compute.flavors.test_flavors.FlavorsV2TestJSON";

fn names() -> Vec<&'static Test> {
    list::tests().iter().filter(|test| test.class() == CLASS).collect()
}

fn tally() -> Tally {
    Tally::new(&names(), vec!["geheim".to_owned()])
}

fn send(
    tally: &mut Tally,
    test: &str,
    status: Option<Status>,
    at: u64,
    file: Option<(&str, &str)>,
) -> Vec<Event> {
    let file = file.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    tally.take(Piece::Packet(Packet { test: Some(test.to_owned()), status, at_micros: Some(at), file }))
}

#[test]
fn a_test_that_passes_is_told_as_it_goes() {
    let (mut tally, test) = (tally(), names()[0]);
    let id = format!("{}[id-x,smoke]", test.name);
    assert!(send(&mut tally, &id, Some(Status::Exists), 1, None).is_empty());
    assert_eq!(send(&mut tally, &id, Some(Status::InProgress), 1_000_000, None), [Event::Started(test)]);
    assert_eq!(send(&mut tally, &id, Some(Status::Success), 3_500_000, None), [Event::Finished(test)]);
    let ended = tally.ended(test).unwrap();
    assert_eq!((ended.outcome.verdict, ended.elapsed_ms), (Verdict::Pass, 2500));
    assert!(tally.ended(names()[1]).is_none() && !tally.seen(names()[1]));
}

#[test]
fn a_failure_has_the_last_line_of_its_traceback_and_no_secret() {
    let (mut tally, test) = (tally(), names()[0]);
    let text = "Traceback:\n  File x\nValueError: geheim is wrong\n";
    send(&mut tally, test.name, None, 1, Some(("traceback", text)));
    send(&mut tally, test.name, Some(Status::Fail), 2, None);
    let outcome = &tally.ended(test).unwrap().outcome;
    assert_eq!(
        (outcome.verdict, outcome.findings[0].found.as_str()),
        (Verdict::Fail, "ValueError: *** is wrong")
    );
}

#[test]
fn a_class_that_cannot_be_set_up_leaves_its_tests_undecided_and_one_that_is_skipped_not_applicable() {
    for (status, verdict) in [(Status::Fail, Verdict::CouldNotRun), (Status::Skip, Verdict::NotApplicable)] {
        let mut tally = tally();
        let id = format!("setUpClass ({CLASS})");
        send(&mut tally, &id, None, 1, Some(("reason", "not here")));
        assert_eq!(send(&mut tally, &id, Some(status), 1, None).len(), 2);
        for test in names() {
            assert_eq!(tally.ended(test).unwrap().outcome.verdict, verdict);
        }
    }
}

#[test]
fn a_class_that_fails_after_a_test_does_not_change_its_verdict() {
    let mut tally = tally();
    send(&mut tally, names()[0].name, Some(Status::Success), 1, None);
    send(&mut tally, &format!("setUpClass ({CLASS})"), Some(Status::Fail), 1, None);
    send(&mut tally, names()[0].name, Some(Status::Fail), 1, None);
    assert_eq!(tally.ended(names()[0]).unwrap().outcome.verdict, Verdict::Pass);
}

#[test]
fn what_is_not_of_the_list_is_a_remark_or_nothing() {
    let mut tally = tally();
    send(&mut tally, "tempest.api.other.X.test_y", Some(Status::Success), 1, None);
    send(
        &mut tally,
        &format!("tearDownClass ({CLASS})"),
        Some(Status::Fail),
        1,
        Some(("traceback", "Boom: x")),
    );
    tally.take(Piece::Noise(vec![b'n'; 100_000]));
    assert_eq!(tally.remarks(), [format!("tearDownClass ({CLASS}): Boom: x")]);
    assert!(!tally.any_seen() && tally.stray().len() < 500);
    for number in 0..1000 {
        send(&mut tally, &format!("x{number}"), Some(Status::Fail), 1, None);
    }
    assert_eq!(tally.remarks().len(), REMARKS);
}
