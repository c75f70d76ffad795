//! `kogge demo`: the walk, and that nothing of it stays but where somebody wants that.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use kogge::test_cloud::{Session, TestCloud};
use kogge_node_api::NodeError;
use kogge_node_sim::{Call, Times};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// All that a walk makes, as list and key.
const LISTS: [(&str, &str); 9] = [
    ("/compute/v2.1/servers", "servers"),
    ("/compute/v2.1/os-keypairs", "keypairs"),
    ("/image/v2/images", "images"),
    ("/network/v2.0/networks", "networks"),
    ("/network/v2.0/subnets", "subnets"),
    ("/network/v2.0/routers", "routers"),
    ("/network/v2.0/ports", "ports"),
    ("/network/v2.0/floatingips", "floatingips"),
    ("/network/v2.0/security-groups", "security_groups"),
];

/// Everything that the member sees.
async fn all(session: &Session) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for (path, key) in LISTS {
        let mut list = session.get(path).await.body[key].clone();
        for object in list.as_array_mut().unwrap() {
            // a group that was looked at bears the time of its last change
            object.as_object_mut().unwrap().remove("updated_at");
        }
        all.push((key, list));
    }
    all
}

fn data(cloud: &TestCloud) -> PathBuf {
    PathBuf::from(cloud.clouds_yaml()).parent().unwrap().to_owned()
}

