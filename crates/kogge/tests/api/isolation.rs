//! The isolation matrix: every route of every table × every persona has an expected status.
//!
//! The requests are made from the route tables, so a new route fails here until its statuses are noted
//! (`UPDATE_GOLDEN=1`). Besides the noted statuses, rules hold for all of them: strangers and bad tokens get 401, nobody
//! of another project changes or sees what belongs to `demo`, readers change nothing.

pub(crate) mod bodies;
pub(crate) mod fixture;
mod ids;

use std::fmt::Write;
use std::time::Duration;

use http::Method;
use kogge::cloud::{Door, doors};
use kogge::test_cloud::{Session, TestCloud};
use kogge_auth::Scopes;
use kogge_clock::Clock;
use kogge_http::{Access, RouteInfo};
use serde_json::{Value, json};

use fixture::Fixture;

const PERSONAS: [&str; 12] = [
    "stranger",
    "bad-token",
    "expired",
    "other",
    "reader",
    "manager",
    "unscoped",
    "domain-member",
    "system-member",
    "domain-admin",
    "system-admin",
    "admin",
];
/// Who has no valid token.
const NOBODIES: [&str; 3] = ["stranger", "bad-token", "expired"];
/// Whose token is not of a project: they get at nothing but identities.
const WITHOUT_PROJECT: [&str; 6] =
    ["manager", "unscoped", "domain-member", "system-member", "domain-admin", "system-admin"];
const ADMIN: usize = PERSONAS.len() - 1;
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/isolation.txt");

/// Routes by which readers may change something that is theirs alone, or that change nothing.
fn reader_may(route: &RouteInfo) -> bool {
    // the older actions of Cinder that read are POSTs, too
    route.action == Some("os-show_image_metadata")
        || [
            "/os-keypairs",
            "/v3/auth/",
            "/application_credentials",
            "/access_rules",
            "/credentials",
            "/password",
            "/ec2tokens",
        ]
        .iter()
        .any(|part| route.path.contains(part))
}

const SCOPED: &str = "the-password-of-a-scope";

/// A user with a role on the domain `default` and on the system, and no project: its tokens of both.
async fn scoped(cloud: &TestCloud, role: &str) -> [Session; 2] {
    let admin = cloud.session("kogge-admin").await;
    let name = format!("scoped-{role}");
    let user = json!({"user": {"name": name, "domain_id": "default", "password": SCOPED}});
    let user = admin.post("/identity/v3/users", user).await.id("user");
    let roles = admin.get(&format!("/identity/v3/roles?name={role}")).await;
    let role = roles.body["roles"][0]["id"].as_str().unwrap();
    for of in ["domains/default", "system"] {
        let path = format!("/identity/v3/{of}/users/{user}/roles/{role}");
        assert_eq!(admin.put(&path, Value::Null).await.status, 204, "{path}");
    }
    [
        cloud.log_in(&name, SCOPED, json!({"domain": {"id": "default"}})).await,
        cloud.log_in(&name, SCOPED, json!({"system": {"all": true}})).await,
    ]
}

struct Matrix {
    cloud: TestCloud,
    fixture: Fixture,
    sessions: Vec<Session>,
    complaints: Vec<String>,
}

impl Matrix {
    async fn new() -> Self {
        let (clock, hand) = Clock::fake(Clock::system().now());
        let cloud = TestCloud::with(|config| config.identity.token_seconds = 10, clock).await;
        let expired = cloud.session("kogge-admin").await;
        hand.advance(Duration::from_secs(11));
        let demo = cloud.session("kogge").await;
        let fixture = Fixture::make(&cloud, &demo).await;
        let forged = cloud.with_token("gAAAAABnotatokenatall");
        let [domain_member, system_member] = scoped(&cloud, "member").await;
        let [domain_admin, system_admin] = scoped(&cloud, "admin").await;
        let sessions = vec![
            cloud.stranger(),
            forged,
            expired,
            cloud.session("kogge-alt").await,
            cloud.session("kogge-reader").await,
            cloud.domain_manager().await,
            cloud.log_in("scoped-admin", SCOPED, json!("unscoped")).await,
            domain_member,
            system_member,
            domain_admin,
            system_admin,
            cloud.session("kogge-admin").await,
        ];
        Self { cloud, fixture, sessions, complaints: Vec::new() }
    }

