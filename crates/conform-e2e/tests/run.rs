//! Whole runs: a cloud of our own and a Tempest of our own, which writes what it is told to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "cloud/fixture.rs"]
mod cloud;
#[path = "packets/writer.rs"]
mod packets;
#[path = "run/private.rs"]
mod private;
#[path = "run/resume.rs"]
mod resume;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use cloud::Cloud;
use kogge_clock::Clock;
use kogge_conform::render::{NAMES, render};
use kogge_conform::{Report, Silent, Verdict};
use kogge_conform_e2e::{Options, Place, Prepared, Tempest, Tests, Wishes, list, prepare, run};
use packets::packet;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const FLAVORS: &str = "tempest.api.compute.flavors.test_flavors.FlavorsV2TestJSON";

fn options() -> Options {
    Options {
        deadline: Duration::from_secs(60),
        cleanup_time: Duration::from_secs(5),
        cancel: CancellationToken::new(),
        abort: CancellationToken::new(),
        clock: Clock::system(),
        program: "kogge".into(),
        argv: vec![],
        subject: None,
    }
}

/// A Tempest that answers for its version and else does what the script says; `$HERE` is the folder with its files.
async fn tempest(folder: &Path, script: &str) -> Tempest {
    let path = folder.join("tempest");
    let text = format!(
        "#!/bin/sh\nHERE={}\n[ \"$1\" = --version ] && exec echo tempest 47.0.0\n{script}\n",
        folder.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tempest::at(&path).await.unwrap()
}

async fn prepared(cloud: &Cloud, folder: &Path, tests: &str) -> Prepared {
    let wishes = Wishes { build_timeout: 300, concurrency: 1, ..Wishes::default() };
    prepare(&cloud.accounts(folder), wishes, matching(tests)).await.unwrap()
}

fn matching(tests: &str) -> Tests {
    Tests::Matching(regex::Regex::new(tests).unwrap())
}

async fn ran(cloud: &Cloud, folder: &Path, tests: &str, script: &str, options: &Options) -> Report {
    let prepared = prepared(cloud, folder, tests).await;
    let place = Place::make(&folder.join("out")).unwrap();
    prepared.write(&place).unwrap();
    let tempest = tempest(folder, script).await;
    run(&prepared, &tempest, &place, options, &mut Silent).await.unwrap()
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.results.iter().map(|result| result.verdict).collect()
}

#[tokio::test]
async fn a_stream_becomes_a_report_in_every_form() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let names: Vec<&str> =
        list::tests().iter().filter(|test| test.class() == FLAVORS).map(|test| test.name).collect();
    let stream = [
        packet(&format!("{}[id-1,smoke]", names[0]), 2, None),
        packet(&format!("{}[id-1,smoke]", names[0]), 3, None),
        packet(names[1], 6, Some(("traceback", b"T:\n  f\nValueError: no geheim-ann"))),
        packet(
            "setUpClass (tempest.api.compute.test_quotas.QuotasTestJSON)",
            6,
            Some(("traceback", b"Boom: x")),
        ),
        packet(
            "tempest.api.compute.test_versions.TestVersions.test_list_api_versions",
            5,
            Some(("reason", b"not here")),
        ),
    ];
    std::fs::write(dir.path().join("stream"), stream.concat()).unwrap();
    let tests = "compute.(flavors|test_quotas|test_versions)|compute.keypairs";
    let report = ran(&cloud, dir.path(), tests, "cat $HERE/stream; exit 1", &options()).await;
    use Verdict::*;
    // keypairs were not named by this Tempest
    assert_eq!(verdicts(&report), [Pass, Fail, CouldNotRun, CouldNotRun, CouldNotRun, NotApplicable]);
    let reasons: Vec<&str> = report.results.iter().filter_map(|result| result.reason.as_deref()).collect();
    assert!(reasons[0].contains("tempest 47.0.0 has no such test"), "{reasons:?}");
    assert!(reasons[1].contains("could not be set up: Boom: x"), "{reasons:?}");
    assert_eq!(report.results[1].findings[0].found, "ValueError: no ***");
    assert_eq!(kogge_conform::exit::exit_code(&report).number(), 3);
    for (name, format) in NAMES {
        let text = render(&report, format);
        assert!(text.len() > 200 && !text.contains("geheim"), "{name}: {text}");
    }
}

