//! Single steps of plans made by hand: refusals, and downloads.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use kogge::test_cloud::{TestCloud, qcow2};
use kogge_clock::Clock;
use kogge_conform::ObjectRef;
use kogge_conform_iaas::fix::{
    Action, Applied, Change, NewFlavor, NewImage, NewTemplate, Outcome, Plan, Watch, apply,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn change(id: &str, action: Action) -> Change {
    Change {
        testcases: Vec::new(),
        object: ObjectRef { name: format!("object {id}"), id: Some(id.to_owned()) },
        what: String::new(),
        before: String::new(),
        after: String::new(),
        why: String::new(),
        safe: true,
        caution: String::new(),
        command: action.command(),
        overwrites: Value::Null,
        action,
    }
}

/// Counts the steps that it is told of, and lets so many begin.
struct Counting {
    may_begin: usize,
    begun: usize,
    ended: usize,
}

impl Watch for Counting {
    fn begins(&mut self, _: &Change) -> std::io::Result<()> {
        self.begun += 1;
        if self.begun > self.may_begin { Err(std::io::Error::other("the disk is full")) } else { Ok(()) }
    }

    fn deletes(&mut self, _: &Change, _: &Value) -> std::io::Result<()> {
        Ok(())
    }

    fn ended(&mut self, _: &Applied) {
        self.ended += 1;
    }
}

async fn applied(cloud: &TestCloud, changes: Vec<Change>) -> Vec<Outcome> {
    applied_until(cloud, changes, usize::MAX, &CancellationToken::new()).await
}

async fn applied_until(
    cloud: &TestCloud,
    changes: Vec<Change>,
    may_begin: usize,
    cancel: &CancellationToken,
) -> Vec<Outcome> {
    let mut watch = Counting { may_begin, begun: 0, ended: 0 };
    let plan = Plan { changes, ..Plan::default() };
    let all = apply(&cloud.client("kogge-admin"), &plan, cancel, &mut watch).await;
    assert_eq!(watch.ended, all.len(), "each step is told as it ends");
    all.into_iter().map(|applied| applied.outcome).collect()
}

fn property(id: &str, key: &str) -> Change {
    let (key, value) = (key.to_owned(), "1".to_owned());
    change(id, Action::SetProperty { id: id.to_owned(), key, value, present: false })
}

#[tokio::test]
async fn a_refusal_stops_the_steps_about_its_own_object_only() {
    let cloud = TestCloud::start().await;
    let (missing, there) =
        ("0f4a3b6e-0000-4000-8000-000000000000", crate::broken::plain_image(&cloud, "i").await);
    let changes =
        vec![property(missing, "a"), property(&there, "a"), property(missing, "b"), property(&there, "b")];
    let ends = applied(&cloud, changes).await;
    assert!(
        matches!(&ends[0], Outcome::Refused { because } if because.contains("404") && because.contains(missing)),
        "{ends:?}"
    );
    assert_eq!((&ends[1], &ends[3]), (&Outcome::Done, &Outcome::Done));
    assert!(matches!(&ends[2], Outcome::Skipped { .. }), "{ends:?}");
    cloud.stop().await;
}

#[tokio::test]
async fn each_step_may_be_done_twice() {
    let cloud = TestCloud::start().await;
    let new = NewFlavor {
        name: "twice".to_owned(),
        vcpus: 1,
        ram_mib: 512,
        disk_gb: 1,
        extra_specs: [("a:b".to_owned(), "c".to_owned())].into(),
    };
    let twice = || vec![change("twice", Action::CreateFlavor(new.clone()))];
    assert_eq!(applied(&cloud, twice()).await, [Outcome::Done]);
    assert_eq!(applied(&cloud, twice()).await, [Outcome::Done], "what an earlier try made is taken over");
    let other = NewFlavor { ram_mib: 1024, ..new.clone() };
    let ends = applied(&cloud, vec![change("twice", Action::CreateFlavor(other))]).await;
    assert!(matches!(&ends[0], Outcome::Refused { because } if because.contains("409")), "{ends:?}");
    let rule = "0f4a3b6e-0000-4000-8000-000000000000".to_owned();
    assert_eq!(applied(&cloud, vec![change("r", Action::DeleteRule { id: rule })]).await, [Outcome::Done]);
    cloud.stop().await;
}

/// The images of this name, as an ordinary member sees them.
async fn images(cloud: &TestCloud, session: &str, name: &str) -> Vec<Value> {
    let answer = cloud.session(session).await.get(&format!("/image/v2/images?name={name}")).await;
    answer.body["images"].as_array().unwrap().clone()
}

fn download(uri: String) -> Vec<Change> {
    let properties: BTreeMap<_, _> = [("os_distro".to_owned(), "tiny".to_owned())].into();
    vec![change(
        "d",
        Action::ImportImage(NewImage { name: "tiny".to_owned(), uri, min_disk: 1, min_ram: 64, properties }),
    )]
}

#[tokio::test]
async fn a_download_that_the_cloud_refuses_leaves_no_image_behind() {
    let cloud = TestCloud::start().await;
    let ends = applied(&cloud, download("http://127.0.0.1/tiny.qcow2".to_owned())).await;
    assert!(matches!(&ends[0], Outcome::Refused { .. }), "{ends:?}");
    assert_eq!(images(&cloud, "kogge-admin", "tiny").await, Vec::<Value>::new());
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_public_once_it_is_downloaded() {
    // the image service asks ports 80 and 443 only
    let vendor: SocketAddr = "127.77.31.9:80".parse().unwrap();
    let Ok(listener) = tokio::net::TcpListener::bind(vendor).await else {
        println!("skipped: port 80 of {vendor} needs root");
        return;
    };
    let served = axum::Router::new().route("/tiny.qcow2", axum::routing::get(async || qcow2()));
    let server = tokio::spawn(axum::serve(listener, served).into_future());
    let cloud = TestCloud::with(
        |config| config.image.web_download_private_networks = vec!["127.77.31.0/24".to_owned()],
        Clock::system(),
    )
    .await;
    assert_eq!(applied(&cloud, download("http://127.77.31.9/tiny.qcow2".to_owned())).await, [Outcome::Done]);
    let seen = images(&cloud, "kogge", "tiny").await;
    assert_eq!(
        (seen.len(), &seen[0]["visibility"], &seen[0]["status"]),
        (1, &"public".into(), &"active".into())
    );
    let ends = applied(&cloud, download("http://127.77.31.9/other.qcow2".to_owned())).await;
    assert!(matches!(&ends[0], Outcome::Refused { .. }), "{ends:?}");
    assert_eq!(images(&cloud, "kogge-admin", "tiny").await.len(), 1, "the failed one is removed");
    server.abort();
    cloud.stop().await;
}

#[tokio::test]
async fn a_full_disk_or_a_stop_ends_the_run_between_two_steps() {
    let cloud = TestCloud::start().await;
    let image = crate::broken::plain_image(&cloud, "i").await;
    let three = || ["a", "b", "c"].map(|key| property(&image, key)).into();
    let ends = applied_until(&cloud, three(), 1, &CancellationToken::new()).await;
    assert_eq!(ends[0], Outcome::Done);
    for end in &ends[1..] {
        assert!(
            matches!(end, Outcome::Stopped { because } if because.contains("the disk is full")),
            "{ends:?}"
        );
    }
    let stopped = CancellationToken::new();
    stopped.cancel();
    let ends = applied_until(&cloud, three(), usize::MAX, &stopped).await;
    assert!(ends.iter().all(|end| matches!(end, Outcome::Stopped { .. })), "{ends:?}");
    cloud.stop().await;
}

#[tokio::test]
async fn a_template_that_cannot_be_replaced_is_there_as_before() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let list = async || {
        let body = admin.get("/network/v2.0/default-security-group-rules").await.body;
        let mut all = body["default_security_group_rules"].as_array().unwrap().clone();
        all.iter_mut().for_each(|rule| {
            rule.as_object_mut().unwrap().remove("id");
        });
        all.sort_by_key(Value::to_string);
        all
    };
    let body = admin.get("/network/v2.0/default-security-group-rules").await.body;
    let id = body["default_security_group_rules"][0]["id"].as_str().unwrap().to_owned();
    let before = list().await;
    let wrong = NewTemplate {
        direction: "egress".to_owned(),
        ethertype: "IPv5".to_owned(),
        used_in_default_sg: true,
        ..NewTemplate::default()
    };
    let ends = applied(&cloud, vec![change(&id, Action::ReplaceRule { id: id.clone(), with: wrong })]).await;
    assert!(matches!(&ends[0], Outcome::Refused { because } if because.contains("400")), "{ends:?}");
    assert_eq!(list().await, before);
    cloud.stop().await;
}

#[tokio::test]
async fn a_flavor_whose_successor_is_refused_comes_back_whole() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await.speaking("compute 2.61");
    let body =
        json!({"flavor": {"name": "odd", "vcpus": 1, "ram": 512, "disk": 1, "swap": 7, "description": "d"}});
    let id = admin.post("/compute/v2.1/flavors", body).await.id("flavor");
    let path = format!("/compute/v2.1/flavors/{id}");
    admin.post(&format!("{path}/os-extra_specs"), json!({"extra_specs": {"a:b": "c"}})).await;
    let before = admin.get(&path).await.body;
    let with = NewFlavor { name: "odd".to_owned(), vcpus: 0, ram_mib: 0, disk_gb: 0, ..NewFlavor::default() };
    let ends = applied(&cloud, vec![change(&id, Action::ReplaceFlavor { id: id.clone(), with })]).await;
    assert!(matches!(&ends[0], Outcome::Refused { because } if because.contains("is back")), "{ends:?}");
    assert_eq!(admin.get(&path).await.body, before);
    cloud.stop().await;
}
