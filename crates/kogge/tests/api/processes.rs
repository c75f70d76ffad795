//! Several processes on one PostgreSQL: hosts are shared out, bells, keys and images are common, and any of them may die
//! at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kogge::test_cloud::{Session, Site, TestCloud};
use kogge_clock::Clock;
use kogge_db::{Executor as _, Query};
use kogge_ids::ServerId;
use kogge_node_sim::{SimConfig, SimNode};
use serde_json::{Value, json};

use crate::scene;

fn machine(name: &str) -> Arc<SimNode> {
    Arc::new(SimNode::new(SimConfig::new(name), Clock::system()))
}

/// The database server; without one there is nothing to share.
async fn site() -> Option<Site> {
    let site = Site::new().await;
    if site.is_none() {
        eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
    }
    site
}

async fn hosts_up(admin: &Session) -> usize {
    let list = admin.get("/compute/v2.1/os-services?binary=nova-compute").await;
    let services = list.body["services"].as_array().cloned().unwrap_or_default();
    services.iter().filter(|service| service["state"] == "up").count()
}

async fn schedulers(admin: &Session) -> Vec<Value> {
    let list = admin.get("/compute/v2.1/os-services?binary=nova-scheduler").await;
    let services = list.body["services"].as_array().unwrap();
    services.iter().map(|service| json!([service["host"], service["state"]])).collect()
}

/// The same caller at another process.
fn at(cloud: &TestCloud, session: &Session) -> Session {
    cloud.with_token(session.token())
}

async fn create(session: &Session, body: &Value) -> Option<String> {
    let made = session.post("/compute/v2.1/servers", body.clone()).await;
    (made.status == 202).then(|| made.id("server"))
}

/// Which node has which server; a server that two have is a disaster.
fn whereabouts(nodes: &[&Arc<SimNode>]) -> BTreeMap<ServerId, usize> {
    let mut found = BTreeMap::new();
    for node in nodes {
        for id in node.instance_ids() {
            *found.entry(id).or_default() += 1;
        }
    }
    found
}

#[tokio::test]
async fn two_processes_are_one_cloud() {
    let Some(site) = site().await else { return };
    let (near, far) = (machine("near"), machine("far"));
    let one = site.start("one", &near).await.unwrap();
    let two = site.start("two", &far).await.unwrap();
    let admin = one.session("kogge-admin").await;
    let elsewhere = at(&two, &admin);
    one.until("both hosts to be up", async || hosts_up(&admin).await == 2).await;
    assert_eq!(hosts_up(&elsewhere).await, 2, "a token of one is good for the other");
    assert_eq!(schedulers(&admin).await, schedulers(&elsewhere).await);
    assert_eq!(schedulers(&admin).await.len(), 2, "each process is one");
    // made here and there, of an image that was sent to one of them
    let body = scene::server_body(&admin, "shared").await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let asked = if number % 2 == 0 { &admin } else { &elsewhere };
        ids.push(create(asked, &body).await.unwrap());
    }
    for id in &ids {
        scene::until_status(&two, &elsewhere, id, "ACTIVE").await;
    }
    let found = whereabouts(&[&near, &far]);
    assert!(found.len() == 8 && found.values().all(|nodes| *nodes == 1), "{found:?}");
    assert!(!near.instance_ids().is_empty() && !far.instance_ids().is_empty(), "both have some");
    // whoever is asked, the host's own process acts
    for id in &ids {
        let path = format!("/compute/v2.1/servers/{id}");
        assert_eq!(elsewhere.delete(&path).await.status, 204);
    }
    for id in &ids {
        scene::until_status(&one, &admin, id, "gone").await;
    }
    assert!(whereabouts(&[&near, &far]).is_empty());
    two.stop().await;
    assert_eq!(schedulers(&admin).await.len(), 1, "who left is none any more");
    one.stop().await;
}

#[tokio::test]
async fn what_does_not_belong_together_does_not_start() {
    let Some(site) = site().await else { return };
    let near = machine("near");
    let one = site.start("one", &near).await.unwrap();
    let refused = |answer: Result<TestCloud, String>| answer.err().expect("it must not start");
    let same_name = refused(site.start("two", &near).await);
    assert!(same_name.contains("hypervisor.host") && same_name.contains("near"), "{same_name}");
    let own_keys = refused(site.start_alone("three", &machine("third")).await);
    assert!(own_keys.contains("storage.shared"), "{own_keys}");
    let admin = one.session("kogge-admin").await;
    one.until("the host to be up", async || hosts_up(&admin).await == 1).await;
    let body = scene::server_body(&admin, "kept").await;
    let id = create(&admin, &body).await.unwrap();
    scene::until_status(&one, &admin, &id, "ACTIVE").await;
    // its process dies and is not heard of any more: its guests may run on
    let db = one.cloud.services.db.clone();
    one.crash();
    let silent = Query::new("UPDATE processes SET alive_until = 1");
    (&db).execute(silent).await.unwrap();
    let dead = refused(site.start("two", &near).await);
    assert!(dead.contains("1 servers") && dead.contains("--adopt-database"), "{dead}");
    let again = site.start("one", &near).await.unwrap();
    let admin = at(&again, &admin);
    assert_eq!(scene::status(&admin, &id).await, "ACTIVE");
    again.stop().await;
}

