//! The checks of SCS-0302 on our own cloud: they pass as it is, and each notices the policy that is broken for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use kogge::test_cloud::{Session, TestCloud};
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_clock::Clock;
use kogge_conform::{Cleaner, Journal, Options, Report, Runner, Silent, Verdict};
use kogge_conform_iaas::{AdvisoryOptions, AdvisorySweeper, DomainManagers, Swept, advisory_with, sweep};
use serde_json::{Value, json};

/// A cloud, perhaps with rules of its own, in which two domains have a manager each.
struct Scene {
    cloud: TestCloud,
    options: AdvisoryOptions,
    journal: Arc<Journal>,
}

const PASSWORD: &str = "geheim-0302";

impl Scene {
    async fn new(rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("policy.yaml");
        std::fs::write(&file, rules).unwrap();
        let set = |config: &mut kogge_config::Config| {
            if !rules.is_empty() {
                config.policy.file = file.display().to_string();
            }
        };
        let cloud = TestCloud::with(set, Clock::system()).await;
        let admin = cloud.session("kogge-admin").await;
        let (manager, other) =
            (manager(cloud.root(), &admin, "a").await, manager(cloud.root(), &admin, "b").await);
        let domain_managers = DomainManagers { manager: Some(manager), other: Some(other) };
        let options = AdvisoryOptions { domain_managers, ..AdvisoryOptions::default() };
        Self { cloud, options, journal: Arc::new(Journal::in_memory()) }
    }

    /// Runs the checks as the ordinary member of the cloud.
    async fn check(&self) -> Report {
        let client = self.cloud.client("kogge");
        let checks = advisory_with(&self.options)
            .into_iter()
            .filter(|c| c.description().id.starts_with("advisory-0302"));
        let cleaner: Arc<dyn Cleaner> = Arc::new(AdvisorySweeper::new(&self.options));
        let options =
            Options { journal: Arc::clone(&self.journal), cleaner: Some(cleaner), ..Options::default() };
        Runner::new(client, options).run(checks.collect(), &mut Silent).await
    }

    /// Names of all that checks made and did not remove.
    async fn left(&self) -> Vec<String> {
        let admin = self.cloud.session("kogge-admin").await;
        let mut names = Vec::new();
        for many in ["users", "groups", "projects", "roles"] {
            let answer = admin.get(&format!("/identity/v3/{many}")).await;
            let all = answer.body[many].as_array().unwrap().clone();
            names.extend(
                all.iter().map(|o| o["name"].as_str().unwrap().to_owned()).filter(|n| n.starts_with("_scs-")),
            );
        }
        names
    }
}

/// The manager of a new domain, who finds the cloud at this address.
async fn manager(root: &str, admin: &Session, name: &str) -> Client {
    let made =
        admin.post("/identity/v3/domains", json!({"domain": {"name": format!("domain-{name}")}})).await;
    let domain = made.id("domain");
    let user =
        json!({"user": {"name": format!("manager-{name}"), "domain_id": domain, "password": PASSWORD}});
    let user = admin.post("/identity/v3/users", user).await.id("user");
    let roles = admin.get("/identity/v3/roles?name=manager").await;
    let role = roles.body["roles"][0]["id"].as_str().unwrap();
    let path = format!("/identity/v3/domains/{domain}/users/{user}/roles/{role}");
    assert_eq!(admin.put(&path, Value::Null).await.status, 204);
    let url = format!("{root}/identity/v3");
    let vars = [
        ("OS_AUTH_URL", url.as_str()),
        ("OS_USER_ID", user.as_str()),
        ("OS_PASSWORD", PASSWORD),
        ("OS_DOMAIN_ID", domain.as_str()),
    ];
    Client::new(CloudConfig::load(&Environment::new(vars, "/"), &Selection::default()).unwrap()).unwrap()
}

fn with(report: &Report, verdict: Verdict) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict == verdict).map(|r| r.id.as_str()).collect()
}

fn found(report: &Report, id: &str) -> String {
    let findings = &report.result(id).unwrap().findings;
    findings.iter().map(|f| format!("{} / {}\n", f.expected, f.found)).collect()
}

#[tokio::test]
async fn our_own_cloud_passes_and_nothing_is_left() {
    let scene = Scene::new("").await;
    let report = scene.check().await;
    assert_eq!(with(&report, Verdict::Pass).len(), 3, "{:#?}", report.results);
    assert!(scene.left().await.is_empty() && scene.journal.left().is_empty() && report.leftovers.is_empty());
    scene.cloud.stop().await;
}

#[tokio::test]
async fn without_another_manager_the_runs_own_user_stands_for_others() {
    let mut scene = Scene::new("").await;
    scene.options.domain_managers.other = None;
    let report = scene.check().await;
    assert_eq!(with(&report, Verdict::Pass).len(), 3, "{:#?}", report.results);
    scene.options.domain_managers.manager = None;
    let report = scene.check().await;
    assert_eq!(with(&report, Verdict::CouldNotRun).len(), 3);
    assert!(report.results[0].reason.as_ref().unwrap().contains("--domain-manager-cloud"));
    scene.cloud.stop().await;
}

const GRANT_ANY: &str = "'identity:create_grant': 'role:admin or role:manager'\n\
    'identity:check_grant': 'role:admin or role:manager'\n'identity:revoke_grant': 'role:admin or role:manager'\n";

