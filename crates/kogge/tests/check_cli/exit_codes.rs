//! Exit codes: 0 pass, 2 usage, 3 checks failed, 4 could not run, 130 and 143 after a signal.

use kogge::test_cloud::TestCloud;
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn a_pass_is_0_and_a_failed_check_is_3_with_object_rule_and_fix() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let passed = desk.check(&["--tests", "scs-0100"]).await.expect(0);
    assert!(passed.out.contains("PASS"), "{}", passed.out);
    let admin = cloud.session("kogge-admin").await;
    let flavor = json!({"flavor": {"name": "SCS-1X-1", "ram": 1024, "vcpus": 1, "disk": 0}});
    assert_eq!(admin.post("/compute/v2.1/flavors", flavor).await.status, 200);
    let failed = desk.check(&["--tests", "scs-0100"]).await.expect(3);
    for part in ["FAIL", "SCS-1X-1", "fix:", "see https://docs.scs.community"] {
        assert!(failed.out.contains(part), "{part}: {}", failed.out);
    }
    cloud.stop().await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_4_and_told_at_once_in_every_report() {
    let desk = Desk::bare()
        .with("OS_AUTH_URL", "http://127.0.0.1:9/v3")
        .with("OS_USERNAME", "u")
        .with("OS_USER_DOMAIN_NAME", "Default")
        .with("OS_PASSWORD", "geheim")
        .with("OS_PROJECT_NAME", "p")
        .with("OS_PROJECT_DOMAIN_NAME", "Default");
    let ended = desk.check(&["--tests", "scs-0100", "--report", "json=r.json,yaml=r.yaml"]).await.expect(4);
    assert!(ended.out.contains("COULD NOT RUN") && ended.out.contains("127.0.0.1:9"), "{}", ended.out);
    assert_eq!(desk.json("r.json")["results"][0]["verdict"], "could-not-run");
    for text in [ended.out, ended.err, desk.read("r.json"), desk.read("r.yaml")] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

#[tokio::test]
async fn mistakes_are_2_and_say_what_to_try() {
    let desk = Desk::bare();
    for (words, hint) in [
        (&["scs-compatible-kaas"][..], "scs-compatible-iaas"),
        (&["@v99"], "v5.1"),
        (&["--tests", "("], "regular expression"),
        (&["--tests", "xyz"], "xyz"),
        (&["--date", "soon"], "2026-11-24"),
        (&["--format", "pdf"], "junit"),
        (&["--report", "pdf=x"], "junit"),
        (&["--upload", "https://m.example"], "--sign"),
        (&["--resume", "r.json", "--tests", "x"], "--tests"),
        (&["--resume", "none.json"], "none.json"),
        (&["--cloud", "none"], "none"),
        (&["explain", "x", "--cloud", "y"], "--cloud"),
    ] {
        let ended = desk.check(words).await.expect(2);
        assert!(ended.err.contains(hint), "{words:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_told_before_anything_runs() {
    let cloud = TestCloud::start().await;
    let ended =
        Desk::of(&cloud).check(&["--tests", "scs-0100", "--report", "json=none/r.json"]).await.expect(4);
    assert!(ended.err.contains("none/r.json") && ended.out.is_empty(), "{}{}", ended.out, ended.err);
    cloud.stop().await;
}

#[tokio::test]
async fn a_disk_that_is_full_in_the_end_is_4_and_leaves_the_older_report_whole() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    desk.write("r.json", "{}");
    // files may have no more than 1 KiB
    let line = "trap '' XFSZ; ulimit -f 1; exec \"$0\" check --tests scs-0100 --report json=r.json";
    let ended = desk.run("/bin/bash", &["-c", line, env!("CARGO_BIN_EXE_kogge")]).await.expect(4);
    assert!(ended.out.contains("PASS") && ended.err.contains("writing r.json"), "{}{}", ended.out, ended.err);
    assert_eq!(desk.read("r.json"), "{}");
    assert!(!desk.path("r.json.part").exists());
    // a check that failed is not hidden by it
    let failed = line.replace("scs-0100", "scs-0123-service-load");
    desk.run("/bin/bash", &["-c", &failed, env!("CARGO_BIN_EXE_kogge")]).await.expect(3);
    cloud.stop().await;
}

#[tokio::test]
async fn who_asks_for_it_gets_3_for_advice_and_for_what_is_undecided() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    // the test cloud has no https, so that one piece of advice is certain to be a failure
    let advised = ["--tests", "scs-0100|advisory-0125-https"];
    desk.check(&advised).await.expect(0);
    desk.check(&[&advised[..], &["--fail-on", "warnings,undecided,main"]].concat()).await.expect(0);
    desk.check(&[&advised[..], &["--fail-on", "advice"]].concat()).await.expect(3);
    // no image can be booted here
    let undecided = ["--tests", "scs-0100|scs-0101"];
    desk.check(&undecided).await.expect(4);
    for word in ["undecided", "not-finished"] {
        desk.check(&[&undecided[..], &["--fail-on", word]].concat()).await.expect(3);
    }
    let wrong = desk.check(&["--fail-on", "everything"]).await.expect(2);
    assert!(wrong.err.contains("warnings") && wrong.err.contains("advice"), "{}", wrong.err);
    cloud.stop().await;
}

/// Every command of the referee, by its words.
fn commands(of: &clap::Command, words: &[String]) -> Vec<Vec<String>> {
    let below = of.get_subcommands().filter(|command| command.get_name() != "help");
    let below = below.flat_map(|one| commands(one, &[words, &[one.get_name().to_owned()]].concat()));
    std::iter::once(words.to_vec()).chain(below).collect()
}

#[tokio::test]
async fn every_command_of_the_referee_tells_its_exit_codes() {
    let desk = Desk::bare();
    let whole = <kogge::cli::Cli as clap::CommandFactory>::command();
    let mut seen = 0;
    for name in ["check", "fix", "report"] {
        for words in commands(whole.find_subcommand(name).unwrap(), &[name.to_owned()]) {
            let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
            let help = desk.kogge(&words).await.expect(0).out;
            assert_eq!(help.matches("Exit codes:").count(), 1, "{words:?}: {help}");
            seen += 1;
        }
    }
    assert!(seen >= 18, "{seen}");
}
