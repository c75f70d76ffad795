//! `kogge check e2e` with a Tempest of our own: stopped, gone on with, redacted.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kogge::test_cloud::TestCloud;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::desk::{Desk, Ended};
use crate::packets::packet;

const TESTS: [&str; 2] = [
    "tempest.api.compute.flavors.test_flavors.FlavorsV2TestJSON.test_list_flavors",
    "tempest.api.compute.flavors.test_flavors.FlavorsV2TestJSON.test_list_flavors_with_detail",
];

/// `kogge check e2e` of both tests.
const E2E: [&str; 5] = ["e2e", "--tempest", "./tempest", "--report", "json=r.json,html=r.html"];

/// A Tempest that answers for its version and else does what the script says.
fn tempest(desk: &Desk, script: &str) {
    let here = desk.dir().display();
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exec echo tempest 47.0.0\ncp tests.txt {here}/asked\n{script}\n"
    );
    let file = desk.write("tempest", &text.replace("$HERE", &here.to_string()));
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_stopped_run_goes_on_with_what_is_missing() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    std::fs::write(desk.path("stream"), packet(TESTS[0], 3, None)).unwrap();
    tempest(&desk, "trap 'exit 130' INT\ncat $HERE/stream\ntouch $HERE/started\nwhile :; do sleep 0.1; done");
    let child = desk.start(&[&E2E[..], &["--tests", "test_flavors", "--subject", "mine"]].concat());
    cloud.until("Tempest hangs", async || desk.path("started").exists()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), Signal::SIGINT).unwrap();
    let stopped = Ended::of(child.wait_with_output().await.unwrap()).expect(130);
    assert!(stopped.err.contains("go on with: kogge check e2e --resume r.json"), "{}", stopped.err);
    let half = desk.json("r.json");
    assert_eq!(half["run"]["subject"], "mine");
    assert_eq!(half["results"][1]["verdict"], "not-finished");

    let other = desk.check(&["e2e", "--resume", "r.json", "--cloud", "kogge-alt"]).await.expect(2);
    assert!(other.err.contains("another project"), "{}", other.err);
    let both = desk.check(&["e2e", "--resume", "r.json", "--tests", "x"]).await.expect(2);
    assert!(both.err.contains("--tests"), "{}", both.err);
    let plan = desk.check(&["e2e", "--resume", "r.json", "--dry-run"]).await.expect(0);
    assert!(plan.out.contains("1 tests will be started, 0 cannot"), "{}", plan.out);
    assert!(plan.out.contains("a service that is not there is skipped, and counts as n/a"), "{}", plan.out);
    assert!(plan.out.contains("\n1 were decided"), "{}", plan.out);

    std::fs::write(desk.path("stream"), packet(TESTS[1], 3, None)).unwrap();
    tempest(&desk, "cat $HERE/stream");
    // the report is its own file again, without any --report
    let ended = desk.check(&["e2e", "--tempest", "./tempest", "--resume", "r.json"]).await.expect(0);
    assert!(ended.out.contains("test_list_flavors  (from the earlier run)"), "{}", ended.out);
    assert!(desk.read("asked").contains("with_detail") && desk.read("asked").lines().count() == 1);
    let whole = desk.json("r.json");
    for key in ["uuid", "started_at", "users", "subject"] {
        assert_eq!(whole["run"][key], half["run"][key], "{key}");
    }
    assert_eq!(whole["results"][1]["verdict"], "pass");
    let check = desk.check(&["--resume", "r.json"]).await.expect(2);
    assert!(check.err.contains("kogge check e2e"), "{}", check.err);
    cloud.stop().await;
}

#[tokio::test]
async fn nothing_private_is_shown_or_written() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let member = cloud.session("kogge").await;
    let address = cloud.root().trim_start_matches("http://").to_owned();
    let private = [
        member.project_id(),
        member.user_id(),
        "203.0.113.77",
        "gAAAAABmZ0xA-b2_QkF3Zm9vYmFyYmF6cXV4MTIz",
        &address,
    ];
    let text = format!("Traceback:\n  File x\nServerFault: {} /home/bob/x\n", private.join(" and "));
    let stream = packet(TESTS[0], 6, Some(("traceback", text.as_bytes())));
    std::fs::write(desk.path("stream"), stream).unwrap();
    tempest(&desk, "cat $HERE/stream");
    let words = [&E2E[..], &["--tests", "test_flavors", "--redact", "--subject", "a-cloud"]].concat();
    let ended = desk.check(&words).await.expect(3);
    let user = desk.json("r.json")["run"]["users"][0].as_str().unwrap().to_owned();
    assert!(user.starts_with("member ") && !user.contains("kogge"), "{user}");
    for text in [&ended.out, &ended.err, &desk.read("r.json"), &desk.read("r.html")] {
        for word in private.iter().chain(&["/home/bob"]) {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    assert_eq!(desk.json("r.json")["run"]["subject"], "a-cloud");
    assert!(ended.out.contains("ServerFault: id-"), "{}", ended.out);
    assert!(ended.err.contains("-1 (member of "), "{}", ended.err);
    assert!(desk.check(&["e2e", "--resume", "r.json"]).await.expect(2).err.contains("redacted"));
    cloud.stop().await;
}

#[tokio::test]
async fn a_second_ctrl_c_ends_it_at_once_and_tempest_with_it() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    std::fs::write(desk.path("stream"), packet(TESTS[0], 3, None)).unwrap();
    // a Tempest that nothing but a kill ends
    tempest(&desk, "trap '' INT TERM\ncat $HERE/stream\necho $$ >$HERE/pid\nwhile :; do sleep 0.1; done");
    let child = desk.start(&[&E2E[..], &["--tests", "test_flavors"]].concat());
    let pid =
        || std::fs::read_to_string(desk.path("pid")).ok()?.trim().parse::<i32>().ok().map(Pid::from_raw);
    cloud.until("Tempest hangs", async || pid().is_some()).await;
    let us = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    kill(us, Signal::SIGINT).unwrap();
    // the report tells by its reason when the first one was heard; the second is sent until it ends
    let ended = tokio::spawn(child.wait_with_output());
    cloud
        .until("the second one to end it", async || kill(us, Signal::SIGINT).is_err() || ended.is_finished())
        .await;
    let ended = Ended::of(ended.await.unwrap().unwrap()).expect(130);
    assert!(ended.err.contains("Ctrl-C again ends at once"), "{}", ended.err);
    let report = desk.json("r.json");
    assert_eq!(report["results"][0]["verdict"], "pass", "{report}");
    let left = report["leftovers"][0].as_str().unwrap();
    assert!(left.contains("whatever begins with ke2e-"), "{left}");
    cloud.until("Tempest to be gone", async || kill(pid().unwrap(), None).is_err()).await;
    cloud.stop().await;
}