    async fn row(&mut self, door: &Door, route: &RouteInfo) -> String {
        let mut statuses = Vec::new();
        for (index, persona) in PERSONAS.iter().enumerate() {
            let status = self.ask(door, route, index).await;
            self.judge(door, route, persona, status);
            statuses.push(status.to_string());
        }
        let action = route.action.map(|action| format!(" {action}")).unwrap_or_default();
        format!("{} {}{}{action}: {}", route.method, door.mount, route.path, statuses.join(" "))
    }

    async fn ask(&mut self, door: &Door, route: &RouteInfo, persona: usize) -> u16 {
        let path = self.fixture.fill(door, route.path);
        let body = bodies::of(route, &self.fixture);
        let session = bodies::speaking(&self.sessions[persona], door, route);
        let answer = bodies::send(&session, route, &path, body.as_ref()).await;
        if answer.status < 300 && route.method != Method::GET && route.method != Method::HEAD {
            // something changed: the next one must find the scene as it was
            bodies::until_gone(&self.sessions[ADMIN], route, &path, &answer).await;
            let demo = self.cloud.session("kogge").await;
            self.fixture.mend(&self.cloud, &demo).await;
            if persona == ADMIN && route.path.contains("/v3/auth/tokens") {
                self.sessions[ADMIN] = self.cloud.session("kogge-admin").await;
            }
        }
        answer.status
    }

    fn judge(&mut self, door: &Door, route: &RouteInfo, persona: &str, status: u16) {
        let place = format!("{} {}{} {:?}", route.method, door.mount, route.path, route.action);
        let changes = route.method != Method::GET && route.method != Method::HEAD;
        let good = status < 300;
        let mut complain =
            |what: &str| self.complaints.push(format!("{place} as {persona}: {status}, {what}"));
        if status >= 500 && status != 501 {
            complain("no answer may be a 5xx");
        }
        if route.access != Access::Public && NOBODIES.contains(&persona) && status != 401 {
            complain("a stranger must get 401");
        }
        let owned = Fixture::owned(route.path);
        if persona == "other" && owned && good {
            complain("another project's member must not get at it");
        }
        let of_projects = route.access.scopes() == Some(Scopes::Project) && door.service != "identity";
        let hidden = status == 404 && route.path.contains('{');
        if WITHOUT_PROJECT.contains(&persona) && of_projects && status != 403 && !hidden {
            complain("without a project nothing of a project is done");
        }
        if WITHOUT_PROJECT.contains(&persona) && owned && good {
            complain("without a project nobody gets at it");
        }
        if persona == "reader" && changes && good && route.access != Access::Public && !reader_may(route) {
            complain("a reader must not change it");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_persona_as_noted() {
    let mut matrix = Matrix::new().await;
    let mut text = format!("# method, path, action: status for {}\n", PERSONAS.join(" "));
    for door in doors(None) {
        for route in &door.table {
            let row = matrix.row(&door, route).await;
            let _ = writeln!(text, "{row}");
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    assert!(matrix.complaints.is_empty(), "{}", matrix.complaints.join("\n"));
    let noted = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differing: Vec<String> = diff(&noted, &text);
    assert!(differing.is_empty(), "UPDATE_GOLDEN=1 accepts:\n{}", differing.join("\n"));
}

fn diff(noted: &str, found: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (noted.lines().collect(), found.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

#[tokio::test]
async fn a_revoked_token_is_no_token() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    assert_eq!(demo.get("/compute/v2.1/servers").await.status, 200);
    let http = reqwest::Client::new();
    let gone = http
        .delete(format!("{}/identity/v3/auth/tokens", cloud.root()))
        .header("x-auth-token", demo.token())
        .header("x-subject-token", demo.token())
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status().as_u16(), 204);
    for path in
        ["/compute/v2.1/servers", "/network/v2.0/networks", "/image/v2/images", "/identity/v3/projects"]
    {
        assert_eq!(demo.get(path).await.status, 401, "{path}");
    }
    cloud.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_no_token() {
    let (clock, hand) = Clock::fake(Clock::system().now());
    let cloud = TestCloud::with(|_| {}, clock).await;
    let demo = cloud.session("kogge").await;
    assert_eq!(demo.get("/network/v2.0/networks").await.status, 200);
    hand.advance(Duration::from_secs(3601));
    for path in
        ["/compute/v2.1/servers", "/network/v2.0/networks", "/image/v2/images", "/identity/v3/projects"]
    {
        assert_eq!(demo.get(path).await.status, 401, "{path}");
    }
    cloud.stop().await;
}
