//! A cloud in a process: images and block storage on one database, storage in memory, a simulated node, personas for
//! tokens. Tasks run when a test says so.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kogge_auth::Policies;
use kogge_auth::testing::{Persona, Personas};
use kogge_clock::{Clock, FakeClock, Timestamp};
use kogge_db::Db;
use kogge_http::{FaultStyle, FrontDoor};
use kogge_image::{ImageConfig, ImageDeps, Images};
use kogge_node_api::Nodes;
use kogge_node_sim::{SimConfig, SimNode};
use kogge_storage::{BackendHandle, SimStorage};
use kogge_task::{KeyedTask, Task};
use kogge_volume::{Seal, SealedKeyring, VolumeConfig, VolumeDeps, Volumes};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The same test body on SQLite and, where `KOGGE_TEST_POSTGRES` names one, on PostgreSQL.
macro_rules! on_both {
    ($($name:ident($cloud:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn body(#[allow(unused_mut, reason = "some bodies change the microversion")] mut $cloud: Cloud) $body
            #[tokio::test]
            async fn sqlite() {
                body(Cloud::start().await).await;
            }
            #[tokio::test]
            async fn postgres() {
                let Some(cloud) = Cloud::on_postgres().await else {
                    eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
                    return;
                };
                body(cloud).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub headers: http::HeaderMap,
}

impl Answer {
    /// The body, where the status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The fault's message, where the status is `status`.
    #[track_caller]
    pub fn fault(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        let fault = self.body.as_object().and_then(|map| map.values().next()).expect("a fault body");
        assert_eq!(fault["code"], status, "{}", self.body);
        fault["message"].as_str().expect("a message").to_owned()
    }
}

/// The names of the backends of a test's cloud; the first is the default.
pub const BACKENDS: [&str; 2] = ["memory", "second"];

pub struct Cloud {
    pub volumes: Volumes,
    pub node: SimNode,
    pub nodes: Nodes,
    /// The backends, in the order of [`BACKENDS`].
    pub storage: [SimStorage; 2],
    pub time: FakeClock,
    pub db: Db,
    tasks: Vec<Arc<dyn Task>>,
    keyed: Vec<Arc<dyn KeyedTask>>,
    routers: [(&'static str, Router); 2],
    version: String,
    pub dir: tempfile::TempDir,
}

/// A seal that tests can see through: the text backwards.
struct Backwards;

impl Seal for Backwards {
    fn seal(&self, clear: &str) -> String {
        format!("sealed:{}", clear.chars().rev().collect::<String>())
    }

    fn open(&self, sealed: &str) -> Option<String> {
        Some(sealed.strip_prefix("sealed:")?.chars().rev().collect())
    }
}

impl Cloud {
    /// A cloud on SQLite.
    pub async fn start() -> Self {
        Self::with(VolumeConfig::default(), false).await.expect("SQLite")
    }

    /// A cloud on PostgreSQL, where there is one.
    pub async fn on_postgres() -> Option<Self> {
        Self::with(VolumeConfig::default(), true).await
    }

    /// A cloud with these settings; `None` where PostgreSQL is wanted and there is none.
    pub async fn with(config: VolumeConfig, postgres: bool) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let config = VolumeConfig { backup_dir: dir.path().join("backups"), ..config };
        let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
        let (clock, time) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
        db.migrate(&[kogge_image::MIGRATIONS, kogge_volume::MIGRATIONS], &clock).await.unwrap();
        let node = SimNode::new(SimConfig::new("sim1"), clock.clone());
        let nodes = Nodes::new();
        nodes.insert("sim1", Arc::new(node.clone()));
        let image_config = ImageConfig { data_dir: dir.path().join("images"), ..ImageConfig::default() };
        let deps = ImageDeps { db: db.clone(), clock: clock.clone(), config: image_config };
        let images = Images::new(deps).unwrap();
        let storage = [SimStorage::new(), SimStorage::new()];
        let backend = |at: usize| -> (String, BackendHandle) {
            (BACKENDS[at].to_owned(), Arc::new(storage[at].clone()))
        };
        let volumes = Volumes::new(VolumeDeps {
            db: db.clone(),
            clock: clock.clone(),
            image: images.clone(),
            nodes: nodes.clone(),
            backends: vec![backend(0), backend(1)],
            keyring: Arc::new(SealedKeyring::new(db.clone(), clock, Arc::new(Backwards))),
            config,
        });
        volumes.seed().await.unwrap();
        let policies = Arc::new(Policies::compile(&[kogge_image::RULES, kogge_volume::RULES]).unwrap());
        let door = |service, mount, style, versions| FrontDoor {
            service,
            mount,
            style,
            versions,
            tokens: Arc::new(Personas(Arc::clone(&policies))),
        };
        let volume = door("block-storage", "/volume", FaultStyle::Compute, Some(kogge_volume::versions()));
        let image = door("image", "/image", FaultStyle::Image, None);
        let routers = [
            ("/volume", volume.guard(kogge_volume::routes().into_router(volumes.clone()))),
            ("/image", image.guard(kogge_image::routes().into_router(images.clone()))),
        ];
        let (mut tasks, keyed) = (volumes.tasks(), volumes.keyed_tasks());
        tasks.extend(images.tasks());
        let version = kogge_volume::microversion::MINIMUM.to_string();
        Some(Self { volumes, node, nodes, storage, time, db, tasks, keyed, routers, version, dir })
    }

    /// The same cloud, asked in another microversion.
    pub fn at(&mut self, version: &str) -> &mut Self {
        version.clone_into(&mut self.version);
        self
    }

    /// An image of the member with data.
    pub async fn upload(&self, mut new: Value, data: Vec<u8>) -> String {
        new["disk_format"] = json!("raw");
        new["container_format"] = json!("bare");
        let made = self.call(Persona::Member, "POST", "/image/v2/images", Some(new)).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let request = Request::put(format!("/v2/images/{id}/file"))
            .header("x-auth-token", "member")
            .header("content-type", "application/octet-stream")
            .body(Body::from(data))
            .unwrap();
        let answer = self.routers[1].1.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        id
    }

    /// Sends a request to a service.
    pub async fn call(&self, who: Persona, method: &str, path: &str, body: Option<Value>) -> Answer {
        let (mount, router) =
            self.routers.iter().find(|(mount, _)| path.starts_with(mount)).expect("a service");
        // what clients write as it is, and send in quotes
        let uri = path[mount.len()..].replace('{', "%7B").replace('}', "%7D").replace(' ', "%20");
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "cloud.example")
            .header("x-auth-token", who.token())
            .header("openstack-api-version", format!("volume {}", self.version));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status.as_u16(), body, headers: parts.headers }
    }

    /// A request of this persona to block storage.
    pub async fn ask(&self, who: Persona, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call(who, method, &format!("/volume/v3{path}"), body).await
    }

    /// A request of the member to block storage.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Persona::Member, "GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Persona::Member, "POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Persona::Member, "PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Persona::Member, "DELETE", path, None).await
    }

    /// A request of an admin to block storage.
    pub async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask(Persona::Admin, method, path, body).await
    }

    /// Runs every task until there is nothing left for them to do now.
    pub async fn run(&self) {
        for _ in 0..4 {
            for task in &self.tasks {
                let run = task.run().await;
                assert!(run.is_ok(), "{}: {run:?}", task.name());
            }
            for task in &self.keyed {
                self.run_keyed(&**task).await;
            }
        }
    }

    /// Runs keyed work for what is rung and due; work on one thing may fail, the database does not.
    async fn run_keyed(&self, task: &dyn KeyedTask) {
        let mut keys = task.bells().take().keys;
        keys.extend(task.keys());
        keys.extend(task.due().await.unwrap());
        for key in keys {
            let run = task.run(&key).await;
            let because = run.as_ref().err().map(ToString::to_string).unwrap_or_default();
            assert!(!because.contains("database"), "{} of {key}: {because}", task.name());
        }
    }

    /// Lets time pass, in steps, and runs the tasks after each.
    pub async fn wait(&self, seconds: u64) {
        for _ in 0..seconds.div_ceil(5) {
            self.time.advance(Duration::from_secs(5));
            self.node.tick();
            self.run().await;
        }
    }

    /// A volume of this type and this persona's project, as a row by itself; answers its id.
    pub async fn add_volume(&self, kind: &str, whose: Persona) -> String {
        use kogge_db::{Executor as _, Query};
        let id = kogge_ids::VolumeId::random().to_string();
        let mut tx = self.db.begin().await.unwrap();
        let add = Query::new(
            "INSERT INTO volumes (id, project_id, user_id, name, size_gib, type_id, zone, backend, bootable, multiattach, \
             read_only, metadata, image_metadata, doing, status, made, created_at, due_at) \
             VALUES ($1, $2, $2, '', 1, $3, 'nova', 'memory', FALSE, FALSE, FALSE, '{}', '{}', \
             '{\"what\": \"resting\", \"since\": 0}', 'available', TRUE, 0, 9223372036854775807)",
        );
        tx.execute(add.bind(id.as_str()).bind(whose.project_id()).bind(kind)).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// How many rows a table has where `condition` holds: the query answers `n`.
    pub async fn count(&self, query: &'static str) -> i64 {
        use kogge_db::{Executor as _, Query};
        (&self.db).one(Query::new(query)).await.unwrap().int("n").unwrap()
    }
}
