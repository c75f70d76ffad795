//! Requests that succeed where those made from the tables cannot: what is in use, what belongs to the cloud, and what
//! wants a step before. So every operation is judged by its description at least once (`scripts/openapi`).

use http::Method;
use kogge::test_cloud::{Answer, Session};
use serde_json::{Value, json};

use super::book::{Book, Case};
use super::exchanges::Asked;
use super::scene::Scene;

/// A walk of one service.
pub(super) struct More<'a> {
    scene: &'a Scene,
    book: &'a mut Book,
    version: &'static str,
}

/// The walk of the scene's service.
pub(super) async fn walk(scene: &Scene, book: &mut Book) {
    book.open("what wants a step before");
    let version = match scene.service {
        "placement" => "1.39",
        "compute" => "2.96",
        _ => "",
    };
    let mut more = More { scene, book, version };
    match scene.service {
        "identity" => more.identity().await,
        "image" => more.image().await,
        "network" => more.network().await,
        "compute" => more.compute().await,
        "block-storage" => {}
        _ => more.placement().await,
    }
}

impl More<'_> {
    /// Asks as somebody, notes the answer, which is a success.
    async fn ask(&mut self, who: &'static str, method: Method, path: &str, body: Value) -> Answer {
        let session = self.scene.speaking(who, self.version);
        self.ask_with(who, &session, method, path, body).await
    }

    async fn ask_with(
        &mut self,
        who: &'static str,
        session: &Session,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answer {
        let sent = Some(body.clone()).filter(|body| !body.is_null());
        let answer = session.send(method.clone(), path, sent).await;
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
        self.note(who, method, path, body, &answer);
        answer
    }

    fn note(&mut self, who: &'static str, method: Method, path: &str, body: Value, answer: &Answer) {
        let what = format!("{method} {}", self.scene.names.text(path));
        let case = Case { what, who, version: self.version.to_owned() };
        let asked = Asked { method, path: path.to_owned(), body };
        self.book.note(case, &asked, answer, &self.scene.names, None);
    }

    /// A user signs in, changes its password and revokes its token; a domain and an access rule go.
    async fn identity(&mut self) {
        let admin = self.scene.session("admin").clone();
        let secret = "a-first-password";
        let user = json!({"user": {"name": "leaving", "domain_id": "default", "password": secret}});
        let user = admin.post("/identity/v3/users", user).await.id("user");
        let project = self.scene.fixture.id("projects");
        let member = admin.get("/identity/v3/roles?name=member").await.body["roles"][0]["id"].clone();
        let role = member.as_str().unwrap();
        admin.put(&format!("/identity/v3/projects/{project}/users/{user}/roles/{role}"), Value::Null).await;
        let scope = json!({"project": {"id": project}});
        let own = self.scene.cloud.log_in("leaving", secret, scope.clone()).await;
        let rules = json!([{"path": "/v2.1/servers", "method": "GET", "service": "compute"}]);
        let path = format!("/identity/v3/users/{user}/application_credentials");
        let made =
            own.post(&path, json!({"application_credential": {"name": "a", "access_rules": rules}})).await;
        let rule = made.body["application_credential"]["access_rules"][0]["id"].as_str().unwrap().to_owned();
        own.delete(&format!("{path}/{}", made.id("application_credential"))).await;
        let path = format!("/identity/v3/users/{user}/access_rules/{rule}");
        self.ask_with("owner", &own, Method::DELETE, &path, Value::Null).await;
        let tokens = "/identity/v3/auth/tokens";
        let subject = admin.with_header("x-subject-token", own.token());
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            self.ask_with("admin", &subject, method, tokens, Value::Null).await;
        }
        let own = self.scene.cloud.log_in("leaving", secret, scope).await;
        let path = format!("/identity/v3/users/{user}/password");
        let body = json!({"user": {"original_password": secret, "password": "a-second-password"}});
        self.ask_with("owner", &own, Method::POST, &path, body).await;
        let domain = admin.post("/identity/v3/domains", json!({"domain": {"name": "leaving"}})).await;
        let path = format!("/identity/v3/domains/{}", domain.id("domain"));
        admin.patch(&path, json!({"domain": {"enabled": false}})).await;
        self.ask("admin", Method::DELETE, &path, Value::Null).await;
        admin.delete(&format!("/identity/v3/users/{user}")).await;
    }

    /// The data of an image is sent, staged and imported.
    async fn image(&mut self) {
        let member = self.scene.session("member").clone();
        let body = json!({"name": "m", "disk_format": "raw", "container_format": "bare"});
        let mut ids = Vec::new();
        for part in ["file", "stage"] {
            let made = member.post("/image/v2/images", body.clone()).await;
            let id = made.body["id"].as_str().unwrap().to_owned();
            let path = format!("/image/v2/images/{id}/{part}");
            let kind = Some("application/octet-stream");
            let sent = member.send_bytes(Method::PUT, &path, kind, vec![0; 512]).await;
            assert_eq!(sent.status, 204, "{part}");
            self.note("member", Method::PUT, &path, Value::Null, &sent);
            ids.push(id);
        }
        let path = format!("/image/v2/images/{}/import", ids[1]);
        self.ask("member", Method::POST, &path, json!({"method": {"name": "glance-direct"}})).await;
        let image = format!("/image/v2/images/{}", ids[1]);
        let done = async || member.get(&image).await.body["status"] == "active";
        self.scene.cloud.until("the import to be done", done).await;
        let tasks = self.scene.session("admin").get("/image/v2/tasks?limit=1").await;
        let task = tasks.body["tasks"][0]["id"].as_str().unwrap().to_owned();
        self.ask("admin", Method::GET, &format!("/image/v2/tasks/{task}"), Value::Null).await;
        for id in ids {
            member.delete(&format!("/image/v2/images/{id}")).await;
        }
    }

    /// What nothing is in goes, and an administrator describes an agent.
    async fn network(&mut self) {
        let (admin, member) = (self.scene.session("admin").clone(), self.scene.session("member").clone());
        let network =
            member.post("/network/v2.0/networks", json!({"network": {"name": "m"}})).await.id("network");
        let body = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.77.0.0/24"}});
        let subnet = member.post("/network/v2.0/subnets", body).await.id("subnet");
        self.ask("member", Method::DELETE, &format!("/network/v2.0/subnets/{subnet}"), Value::Null).await;
        self.ask("member", Method::DELETE, &format!("/network/v2.0/networks/{network}"), Value::Null).await;
        let quota = format!("/network/v2.0/quotas/{}", self.scene.fixture.id("projects"));
        admin.put(&quota, json!({"quota": {"port": 77}})).await;
        self.ask("admin", Method::DELETE, &quota, Value::Null).await;
        let agent = format!("/network/v2.0/agents/{}", self.scene.fixture.id("agents"));
        self.ask("admin", Method::PUT, &agent, json!({"agent": {"description": "d"}})).await;
        admin.put(&agent, json!({"agent": {"description": ""}})).await;
        let pool = json!({"subnetpool": {"name": "default", "prefixes": ["10.78.0.0/16"], "is_default": true,
            "shared": true, "default_prefixlen": 24}});
        let pool = admin.post("/network/v2.0/subnetpools", pool).await.id("subnetpool");
        let public = format!("/network/v2.0/networks/{}", self.scene.fixture.public);
        admin.put(&public, json!({"network": {"is_default": true}})).await;
        let path = format!("/network/v2.0/auto-allocated-topology/{}", member.project_id());
        self.ask("member", Method::GET, &path, Value::Null).await;
        self.ask("member", Method::DELETE, &path, Value::Null).await;
        admin.put(&public, json!({"network": {"is_default": false}})).await;
        admin.delete(&format!("/network/v2.0/subnetpools/{pool}")).await;
    }

    /// A private flavor and who may use it.
    async fn compute(&mut self) {
        let flavor = json!({"flavor": {"name": "private", "ram": 64, "vcpus": 1, "disk": 1, "id": "private",
            "os-flavor-access:is_public": false}});
        self.ask("admin", Method::POST, "/compute/v2.1/flavors", flavor).await;
        let path = "/compute/v2.1/flavors/private";
        let grant = json!({"addTenantAccess": {"tenant": self.scene.fixture.project}});
        self.ask("admin", Method::POST, &format!("{path}/action"), grant).await;
        self.ask("admin", Method::GET, &format!("{path}/os-flavor-access"), Value::Null).await;
        self.scene.session("admin").delete(path).await;
    }

    /// A provider that nobody uses: it gets a stock, and goes.
    async fn placement(&mut self) {
        const OTHER: &str = "0a000000-0000-4000-8000-00000000000a";
        let one = format!("/placement/resource_providers/{OTHER}");
        let body = json!({"name": "unused", "uuid": OTHER});
        self.ask("admin", Method::POST, "/placement/resource_providers", body).await;
        for (path, kind) in [("resource_classes", "CUSTOM_TIN"), ("traits", "CUSTOM_TIN")] {
            let path = format!("/placement/{path}/{kind}");
            self.ask("admin", Method::PUT, &path, Value::Null).await;
            self.ask("admin", Method::DELETE, &path, Value::Null).await;
        }
        let stock = json!({"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 8}}});
        self.ask("admin", Method::PUT, &format!("{one}/inventories"), stock).await;
        self.ask("admin", Method::DELETE, &format!("{one}/inventories/VCPU"), Value::Null).await;
        self.ask("admin", Method::DELETE, &format!("{one}/inventories"), Value::Null).await;
        self.ask("admin", Method::DELETE, &one, Value::Null).await;
    }
}