#[tokio::test]
async fn what_tempest_is_given_is_complete_and_for_its_owner_only() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let prepared = prepared(&cloud, dir.path(), "test_versions").await;
    let place = Place::make(&dir.path().join("out")).unwrap();
    prepared.write(&place).unwrap();
    for name in ["tempest.conf", "accounts.yaml", "tests.txt"] {
        let mode = std::fs::metadata(place.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let conf = std::fs::read_to_string(place.join("tempest.conf")).unwrap();
    for line in [
        format!("uri_v3 = {}/identity/v3", cloud.base),
        "region = north".into(),
        "image_ref = id-a".into(),
        "image_ref_alt = id-b".into(),
        "flavor_ref = id-S".into(),
        "flavor_ref_alt = id-M".into(),
        "max_microversion = 2.96".into(),
        "public_network_id = ext".into(),
        "api_extensions = router".into(),
        "cinder = false".into(),
        "debug = false".into(),
    ] {
        assert!(conf.lines().any(|other| other == line), "{line} is missing in:\n{conf}");
    }
    assert!(!conf.contains("geheim"), "with ordinary accounts the passwords stand in accounts.yaml only");
    let accounts: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.join("accounts.yaml")).unwrap()).unwrap();
    assert_eq!(accounts[0]["password"], "geheim-ann");
    assert_eq!(accounts[1]["roles"], json!(["reader"]));
    assert_eq!(accounts[0]["resources"], json!({"network": "private"}));
    assert_eq!(accounts[2].get("resources"), None, "the second project has no network");
    let tests = std::fs::read_to_string(place.join("tests.txt")).unwrap();
    assert!(
        tests.contains(
            "^tempest\\.api\\.compute\\.test_versions\\.TestVersions\\.test_list_api_versions(\\[|$)"
        ),
        "{tests}"
    );
}

#[tokio::test]
async fn a_stop_reaches_tempest_and_says_what_did_not_finish() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let options = options();
    let cancel = options.cancel.clone();
    let script =
        "trap 'touch $HERE/interrupted; exit 130' INT\ntouch $HERE/started\nwhile :; do sleep 0.1; done";
    let started = dir.path().join("started");
    let stop = async move {
        while !started.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(ran(&cloud, dir.path(), "test_flavors", script, &options), stop);
    assert_eq!(verdicts(&report), [Verdict::NotFinished, Verdict::NotFinished]);
    assert!(dir.path().join("interrupted").exists(), "Tempest heard of it as of a Ctrl-C");
    assert_eq!(kogge_conform::exit::exit_code(&report).number(), 4);
}

#[tokio::test]
async fn a_run_ends_at_its_deadline() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let options = Options { deadline: Duration::from_millis(300), ..options() };
    let report = ran(&cloud, dir.path(), "test_flavors", "exec sleep 600", &options).await;
    assert!(report.results[0].reason.as_ref().unwrap().contains("time"), "{:?}", report.results[0].reason);
}

#[tokio::test]
async fn a_tempest_that_cannot_begin_is_quoted() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let script = "echo No module named tempest.lib >&2; exit 1";
    let report = ran(&cloud, dir.path(), "test_flavors", script, &options()).await;
    assert_eq!(verdicts(&report), [Verdict::CouldNotRun, Verdict::CouldNotRun]);
    let reason = report.results[0].reason.clone().unwrap();
    assert!(reason.contains("could not begin") && reason.contains("No module named tempest.lib"), "{reason}");
}

#[tokio::test]
async fn what_is_left_is_removed_and_nothing_else() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    // the run's prefix is in the configuration only
    let script = "prefix=$(sed -n 's/^resource_name_prefix = //p' tempest.conf)\necho $prefix > $HERE/prefix\n\
        echo '{\"servers\": {\"recorded-1\": null}}' > resource_list.json";
    let server = |id: &str, name: &str| json!({"id": id, "name": name});
    cloud.state.lock().unwrap().servers =
        vec![server("recorded-1", "x"), server("other-1", "ke2e-00000000-s"), server("other-2", "mine")];
    let report = ran(&cloud, dir.path(), "test_flavors", script, &options()).await;
    let prefix = std::fs::read_to_string(dir.path().join("prefix")).unwrap();
    assert!(prefix.starts_with("ke2e-") && prefix.trim().len() == 13, "{prefix}");
    assert_eq!(cloud.state.lock().unwrap().deleted, ["/compute/v2.1/servers/recorded-1"]);
    assert_eq!(report.leftovers, Vec::<String>::new());
}

#[tokio::test]
async fn without_a_disk_in_any_flavor_the_tests_that_start_servers_say_why_they_do_not_run() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    cloud.state.lock().unwrap().flavors =
        vec![cloud::flavor("SCS-1V-4", 4096, 0), cloud::flavor("SCS-2V-8", 8192, 0)];
    let prepared = prepared(&cloud, dir.path(), "").await;
    // two of them need volumes too, which this cloud does not have: Tempest skips those
    assert_eq!(prepared.planned.cannot.len(), 71);
    assert!(prepared.planned.cannot.iter().all(|(_, because)| because.contains("--flavor")));
    assert_eq!(prepared.planned.run.len() + prepared.planned.cannot.len(), 258);
}

#[tokio::test]
async fn accounts_that_do_not_belong_together_are_told_apart() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let client = |name: &str, project: &str| cloud.client(dir.path(), name, project);
    for (reader, alt, word) in [
        (client("ben", "two"), client("cem", "two"), "reader of the project"),
        (client("ben", "one"), client("cem", "one"), "another project"),
        (client("ann", "one"), client("cem", "two"), "two accounts"),
    ] {
        let accounts = kogge_conform_e2e::Accounts::Ordinary(kogge_conform_e2e::Ordinary {
            member: client("ann", "one"),
            reader: Some(reader),
            alt_member: Some(alt),
            alt_reader: None,
        });
        let problem = prepare(&accounts, Wishes::default(), Tests::All).await.err().unwrap();
        assert!(problem.text().contains(word), "{problem}");
    }
}
