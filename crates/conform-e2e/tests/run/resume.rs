//! A run that was stopped goes on: with what is missing, and only as the same run.

use kogge_conform::Verdict::{CouldNotRun, NotFinished, Pass};
use kogge_conform_e2e::{Accounts, Interrupted, Ordinary};

use super::*;

/// A Tempest that says the stream and then hangs until it is interrupted.
const STREAM_AND_HANG: &str =
    "trap 'exit 130' INT\ncat $HERE/stream\ntouch $HERE/started\nwhile :; do sleep 0.1; done";

fn of_flavors() -> Vec<&'static str> {
    list::tests().iter().filter(|test| test.class() == FLAVORS).map(|test| test.name).collect()
}

/// A run of both flavor tests that was stopped when the first had passed.
async fn stopped(cloud: &Cloud, folder: &Path) -> Report {
    std::fs::write(folder.join("stream"), packet(of_flavors()[0], 3, None)).unwrap();
    let options = options();
    let (cancel, started) = (options.cancel.clone(), folder.join("started"));
    let stop = async move {
        while !started.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cancel.cancel();
    };
    tokio::join!(ran(cloud, folder, "test_flavors", STREAM_AND_HANG, &options), stop).0
}

async fn goes_on(cloud: &Cloud, folder: &Path, report: &Report, script: &str) -> Report {
    let accounts = cloud.accounts(folder);
    let interrupted = Interrupted::of(report, &accounts).unwrap();
    let wishes = Wishes { build_timeout: 300, concurrency: 1, ..Wishes::default() };
    let prepared = prepare(&accounts, wishes, Tests::Of(Box::new(interrupted))).await.unwrap();
    let place = Place::make(&folder.join("out-2")).unwrap();
    prepared.write(&place).unwrap();
    run(&prepared, &tempest(folder, script).await, &place, &options(), &mut Silent).await.unwrap()
}

#[tokio::test]
async fn only_what_is_missing_runs_again_and_it_is_still_the_same_run() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let half = stopped(&cloud, dir.path()).await;
    assert_eq!(verdicts(&half), [Pass, NotFinished]);
    let prefix = format!("ke2e-{}", half.run.uuid.chars().take(8).collect::<String>());
    // as after a kill, when nobody removed anything
    cloud.state.lock().unwrap().servers = vec![json!({"id": "left", "name": format!("{prefix}-s")})];

    std::fs::write(dir.path().join("stream"), packet(of_flavors()[1], 3, None)).unwrap();
    let script = "cp tests.txt $HERE/again; ls $HERE/removed* 2>/dev/null; cat $HERE/stream";
    let whole = goes_on(&cloud, dir.path(), &half, script).await;
    assert_eq!(verdicts(&whole), [Pass, Pass]);
    assert_eq!(whole.results.iter().map(|r| r.resumed).collect::<Vec<_>>(), [true, false]);
    assert_eq!((&whole.run.uuid, &whole.run.started_at), (&half.run.uuid, &half.run.started_at));
    assert_eq!(whole.plan, half.plan);
    assert!(whole.run.ended_at.is_some());
    assert_eq!(kogge_conform::exit::exit_code(&whole).number(), 0);
    let again = std::fs::read_to_string(dir.path().join("again")).unwrap();
    let name = of_flavors()[1].replace('.', "\\.");
    assert_eq!(again, format!("^{name}(\\[|$)\n"), "Tempest is told of the missing test only");
    assert_eq!(cloud.state.lock().unwrap().deleted, ["/compute/v2.1/servers/left"]);
}

#[tokio::test]
async fn where_nothing_is_missing_tempest_is_not_started() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let mut report = stopped(&cloud, dir.path()).await;
    report.results.iter_mut().for_each(|result| result.verdict = Pass);
    let whole = goes_on(&cloud, dir.path(), &report, "touch $HERE/ran").await;
    assert_eq!(verdicts(&whole), [Pass, Pass]);
    assert!(!dir.path().join("ran").exists());
}

#[tokio::test]
async fn what_could_not_run_gets_another_chance() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let report = ran(&cloud, dir.path(), "test_flavors", "exit 1", &options()).await;
    assert_eq!(verdicts(&report), [CouldNotRun, CouldNotRun]);
    let stream = of_flavors().into_iter().map(|name| packet(name, 3, None)).collect::<Vec<_>>().concat();
    std::fs::write(dir.path().join("stream"), stream).unwrap();
    assert_eq!(verdicts(&goes_on(&cloud, dir.path(), &report, "cat $HERE/stream").await), [Pass, Pass]);
}

#[tokio::test]
async fn another_cloud_user_or_list_is_refused_with_its_reason() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let report = ran(&cloud, dir.path(), "test_flavors", "exit 1", &options()).await;
    assert_eq!(report.run.users[1], "reader ben of domain Default");
    let accounts = cloud.accounts(dir.path());
    let refused = |report: &Report, accounts: &Accounts, reason: &str| {
        let error = Interrupted::of(report, accounts).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    };
    let other = Cloud::start().await;
    refused(&report, &other.accounts(dir.path()), &cloud.base);
    let of = |member: &str, project: &str, reader: &str| {
        Accounts::Ordinary(Ordinary {
            member: cloud.client(dir.path(), member, project),
            reader: Some(cloud.client(dir.path(), reader, project)),
            alt_member: Some(cloud.client(dir.path(), "cem", "two")),
            alt_reader: Some(cloud.client(dir.path(), "dea", "two")),
        })
    };
    refused(&report, &of("ann", "three", "ben"), "another project");
    refused(&report, &of("eva", "one", "ben"), "member ann");
    refused(&report, &of("ann", "one", "fay"), "reader ben");
    let admin = Accounts::Dynamic { admin: cloud.client(dir.path(), "ann", "one"), member: None };
    refused(&report, &admin, "member ann");
    let change = |change: &dyn Fn(&mut Report)| {
        let mut report = report.clone();
        change(&mut report);
        report
    };
    refused(&change(&|r| r.plan.versions[0].version = "v9".into()), &accounts, "v9");
    refused(&change(&|r| r.plan.scope = None), &accounts, "SCS-0128");
    refused(&change(&|r| r.results[0].id.push_str("[x]")), &accounts, "no test of the list");
    refused(&change(&|r| r.redacted = true), &accounts, "redacted");
    refused(&change(&|r| r.run.uuid = "../../x".into()), &accounts, "no id");
    assert!(Interrupted::of(&report, &accounts).is_ok());
    // a second project that was not there before only helps
    assert!(Interrupted::of(&change(&|r| r.run.users.truncate(2)), &accounts).is_ok());
}
