//! Two runs on one cloud at the same time, one of them killed: what it left goes, and nothing else.

use std::time::Duration;

use http::Method;
use kogge::test_cloud::{Session, TestCloud, qcow2};
use kogge_node_sim::{Call, Times};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::process::Child;

use crate::desk::{Desk, Ended};

/// An experiment that lasts where [`scene`] was set: no console can be read.
const EXPERIMENT: [&str; 2] = ["--tests", "advisory-0101-entropy"];

/// Names of the servers of the project, whoever made them.
async fn servers(member: &Session) -> Vec<String> {
    let body = member.get("/compute/v2.1/servers").await.body;
    let all = body["servers"].as_array().unwrap();
    let mut names: Vec<String> =
        all.iter().map(|server| server["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn until(member: &Session, number: usize) -> Vec<String> {
    for _ in 0..600 {
        let names = servers(member).await;
        if names.len() == number {
            return names;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there are {:?}", servers(member).await)
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
}

/// A public image that every flavor has room for; its id.
pub(crate) async fn image(cloud: &TestCloud) -> String {
    let admin = cloud.session("kogge-admin").await;
    let image = json!({"name": "Debian 12", "visibility": "public", "disk_format": "qcow2", "container_format": "bare",
        "min_disk": 1, "min_ram": 64, "os_distro": "debian", "os_version": "12"});
    let image = admin.post("/image/v2/images", image).await;
    assert_eq!(image.status, 201, "{}", image.body);
    let id = image.body["id"].as_str().unwrap().to_owned();
    let path = format!("/image/v2/images/{id}/file");
    let sent = admin.send_bytes(Method::PUT, &path, Some("application/octet-stream"), qcow2()).await;
    assert_eq!(sent.status, 204);
    id
}

/// An image, somebody's own server beside the runs, and consoles that cannot be read.
async fn scene(cloud: &TestCloud, member: &Session) {
    cloud.node().faults().fail(Call::ConsoleOutput, Times::Forever);
    let id = image(cloud).await;
    let flavors = member.get("/compute/v2.1/flavors").await.body;
    let flavor = flavors["flavors"].as_array().unwrap().iter().find(|one| one["name"] == "SCS-1L-1-5");
    let flavor = flavor.map(|one: &Value| one["id"].clone()).unwrap();
    let server = json!({"server": {"name": "_scs-0101-disk-server", "imageRef": id, "flavorRef": flavor, "networks": "none"}});
    let made = member.speaking("compute 2.37").post("/compute/v2.1/servers", server).await;
    assert_eq!(made.status, 202, "{}", made.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_the_killed_ones_things_go_and_nothing_else() {
    let cloud = TestCloud::start().await;
    let member = cloud.session("kogge").await;
    scene(&cloud, &member).await;
    let desk = Desk::of(&cloud);
    let first = desk.start(&EXPERIMENT);
    let with_first = until(&member, 2).await;
    let second = desk.start(&EXPERIMENT);
    let with_both = until(&member, 3).await;
    let of_second: Vec<&String> = with_both.iter().filter(|name| !with_first.contains(name)).collect();

    send(&first, Signal::SIGKILL);
    first.wait_with_output().await.unwrap();
    let shown = desk.check(&["clean", "--dry-run"]).await.expect(0);
    assert!(
        shown.out.contains("server _scs-0101-disk-") && !shown.out.contains(of_second[0].as_str()),
        "{}",
        shown.out
    );
    assert_eq!(servers(&member).await, with_both, "looking removes nothing");
    let cleaned = desk.check(&["clean"]).await.expect(0);
    assert!(cleaned.out.contains("Nothing of earlier runs is left."), "{}{}", cleaned.out, cleaned.err);
    assert!(cleaned.err.contains("1 run is going on"), "{}", cleaned.err);
    let left = servers(&member).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(of_second[0]) && left.contains(&"_scs-0101-disk-server".to_owned()), "{left:?}");

    send(&second, Signal::SIGTERM);
    let ended = tokio::time::timeout(Duration::from_secs(60), second.wait_with_output()).await.unwrap();
    Ended::of(ended.unwrap()).expect(143);
    assert_eq!(servers(&member).await, ["_scs-0101-disk-server"]);
    let networks = member.get("/network/v2.0/networks").await.body;
    let ours = networks["networks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["name"].as_str().unwrap().starts_with("_scs-"));
    assert_eq!(ours.count(), 0, "{networks}");
    let journals = std::fs::read_dir(desk.path("state/kogge/journal")).unwrap();
    assert_eq!(journals.count(), 0, "no journal outlives what it tells of");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_journal_cannot_be_written_lists_are_judged_and_nothing_is_created() {
    let cloud = TestCloud::start().await;
    let member = cloud.session("kogge").await;
    scene(&cloud, &member).await;
    let desk = Desk::of(&cloud);
    std::fs::create_dir_all(desk.path("state/kogge")).unwrap();
    std::fs::write(desk.path("state/kogge/journal"), "a file, not a folder").unwrap();
    let words = ["--tests", "scs-0100|advisory-0101-entropy", "--report", "json=r.json"];
    desk.check(&words).await.expect(0);
    let report = desk.json("r.json");
    let entropy = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "advisory-0101-entropy-avail")
        .unwrap();
    assert_eq!(entropy["verdict"], "could-not-run", "{entropy}");
    assert!(entropy["reason"].as_str().unwrap().contains("journal"), "{entropy}");
    assert_eq!(servers(&member).await, ["_scs-0101-disk-server"]);
    cloud.stop().await;
}

#[tokio::test]
async fn without_a_home_nothing_is_forgotten_for_nothing_runs() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud).with("HOME", "").with("XDG_STATE_HOME", "");
    let mut command = desk.command(env!("CARGO_BIN_EXE_kogge"), &["check", "--tests", "scs-0100"]);
    command.env_remove("HOME").env_remove("XDG_STATE_HOME").env_remove("XDG_DATA_HOME");
    let ended = Ended::of(command.output().await.unwrap()).expect(2);
    assert!(ended.err.contains("XDG_STATE_HOME"), "{}", ended.err);
    cloud.stop().await;
}