#[tokio::test]
async fn each_broken_rule_fails_the_check_that_is_for_it() {
    let (own, roles, others) =
        ("advisory-0302-own-domain", "advisory-0302-roles", "advisory-0302-other-domains");
    for (rules, failing, word) in [
        (
            "'identity:update_project': 'role:admin'\n",
            &[own][..],
            "a project of the own domain can be changed",
        ),
        ("'identity:add_user_to_group': 'role:admin'\n", &[own], "can be added to a group"),
        // (no such policy lets a manager create roles here: a token for a domain is refused before)
        (
            "'domain_managed_target_role': \"'admin':%(target.role.name)s or 'member':%(target.role.name)s\"\n",
            &[roles],
            "role admin cannot be given",
        ),
        ("'identity:get_user': '@'\n", &[others], "refused: showing a user of another domain"),
        (
            "'identity:update_group': 'role:admin or role:manager'\n",
            &[others],
            "refused: changing a user group",
        ),
        (
            "'identity:delete_project': 'role:admin or role:manager'\n",
            &[others],
            "refused: deleting a project",
        ),
        (
            "'identity:create_user': 'role:admin or role:manager'\n",
            &[others],
            "refused: creating a user in another domain",
        ),
        (GRANT_ANY, &[roles, others], "giving a role across domains"),
    ] {
        let scene = Scene::new(rules).await;
        let report = scene.check().await;
        assert_eq!(with(&report, Verdict::Fail), failing, "{rules}: {:#?}", report.results);
        let text: String = failing.iter().map(|id| found(&report, id)).collect();
        assert!(text.contains(word), "{rules}: {text}");
        assert_eq!(scene.left().await, Vec::<String>::new(), "{rules}: {:?}", report.leftovers);
        scene.cloud.stop().await;
    }
}

#[tokio::test]
async fn what_an_interrupted_run_left_is_removed_by_its_maker_only() {
    let scene = Scene::new("").await;
    let manager = scene.options.domain_managers.manager.clone().unwrap();
    let other = scene.options.domain_managers.other.clone().unwrap();
    let token = manager.token().await.unwrap();
    let domain = token.domain.as_ref().unwrap().id.clone();
    let body = json!({"user": {"name": "_scs-0302-00000000-user", "domain_id": domain, "enabled": false}});
    let made =
        manager.request(kogge_client::Method::POST, "identity", "users", None, Some(&body)).await.unwrap();
    assert_eq!(made.status.as_u16(), 201);
    let entry = kogge_conform::NewEntry {
        cloud: manager.config().name.clone(),
        auth_url: manager.config().auth_url.to_string(),
        project: Some(format!("domain {domain}")),
        run: "r".into(),
        kind: "user".into(),
        name: "_scs-0302-00000000-user".into(),
    };
    scene.journal.intend(entry).unwrap();
    let now = Clock::system().now();
    assert_eq!(sweep(&other, &scene.journal, now).await.unwrap(), Swept::default());
    assert_eq!(scene.journal.left().len(), 1, "another manager leaves it alone");
    assert_eq!(sweep(&manager, &scene.journal, now).await.unwrap().failed, Vec::<String>::new());
    assert!(scene.journal.left().is_empty() && scene.left().await.is_empty());
    scene.cloud.stop().await;
}

#[tokio::test]
async fn credentials_of_the_wrong_kind_are_told() {
    let mut scene = Scene::new("").await;
    scene.options.domain_managers.manager = Some(scene.cloud.client("kogge-admin"));
    let report = scene.check().await;
    assert_eq!(with(&report, Verdict::CouldNotRun).len(), 3);
    let reason = report.results[0].reason.clone().unwrap();
    assert!(reason.contains("not scoped to a domain"), "{reason}");
    scene.cloud.stop().await;
}

/// A gateway before the cloud that loses every fifth call: it answers 502, and every other one of those was done.
async fn gateway(cloud: &TestCloud, first: usize) -> String {
    let (root, http, calls) =
        (cloud.root().to_owned(), reqwest::Client::new(), Arc::new(AtomicUsize::new(first)));
    let pass = move |request: Request| {
        let (root, http, calls) = (root.clone(), http.clone(), Arc::clone(&calls));
        async move {
            let number = calls.fetch_add(1, Ordering::Relaxed);
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap();
            let lost = || Response::builder().status(502).body(Body::from("bad gateway")).unwrap();
            // the first call is the one for a token
            if number > first && number % 10 == 4 {
                return lost();
            }
            // the cloud is told the gateway's name, so that its catalogue leads here
            let call =
                http.request(head.method, format!("{root}{}", head.uri)).headers(head.headers).body(body);
            let answer = call.send().await.unwrap();
            if number > first && number % 10 == 9 {
                return lost();
            }
            let mut told = Response::builder().status(answer.status());
            for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
                told = told.header(name, value);
            }
            told.body(Body::from(answer.bytes().await.unwrap())).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(pass)).into_future());
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_a_gateway_loses_are_no_failure_of_the_cloud() {
    let mut scene = Scene::new("").await;
    for first in [0, 2, 4] {
        let root = gateway(&scene.cloud, first).await;
        let admin = scene.cloud.session("kogge-admin").await;
        scene.options.domain_managers.manager = Some(manager(&root, &admin, &format!("lost-{first}")).await);
        let report = scene.check().await;
        assert_eq!(with(&report, Verdict::Fail), Vec::<&str>::new(), "{first}: {:#?}", report.results);
        // a creation that was not answered is not made twice, so that its check may stay undecided
        let open = with(&report, Verdict::CouldNotRun).len();
        assert_eq!(with(&report, Verdict::Pass).len() + open, 3, "{:#?}", report.results);
        let left = scene.left().await;
        assert!(left.is_empty() || !scene.journal.left().is_empty(), "{left:?} is in no journal");
    }
    scene.cloud.stop().await;
}
