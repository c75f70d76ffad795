//! A seeded identity service behind its front door, and a client for it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kogge_auth::Policies;
use kogge_clock::{Clock, FakeClock, Timestamp};
use kogge_db::Db;
use kogge_http::{FaultStyle, FrontDoor};
use kogge_identity::{
    Identity, IdentityConfig, IdentityDeps, MIGRATIONS, RULE_SET, Secret, SeedAccounts, SeedService,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Identity with the seed, a clock that stands still, and cheap password hashes.
pub(crate) struct Cloud {
    pub(crate) identity: Identity,
    pub(crate) clock: FakeClock,
    router: Router,
    dir: tempfile::TempDir,
    pub(crate) db: Db,
    time: Clock,
    config: IdentityConfig,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The text of the token that was issued.
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 201, "{:?}", self.body);
        self.headers["x-subject-token"].to_str().unwrap().to_owned()
    }

    /// The body, after looking at the status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        self.body
    }
}

pub(crate) const START: i64 = 1_764_000_000;

impl Cloud {
    pub(crate) async fn start() -> Self {
        Self::with(IdentityConfig::for_test()).await
    }

    pub(crate) async fn with(config: IdentityConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
        let (time, clock) = Clock::fake(Timestamp::from_seconds(START));
        db.migrate(&[MIGRATIONS], &time).await.unwrap();
        let identity = open(&db, &time, dir.path(), &config).await;
        identity.seed(accounts(), &services()).await.unwrap();
        let router = router(&identity);
        Self { identity, clock, router, dir, db, time, config }
    }

    /// Another process on the same database and keys.
    pub(crate) async fn second_process(&self) -> Self {
        let identity = open(&self.db, &self.time, self.dir.path(), &self.config).await;
        Self {
            router: router(&identity),
            identity,
            clock: self.clock.clone(),
            dir: tempfile::tempdir().unwrap(),
            db: self.db.clone(),
            time: self.time.clone(),
            config: self.config.clone(),
        }
    }

    /// Makes the blob of a credential one that nobody can open.
    pub(crate) async fn lose_credential(&self, id: &str) {
        use kogge_db::{Executor as _, Query};
        let mut tx = self.db.begin().await.unwrap();
        let text = "UPDATE identity_credentials SET doc = replace(doc, 'gAAAA', 'gBBBB') WHERE id = $1";
        assert_eq!(tx.execute(Query::new(text).bind(id)).await.unwrap(), 1);
        tx.execute(Query::new("UPDATE identity_version SET version = version + 1")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(self.identity.refresh().await.unwrap());
    }

    /// Table and key of the rows that could not be read.
    pub(crate) fn damaged_rows(&self) -> Vec<(String, String)> {
        self.db.damage().rows().into_iter().map(|row| (row.table, row.key)).collect()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(std::time::Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn call(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "cloud.test");
        if !token.is_empty() {
            request = request.header("x-auth-token", token);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call(token, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call(token, Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::PUT, path, None).await
    }

    pub(crate) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::DELETE, path, None).await
    }

    pub(crate) async fn log_in(&self, auth: Value) -> Answer {
        self.post("", "/v3/auth/tokens", json!({ "auth": auth })).await
    }

    pub(crate) async fn admin(&self) -> String {
        self.log_in(scoped("admin", json!({"project": in_default("admin")}))).await.token()
    }

    pub(crate) async fn demo(&self) -> String {
        self.log_in(scoped("demo", json!({"project": in_default("demo")}))).await.token()
    }

    /// `HEAD`, `GET` or `DELETE` of `/v3/auth/tokens` for a token.
    pub(crate) async fn subject(&self, token: &str, method: Method, subject: &str) -> Answer {
        let request = Request::builder().method(method).uri("/v3/auth/tokens").header("x-auth-token", token);
        self.send(request.header("x-subject-token", subject).body(Body::empty()).unwrap()).await
    }
}

async fn open(db: &Db, clock: &Clock, dir: &std::path::Path, config: &IdentityConfig) -> Identity {
    let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
    let (db, clock, data_dir, config) = (db.clone(), clock.clone(), dir.to_owned(), config.clone());
    Identity::open(IdentityDeps { db, clock, policies, data_dir, config }).await.unwrap()
}

fn router(identity: &Identity) -> Router {
    let door = FrontDoor {
        service: "identity",
        mount: "/identity",
        style: FaultStyle::Identity,
        versions: None,
        tokens: Arc::new(identity.clone()),
    };
    let all = kogge_identity::version_routes().merge(kogge_identity::routes());
    door.guard(all.into_router(identity.clone()))
}

fn accounts() -> SeedAccounts {
    let secret = |name: &str| Some(Secret::new(format!("{name}-password")));
    SeedAccounts {
        admin: secret("admin"),
        demo: secret("demo"),
        alt_demo: secret("alt_demo"),
        demo_reader: secret("demo-reader"),
        alt_demo_reader: secret("alt-demo-reader"),
        domain_manager: secret("domain-manager"),
    }
}

pub(crate) fn services() -> Vec<SeedService> {
    let list = [
        ("identity", "keystone", "/identity/v3"),
        ("image", "glance", "/image"),
        ("compute", "nova", "/compute/v2.1"),
    ];
    list.map(|(kind, name, path)| SeedService { kind: kind.into(), name: name.into(), path: path.into() })
        .to_vec()
}

pub(crate) fn in_default(name: &str) -> Value {
    json!({"name": name, "domain": {"id": "default"}})
}

/// A password login by a seeded user.
pub(crate) fn password(name: &str) -> Value {
    password_of(name, &format!("{name}-password"))
}

pub(crate) fn password_of(name: &str, password: &str) -> Value {
    let user = json!({"name": name, "domain": {"id": "default"}, "password": password});
    json!({"identity": {"methods": ["password"], "password": {"user": user}}})
}

pub(crate) fn scoped(name: &str, scope: Value) -> Value {
    let mut auth = password(name);
    auth["scope"] = scope;
    auth
}

pub(crate) fn by_token(token: &str, scope: Value) -> Value {
    json!({"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope})
}