fn demo(cloud: &TestCloud, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    command.args(["demo", "--data"]).arg(data(cloud)).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// A cloud in which somebody has something already, that looks like a demo's.
async fn furnished() -> (TestCloud, Session) {
    let cloud = TestCloud::start().await;
    let session = cloud.session("kogge").await;
    for name in ["kogge-demo", "kogge-demo-0123456789"] {
        let made = session.post("/network/v2.0/networks", json!({"network": {"name": name}})).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let made =
        session.post("/compute/v2.1/os-keypairs", json!({"keypair": {"name": "kogge-demo-mine"}})).await;
    assert!(made.status < 300, "{}", made.body);
    (cloud, session)
}

#[tokio::test]
async fn the_walk_shows_every_step_and_leaves_everything_as_it_was() {
    let (cloud, session) = furnished().await;
    let before = all(&session).await;
    let out = demo(&cloud, &[]).output().await.unwrap();
    let shown = text(&out);
    assert_eq!(out.status.code(), Some(0), "{shown}");
    let steps = [
        "$ openstack image list",
        "$ openstack keypair create --private-key ",
        "$ openstack security group create kogge-demo-",
        "$ openstack security group rule create --protocol tcp --dst-port 22 kogge-demo-",
        "$ openstack network create kogge-demo-",
        "$ openstack subnet create --network kogge-demo-",
        "$ openstack router set --external-gateway public kogge-demo-",
        "$ openstack router add subnet kogge-demo-",
        "$ openstack server create --wait --image ",
        "ACTIVE at 10.71.0.",
        "$ openstack console log show kogge-demo-",
        "$ openstack floating ip create --description kogge-demo-",
        "$ openstack server add floating ip kogge-demo-",
        "guests of this cloud are simulated",
        "$ openstack floating ip delete 172.24.4.",
        "$ openstack server delete --wait kogge-demo-",
        "$ openstack router remove subnet kogge-demo-",
        "$ openstack network delete kogge-demo-",
        "$ openstack keypair delete kogge-demo-",
        "That was the whole walk.",
    ];
    let mut rest = shown.as_str();
    for step in steps {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} is missing, or too early:\n{shown}"));
        rest = &rest[at + step.len()..];
    }
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
    assert_eq!(all(&session).await, before);
    cloud.stop().await;
}

#[tokio::test]
async fn what_is_kept_can_be_looked_at_and_the_way_to_remove_it_is_told() {
    let (cloud, session) = furnished().await;
    let out = demo(&cloud, &["--keep"]).output().await.unwrap();
    let shown = text(&out);
    assert_eq!(out.status.code(), Some(0), "{shown}");
    let servers = session.get("/compute/v2.1/servers").await.body;
    let name = servers["servers"][0]["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("kogge-demo-"), "{servers}");
    for command in [
        format!("openstack server show {name}"),
        format!("openstack server delete --wait {name}"),
        format!("openstack router remove subnet {name} {name}"),
        format!("openstack keypair delete {name}"),
    ] {
        assert!(shown.contains(&format!("\n  {command}\n")), "{command}: {shown}");
    }
    let (_, place) = shown.rsplit_once("rm -r ").unwrap();
    let place = PathBuf::from(place.lines().next().unwrap());
    let key = std::fs::read_to_string(place.join("key.pem")).unwrap();
    assert!(key.contains("PRIVATE KEY"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(place.join("key.pem")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    std::fs::remove_dir_all(place).unwrap();
    cloud.stop().await;
}

/// Waits until a line of it holds `what`.
async fn until_told(
    child: &mut Child,
    what: &str,
) -> tokio::io::Lines<tokio::io::BufReader<tokio::process::ChildStdout>> {
    use tokio::io::AsyncBufReadExt;
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(what) {
            return lines;
        }
    }
    panic!("it never told {what}");
}

#[tokio::test]
async fn an_interrupted_walk_leaves_nothing() {
    for (signal, step) in [
        (Signal::SIGINT, "$ openstack server create"),
        (Signal::SIGTERM, "$ openstack server create"),
        (Signal::SIGINT, "$ openstack network create"),
        (Signal::SIGTERM, "$ openstack floating ip create"),
    ] {
        let (cloud, session) = furnished().await;
        let before = all(&session).await;
        if step.contains("server") {
            let waits = NodeError::NotYet { what: "the end of the test".to_owned() };
            cloud.node().faults().fail_with(Call::Apply, None, Times::Forever, waits);
        }
        let mut child = demo(&cloud, &[]).spawn().unwrap();
        let mut lines = until_told(&mut child, step).await;
        kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
        let mut rest = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            rest.push_str(&line);
            rest.push('\n');
        }
        let ended = child.wait().await.unwrap();
        // a walk that waits for its server is always met; another may be on its way back when the signal comes
        let code = ended.code();
        let stopped = code == Some(128 + signal as i32);
        assert!(stopped || code == Some(0) && !step.contains("server"), "{signal} at {step}: {rest}");
        assert!(rest.contains("$ openstack security group delete kogge-demo-"), "{signal} at {step}: {rest}");
        assert_eq!(all(&session).await, before, "{signal} at {step}: {rest}");
        cloud.crash();
    }
}

#[tokio::test]
async fn a_step_that_fails_is_told_and_what_was_made_is_removed() {
    let (cloud, session) = furnished().await;
    let before = all(&session).await;
    let refused = NodeError::Refused { because: "this host takes nobody today".to_owned() };
    cloud.node().faults().fail_with(Call::Apply, None, Times::Forever, refused);
    let out = demo(&cloud, &[]).output().await.unwrap();
    let shown = text(&out);
    assert_eq!(out.status.code(), Some(4), "{shown}");
    assert!(
        shown.contains("FAILED: the server is in ERROR: ") && shown.contains("takes nobody today"),
        "{shown}"
    );
    assert_eq!(all(&session).await, before);
    cloud.crash();
}

#[tokio::test]
async fn without_a_cloud_it_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    let out = command.args(["demo", "--data"]).arg(dir.path()).output().await.unwrap();
    let shown = text(&out);
    assert_eq!(out.status.code(), Some(4), "{shown}");
    assert!(shown.contains("no cloud runs on") && shown.contains("`kogge up --sim`"), "{shown}");
}

#[tokio::test]
async fn a_cloud_that_has_ended_is_told_from_one_that_is_far_away() {
    let (cloud, _) = furnished().await;
    // what a killed cloud leaves: its clouds.yaml, and nobody who listens
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(cloud.clouds_yaml(), dir.path().join("clouds.yaml")).unwrap();
    cloud.stop().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    let out = command.args(["demo", "--data"]).arg(dir.path()).output().await.unwrap();
    let shown = text(&out);
    assert_eq!(out.status.code(), Some(4), "{shown}");
    assert!(shown.contains("no cloud runs on"), "{shown}");
}