/// A process stands still, is declared dead, and another one runs its tasks; when it goes on it has lost them, takes its
/// host anew, and in a newer epoch.
#[tokio::test]
async fn a_process_that_was_declared_dead_takes_its_host_anew() {
    let Some(site) = site().await else { return };
    let (near, far) = (machine("near"), machine("far"));
    let one = site.start("one", &near).await.unwrap();
    let two = site.start("two", &far).await.unwrap();
    let admin = one.session("kogge-admin").await;
    one.until("both hosts to be up", async || hosts_up(&admin).await == 2).await;
    let db = one.cloud.services.db.clone();
    let epoch = async || {
        let query = "SELECT epoch FROM leases WHERE name = 'host/near'";
        (&db).one(Query::new(query)).await.unwrap().int("epoch").unwrap()
    };
    let before = epoch().await;
    let dead = "UPDATE processes SET alive_until = 0 WHERE name IN (SELECT process FROM host_homes WHERE host = 'near')";
    (&db).execute(Query::new(dead)).await.unwrap();
    one.until("the host to be taken anew", async || epoch().await > before).await;
    let body = scene::server_body(&admin, "after").await;
    for _ in 0..4 {
        let id = create(&admin, &body).await.unwrap();
        scene::until_status(&one, &admin, &id, "ACTIVE").await;
    }
    assert!(whereabouts(&[&near, &far]).values().all(|nodes| *nodes == 1));
    one.stop().await;
    two.stop().await;
}

/// What was acknowledged while processes died.
#[derive(Default)]
struct Ledger {
    made: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

impl Ledger {
    /// Makes servers and deletes some, for as long as `go_on` says; what is not acknowledged is not counted.
    async fn work(
        mut self,
        session: Session,
        body: Value,
        go_on: Arc<std::sync::atomic::AtomicBool>,
    ) -> Self {
        let mut number = 0_usize;
        while go_on.load(std::sync::atomic::Ordering::SeqCst) {
            number += 1;
            if let Some(id) = create(&session, &body).await {
                self.made.insert(id);
            }
            let oldest = self.made.difference(&self.deleted).next().cloned();
            if let Some(oldest) = oldest.filter(|_| number.is_multiple_of(3))
                && session.delete(&format!("/compute/v2.1/servers/{oldest}")).await.status == 204
            {
                self.deleted.insert(oldest);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self
    }
}

/// Under load one of two processes is killed again and again, now this one, now that one: nothing that was acknowledged is
/// lost, and nothing runs twice.
#[tokio::test]
async fn any_process_may_die_at_any_time() {
    let Some(site) = site().await else { return };
    let (near, far) = (machine("near"), machine("far"));
    let mut one = site.start("one", &near).await.unwrap();
    let mut two = site.start("two", &far).await.unwrap();
    let admin = one.session("kogge-admin").await;
    one.until("both hosts to be up", async || hosts_up(&admin).await == 2).await;
    let quota = format!("/compute/v2.1/os-quota-sets/{}", admin.project_id());
    let free = json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1}});
    assert_eq!(admin.put(&quota, free).await.status, 200);
    let quota = format!("/network/v2.0/quotas/{}", admin.project_id());
    assert_eq!(admin.put(&quota, json!({"quota": {"port": -1}})).await.status, 200);
    let body = scene::server_body(&admin, "load").await;
    let (mut made, mut deleted) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..6 {
        let going = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let survivor = if round % 2 == 0 { &two } else { &one };
        let load =
            tokio::spawn(Ledger::default().work(at(survivor, &admin), body.clone(), Arc::clone(&going)));
        tokio::time::sleep(Duration::from_millis(700)).await;
        if round % 2 == 0 {
            one.crash();
            tokio::time::sleep(Duration::from_millis(700)).await;
            one = site.start("one", &near).await.unwrap();
        } else {
            two.crash();
            tokio::time::sleep(Duration::from_millis(700)).await;
            two = site.start("two", &far).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        going.store(false, std::sync::atomic::Ordering::SeqCst);
        let ledger = load.await.unwrap();
        made.extend(ledger.made);
        deleted.extend(ledger.deleted);
    }
    assert!(made.len() > 20 && deleted.len() > 5, "{} {}", made.len(), deleted.len());
    let admin = at(&one, &admin);
    for id in &deleted {
        scene::until_status(&one, &admin, id, "gone").await;
    }
    for id in made.difference(&deleted) {
        scene::until_status(&one, &admin, id, "ACTIVE").await;
    }
    let found = whereabouts(&[&near, &far]);
    let living: BTreeSet<ServerId> = made.difference(&deleted).map(|id| id.parse().unwrap()).collect();
    assert!(found.values().all(|nodes| *nodes == 1), "a guest runs twice: {found:?}");
    // a request that was cut off may have made one more, which nobody knows of
    assert!(living.iter().all(|id| found.contains_key(id)), "an acknowledged server is nowhere");
    one.stop().await;
    two.stop().await;
}
