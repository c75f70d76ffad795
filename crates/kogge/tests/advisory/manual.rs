//! `kogge check manual`, and how its answers show in later runs.

use std::path::Path;
use std::process::Output;

use kogge::test_cloud::TestCloud;
use serde_json::Value;
use tokio::process::Command;

const ZONES: &str = "availability-zones-check";

/// Runs the program with a state of its own.
async fn kogge(cloud: &TestCloud, state: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    command.args(["check"]).args(words).env_clear().env("XDG_STATE_HOME", state).env("HOME", state);
    command.env("OS_CLIENT_CONFIG_FILE", cloud.clouds_yaml()).env("OS_CLOUD", "kogge");
    command.output().await.unwrap()
}

async fn json(cloud: &TestCloud, state: &Path, words: &[&str]) -> (Option<i32>, Value) {
    let output = kogge(cloud, state, words).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = serde_json::from_str(&text);
    (
        output.status.code(),
        value.unwrap_or_else(|e| panic!("{e}: {text} {}", String::from_utf8_lossy(&output.stderr))),
    )
}

fn state_of<'a>(list: &'a Value, id: &str) -> &'a str {
    list.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap()["state"].as_str().unwrap()
}

#[tokio::test]
async fn an_answer_is_kept_and_shown_by_later_runs_without_deciding() {
    let (cloud, dir) = (TestCloud::start().await, tempfile::tempdir().unwrap());
    let state = dir.path();
    let run = ["--tests", "scs-0100", "--format", "json"];
    let (code, report) = json(&cloud, state, &run).await;
    assert_eq!((code, report["results"].as_array().unwrap().len()), (Some(0), 2));
    let (_, list) = json(&cloud, state, &["manual", "--list", "--format", "json"]).await;
    assert_eq!(state_of(&list, ZONES), "not answered");

    let answer = format!("{ZONES}=no");
    let words = ["manual", "--answer", &answer, "--note", "one fire zone only", "--by", "Ada"];
    assert_eq!(kogge(&cloud, state, &words).await.status.code(), Some(0));
    let (_, list) = json(&cloud, state, &["manual", "--format", "json"]).await;
    assert_eq!(state_of(&list, ZONES), "no");

    let (code, report) = json(&cloud, state, &run).await;
    assert_eq!(code, Some(0), "an answer decides nothing");
    let find =
        |id: &str| report["results"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap().clone();
    let zones = find(ZONES);
    assert_eq!((zones["section"].as_str(), zones["verdict"].as_str()), (Some("manual"), Some("fail")));
    let found = zones["findings"][0]["found"].as_str().unwrap();
    assert!(found.contains("one fire zone only") && found.contains("Ada"), "{found}");
    assert_eq!(find("domain-manager-check")["verdict"], "not-finished");
    cloud.stop().await;
}

#[tokio::test]
async fn mistakes_are_told() {
    let (cloud, dir) = (TestCloud::start().await, tempfile::tempdir().unwrap());
    for (words, word) in [
        (&["manual", "--answer", "x=yes", "--note", "n", "--by", "Ada"][..], "there is no question"),
        (&["manual", "--answer", "availability-zones-check=maybe"], "none of yes, no and na"),
        (&["manual", "--answer", "availability-zones-check"], "ID=yes"),
        (&["manual", "--answer", "availability-zones-check=no", "--by", "Ada"], "need a note"),
        (&["manual", "--answer", "availability-zones-check=yes", "--note", "n"], "--by"),
        (&["manual", "--id", "x"], "there is no question"),
    ] {
        let output = kogge(&cloud, dir.path(), words).await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.contains(word), "{words:?}: {text}");
    }
    cloud.stop().await;
}
