//! A little cloud that serves nothing but images.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use kogge_auth::Policies;
use kogge_auth::testing::{Persona, Personas};
use kogge_clock::{Clock, FakeClock, Timestamp};
use kogge_db::Db;
use kogge_http::{FaultStyle, FrontDoor};
use kogge_image::{ImageConfig, ImageDeps, Images, MIGRATIONS, RULES, routes};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const MEMBER: Persona = Persona::Member;
pub(crate) const READER: Persona = Persona::Reader;
pub(crate) const OTHER: Persona = Persona::OtherMember;
pub(crate) const ADMIN: Persona = Persona::Admin;

pub(crate) struct Cloud {
    pub(crate) images: Images,
    pub(crate) db: Db,
    pub(crate) clock: FakeClock,
    pub(crate) policies: Arc<Policies>,
    pub(crate) dir: tempfile::TempDir,
    router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn cloud(postgres: bool, config: ImageConfig) -> Option<Cloud> {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
    let (clock, hand) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
    db.migrate(&[MIGRATIONS], &clock).await.unwrap();
    let config = ImageConfig { data_dir: dir.path().join("images"), ..config };
    let policies = Arc::new(Policies::compile(&[RULES]).unwrap());
    let images = Images::new(ImageDeps { db: db.clone(), clock, config }).unwrap();
    let door = FrontDoor {
        service: "image",
        mount: "/image",
        style: FaultStyle::Image,
        versions: None,
        tokens: Arc::new(Personas(Arc::clone(&policies))),
    };
    let router = door.guard(routes().into_router(images.clone()));
    Some(Cloud { images, db, clock: hand, policies, dir, router })
}

impl Cloud {
    /// What this process works at, in this table, is left as by one that was killed.
    pub(crate) async fn killed(&self, table: &str) {
        use kogge_db::{Executor, Query};
        std::fs::write(self.dir.path().join("images/tmp/process-dead"), b"").unwrap();
        let sql = match table {
            "images" => "UPDATE images SET busy_by = 'dead' WHERE busy_by IS NOT NULL",
            _ => "UPDATE image_tasks SET busy_by = 'dead' WHERE busy_by IS NOT NULL",
        };
        assert!((&self.db).execute(Query::new(sql)).await.unwrap() > 0);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    pub(crate) async fn call(&self, who: Persona, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("x-auth-token", who.token());
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("host", "cloud.example").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, who: Persona, path: &str) -> Answer {
        self.call(who, "GET", path, None).await
    }

    pub(crate) async fn delete(&self, who: Persona, path: &str) -> Answer {
        self.call(who, "DELETE", path, None).await
    }

    pub(crate) async fn put_bytes(&self, who: Persona, path: &str, bytes: impl Into<Body>) -> Answer {
        let request = Request::builder().method("PUT").uri(path).header("x-auth-token", who.token());
        self.send(request.header("content-type", "application/octet-stream").body(bytes.into()).unwrap())
            .await
    }

    pub(crate) async fn patch(&self, who: Persona, id: &str, patch: Value) -> Answer {
        let request = Request::builder().method("PATCH").uri(format!("/v2/images/{id}"));
        let request = request.header("x-auth-token", who.token());
        let request = request.header("content-type", "application/openstack-images-v2.1-json-patch");
        self.send(request.body(Body::from(patch.to_string())).unwrap()).await
    }

    /// A registered raw image of the member; fields of `with` come on top.
    pub(crate) async fn image(&self, with: Value) -> String {
        self.image_of(MEMBER, with).await
    }

    pub(crate) async fn image_of(&self, who: Persona, with: Value) -> String {
        let mut body = json!({ "name": "x", "disk_format": "raw", "container_format": "bare" });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let made = self.call(who, "POST", "/v2/images", Some(body)).await.expect(201);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// The same with data.
    pub(crate) async fn active(&self, with: Value, data: &'static [u8]) -> String {
        let id = self.image(with).await;
        self.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), data).await.expect(204);
        id
    }

    pub(crate) async fn show(&self, id: &str) -> Value {
        self.get(ADMIN, &format!("/v2/images/{id}")).await.expect(200).json()
    }

    pub(crate) async fn ids(&self, who: Persona, query: &str) -> Vec<String> {
        let list = self.get(who, &format!("/v2/images?{query}")).await.expect(200).json();
        list["images"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Runs all background tasks once.
    pub(crate) async fn run_tasks(&self) {
        for task in self.images.tasks() {
            task.run().await.unwrap();
        }
    }

    /// Waits for a status that a background task brings.
    pub(crate) async fn reach(&self, id: &str, status: &str) -> Value {
        for _ in 0..200 {
            let image = self.show(id).await;
            if image["status"] == status {
                return image;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let tasks = self.get(ADMIN, &format!("/v2/images/{id}/tasks")).await.text();
        panic!("{id} is {} and never gets {status}: {tasks}", self.show(id).await["status"]);
    }

    /// Waits until so many files are left: they go a moment after the row that says so.
    pub(crate) async fn keeps_files(&self, count: usize) {
        for _ in 0..200 {
            if self.files() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there are {} files and never {count}", self.files());
    }

    pub(crate) fn files(&self) -> usize {
        let count = |name: &str| {
            let entries = std::fs::read_dir(self.dir.path().join("images").join(name)).unwrap();
            let data = entries.filter(|entry| {
                !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("process-")
            });
            data.count()
        };
        count("data") + count("tmp")
    }
}

pub(crate) fn is_not_server_trouble(status: StatusCode) -> bool {
    !status.is_server_error()
}

/// The same test body on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident($cloud:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body($cloud: Cloud) $body
            #[tokio::test]
            async fn sqlite() {
                body($crate::harness::cloud(false, super::config()).await.unwrap()).await;
            }
            #[tokio::test]
            async fn postgres() {
                if let Some(cloud) = $crate::harness::cloud(true, super::config()).await {
                    body(cloud).await;
                }
            }
        }
    )*};
}
pub(crate) use on_both;
