//! Two real processes on one PostgreSQL, each with a host of its own and real guests, under load, while one of them is
//! killed every few seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kogge::test_cloud::Site;
use kogge_db::{Db, DbOptions, Executor as _, Query};
use serde_json::Value;

use crate::lab::{Lab, in_a_space};
use crate::real_databases::waiting;

/// How often a process is killed.
const ROUNDS: usize = 6;
/// Servers that are there at the same time.
const MOST: usize = 5;

/// Where the database is, from any network namespace: the server's socket is a file.
fn database() -> Option<(Site, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let site = Site::new().await?;
        let db = Db::open(&DbOptions::Postgres { url: site.url().to_owned(), connections: 1 }).await.unwrap();
        let shown = (&db).one(Query::new("SHOW unix_socket_directories")).await.unwrap();
        let folder = shown.text("unix_socket_directories").unwrap().replace('/', "%2F");
        db.close().await;
        let url = format!("{}&host={folder}", site.url());
        Some((site, url))
    })
}

/// What was asked for.
#[derive(Default)]
struct Wishes {
    names: usize,
    /// Servers that were accepted and are to stay.
    kept: BTreeSet<String>,
    /// Servers whose deletion was asked for.
    doomed: BTreeSet<String>,
}

impl Wishes {
    /// Asks for a server more or one less.
    async fn ask(&mut self, lab: &Lab, wish: &Lab) {
        if self.kept.len() >= MOST {
            let Some(id) = self.kept.pop_first() else { return };
            // whether or not an answer comes
            self.doomed.insert(id.clone());
            lab.try_call("DELETE", &path(&id), &Value::Null).await;
            return;
        }
        self.names += 1;
        let body = wish.wish(&format!("server {}", self.names));
        let Some((status, made)) = lab.try_call("POST", "/compute/v2.1/servers", &body).await else { return };
        assert_eq!(status, 202, "{made}");
        self.kept.insert(made["server"]["id"].as_str().unwrap().to_owned());
    }
}

fn path(id: &str) -> String {
    format!("/compute/v2.1/servers/{id}")
}

/// Guest and disk of all servers; one that runs on both hosts is a disaster.
fn everywhere(labs: [&Lab; 2]) -> BTreeMap<String, crate::lab::Identity> {
    let (mut all, more) = (labs[0].identities(), labs[1].identities());
    for (id, guest) in more {
        assert!(all.insert(id.clone(), guest).is_none(), "{id} runs on both hosts");
    }
    all
}

#[test]
fn two_processes_keep_their_word_while_one_is_killed_every_few_seconds() {
    let Some((_site, url)) = database() else {
        println!("skipped: KOGGE_TEST_POSTGRES is not set");
        return;
    };
    in_a_space(async move |mut one: Lab| {
        let mut two = Lab::elsewhere();
        let shared = one.path("shared");
        for (lab, host) in [(&mut one, "near"), (&mut two, "far")] {
            let (shared, host) = (shared.display(), host);
            lab.configure(&format!(
                "[database]\nurl = \"{url}\"\nconnections = 8\n[storage]\nshared = \"{shared}\"\nreserve_mib = 0\n\
                 [hypervisor]\nhost = \"{host}\"\n"
            ));
            lab.try_up(&[]).unwrap();
            lab.log_in_by(&shared_accounts(&lab.data(), &shared.to_string())).await;
        }
        one.furnish(waiting()).await;
        let mut wishes = Wishes::default();
        for round in 0..ROUNDS {
            let (dies, lives) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
            for step in 0..6 {
                let lab = if step % 2 == 0 { dies } else { lives };
                wishes.ask(lab, &one).await;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let before = everywhere([&one, &two]);
            dies.kill();
            // what is accepted meanwhile is kept too
            wishes.ask(lives, &one).await;
            dies.try_up(&[]).unwrap();
            let after = everywhere([&one, &two]);
            for (id, guest) in before.iter().filter(|(id, _)| !wishes.doomed.contains(*id)) {
                assert_eq!(after.get(id), Some(guest), "round {round}: {id} is not the guest that it was");
            }
        }
        settled(&one, &two, &wishes).await;
        two.kill();
        // its host's guests are its own business: they run on, and the other process says what it knows
        assert_eq!(one.call("GET", "/compute/v2.1/servers", Value::Null).await.0, 200);
        two.try_up(&[]).unwrap();
        settled(&one, &two, &wishes).await;
    });
}

/// The file with the passwords of the first accounts.
fn shared_accounts(data: &std::path::Path, shared: &str) -> std::path::PathBuf {
    let own = data.join("accounts.toml");
    if own.exists() { own } else { std::path::Path::new(shared).join("accounts.toml") }
}

/// Waits until everything is as it was asked for, whoever is asked: nothing lost, nothing twice, nothing left.
async fn settled(one: &Lab, two: &Lab, wishes: &Wishes) {
    for lab in [one, two] {
        let servers = async || lab.call("GET", "/compute/v2.1/servers/detail", Value::Null).await.1;
        lab.until("all servers to be as they were asked for", async || {
            let list = servers().await;
            let list = list["servers"].as_array().unwrap();
            let active: BTreeSet<&str> = list
                .iter()
                .filter(|server| server["status"] == "ACTIVE")
                .filter_map(|server| server["id"].as_str())
                .collect();
            assert!(list.iter().all(|server| server["status"] != "ERROR"), "{list:?}");
            list.len() == active.len() && wishes.kept.iter().all(|id| active.contains(id.as_str()))
        })
        .await;
    }
    let list = one.call("GET", "/compute/v2.1/servers", Value::Null).await.1;
    let there: BTreeSet<String> = list["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    one.until("the guests to be those of the servers", async || {
        everywhere([one, two]).into_keys().collect::<BTreeSet<_>>() == there
    })
    .await;
    let both = [one, two].map(|lab| !lab.identities().is_empty());
    assert_eq!(both, [true, true], "both hosts have guests");
}
