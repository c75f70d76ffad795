//! A cloud in a process: image, network, placement and compute on one database, a simulated node, personas for
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
use kogge_compute::{Compute, ComputeConfig, ComputeDeps, ConfiguredFlavor};
use kogge_db::Db;
use kogge_http::{FaultStyle, FrontDoor};
use kogge_image::{ImageConfig, ImageDeps, Images};
use kogge_network::{NetworkConfig, NetworkDeps, Networking};
use kogge_node_api::Nodes;
use kogge_node_sim::{SimConfig, SimNode};
use kogge_placement::Placement;
use kogge_storage::SimStorage;
use kogge_task::{KeyedTask, Task};
use kogge_volume::{SealedKeyring, VolumeConfig, VolumeDeps, Volumes};
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
                let Some(cloud) = Cloud::with(kogge_node_sim::SimConfig::new("sim1"), true).await else {
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

/// All that tenants read where no host took a server.
pub const NOWHERE: &str = "No valid host was found.";

pub struct Cloud {
    pub compute: Compute,
    pub node: SimNode,
    pub storage: SimStorage,
    pub nodes: Nodes,
    pub time: FakeClock,
    clock: Clock,
    pub db: Db,
    pub image: String,
    pub network: String,
    tasks: Vec<Arc<dyn Task>>,
    keyed: Vec<Arc<dyn KeyedTask>>,
    image_tasks: Vec<Arc<dyn Task>>,
    routers: [(&'static str, Router); 4],
    version: String,
    dir: tempfile::TempDir,
}

/// A seal that tests can see through: the text backwards.
struct Backwards;

impl kogge_compute::Seal for Backwards {
    fn seal(&self, clear: &str) -> String {
        format!("sealed:{}", clear.chars().rev().collect::<String>())
    }

    fn open(&self, sealed: &str) -> Option<String> {
        Some(sealed.strip_prefix("sealed:")?.chars().rev().collect())
    }
}

/// The flavors of tests besides the standard ones.
fn flavors() -> Vec<ConfiguredFlavor> {
    let flavor = |name: &str, ram_mib, disk_gib| ConfiguredFlavor {
        name: name.to_owned(),
        id: None,
        vcpus: 1,
        ram_mib,
        disk_gib,
        extra_specs: [("hw_rng:allowed".to_owned(), "true".to_owned())].into(),
    };
    vec![flavor("small", 512, 1), flavor("large", 2048, 4), flavor("wide", 1024, 1)]
}

impl Cloud {
    /// A cloud on SQLite with a host that has room for thousands.
    pub async fn start() -> Self {
        Self::with(SimConfig::new("sim1"), false).await.expect("SQLite")
    }

    /// A cloud on this host; `None` where PostgreSQL is wanted and there is none.
    pub async fn with(config: SimConfig, postgres: bool) -> Option<Self> {
        Self::set(config, postgres, |_| ()).await
    }

    /// As [`Cloud::with`], with these settings.
    pub async fn set(
        config: SimConfig,
        postgres: bool,
        settings: impl FnOnce(&mut ComputeConfig),
    ) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
        let (clock, time) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
        let migrations = [
            kogge_image::MIGRATIONS,
            kogge_network::MIGRATIONS,
            kogge_placement::MIGRATIONS,
            kogge_volume::MIGRATIONS,
            kogge_compute::MIGRATIONS,
        ];
        db.migrate(&migrations, &clock).await.unwrap();
        let node = SimNode::new(config, clock.clone());
        let nodes = Nodes::new();
        nodes.insert("sim1", Arc::new(node.clone()));
        let config = ImageConfig { data_dir: dir.path().join("images"), ..ImageConfig::default() };
        let images = Images::new(ImageDeps { db: db.clone(), clock: clock.clone(), config }).unwrap();
        let networking = Networking::new(NetworkDeps {
            db: db.clone(),
            clock: clock.clone(),
            nodes: nodes.clone(),
            config: NetworkConfig::default(),
        });
        let seal: Arc<dyn kogge_compute::Seal> = Arc::new(Backwards);
        let storage = SimStorage::new();
        let backend: kogge_storage::BackendHandle = Arc::new(storage.clone());
        let volume = Volumes::new(VolumeDeps {
            db: db.clone(),
            clock: clock.clone(),
            image: images.clone(),
            nodes: nodes.clone(),
            backends: vec![("memory".to_owned(), backend)],
            keyring: Arc::new(SealedKeyring::new(db.clone(), clock.clone(), Arc::clone(&seal))),
            config: VolumeConfig::default(),
        });
        volume.seed().await.unwrap();
        let mut config = ComputeConfig { flavors: flavors(), ..ComputeConfig::default() };
        settings(&mut config);
        let compute = Compute::new(ComputeDeps {
            db: db.clone(),
            clock: clock.clone(),
            image: images.clone(),
            network: networking.clone(),
            placement: Placement::new(db.clone(), clock.clone()),
            nodes: nodes.clone(),
            volume: volume.clone(),
            seal,
            config,
        });
        compute.seed().await.unwrap();
        let sets = [kogge_image::RULES, kogge_network::RULE_SET, kogge_volume::RULES, kogge_compute::RULES];
        let policies = Arc::new(Policies::compile(&sets).unwrap());
        let door = |service, mount, style, versions| FrontDoor {
            service,
            mount,
            style,
            versions,
            tokens: Arc::new(Personas(Arc::clone(&policies))),
        };
        let routers = [
            (
                "/compute",
                door("compute", "/compute", FaultStyle::Compute, Some(kogge_compute::versions()))
                    .guard(kogge_compute::routes().into_router(compute.clone())),
            ),
            (
                "/image",
                door("image", "/image", FaultStyle::Image, None)
                    .guard(kogge_image::routes().into_router(images.clone())),
            ),
            (
                "/network",
                door("network", "/network", FaultStyle::Network, None)
                    .guard(kogge_network::routes().into_router(networking)),
            ),
            (
                "/volume",
                door("block-storage", "/volume", FaultStyle::Compute, Some(kogge_volume::versions()))
                    .guard(kogge_volume::routes().into_router(volume.clone())),
            ),
        ];
        let (tasks, mut keyed, image_tasks) = (compute.tasks(), compute.keyed_tasks(), images.tasks());
        keyed.extend(volume.keyed_tasks());
        let mut cloud = Self {
            compute,
            node,
            storage,
            nodes,
            time,
            clock,
            db,
            image: String::new(),
            network: String::new(),
            tasks,
            keyed,
            image_tasks,
            routers,
            version: "2.1".to_owned(),
            dir,
        };
        cloud.image = cloud.make_image().await;
        cloud.network = cloud.make_network("net", "10.1.0.0/24").await;
        cloud.run().await;
        Some(cloud)
    }

    /// Another host joins.
    pub async fn add_host(&self, config: SimConfig) -> SimNode {
        let name = config.facts.name.clone();
        let node = SimNode::new(config, self.clock.clone());
        self.nodes.insert(&name, Arc::new(node.clone()));
        self.run().await;
        node
    }

    /// The same cloud, asked in another microversion.
    pub fn at(&mut self, version: &str) -> &mut Self {
        version.clone_into(&mut self.version);
        self
    }

    async fn make_image(&self) -> String {
        self.upload(json!({"name": "tiny", "hw_disk_bus": "scsi"})).await
    }

    /// An image of the member with data.
    pub async fn upload(&self, mut new: Value) -> String {
        new["disk_format"] = json!("raw");
        new["container_format"] = json!("bare");
        let made = self.call(Persona::Member, "POST", "/image/v2/images", Some(new)).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let request = Request::put(format!("/v2/images/{id}/file"))
            .header("x-auth-token", "member")
            .header("content-type", "application/octet-stream")
            .body(Body::from(vec![7_u8; 65_536]))
            .unwrap();
        let answer = self.routers[1].1.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        id
    }

    /// Changes an image of the member by a patch.
    pub async fn patch_image(&self, id: &str, patch: Value) {
        let request = Request::patch(format!("/v2/images/{id}"))
            .header("x-auth-token", "member")
            .header("content-type", "application/openstack-images-v2.1-json-patch")
            .body(Body::from(patch.to_string()))
            .unwrap();
        let answer = self.routers[1].1.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// A network with a subnet, of the member's project.
    pub async fn make_network(&self, name: &str, cidr: &str) -> String {
        let body = json!({"network": {"name": name}});
        let made = self.call(Persona::Member, "POST", "/network/v2.0/networks", Some(body)).await.expect(201);
        let id = made["network"]["id"].as_str().unwrap().to_owned();
        let body = json!({"subnet": {"network_id": id, "cidr": cidr, "ip_version": 4}});
        self.call(Persona::Member, "POST", "/network/v2.0/subnets", Some(body)).await.expect(201);
        id
    }

    /// Sends a request.
    pub async fn call(&self, who: Persona, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(who.token(), method, path, body).await
    }

    /// Sends a request with any token.
    pub async fn call_with(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(token, &format!("compute {}", self.version), method, path, body).await
    }

    /// A request of the member to block storage, in this microversion.
    pub async fn volume_at(&self, version: &str, path: &str, body: Value) -> Answer {
        let path = format!("/volume/v3{path}");
        self.send(Persona::Member.token(), &format!("volume {version}"), "POST", &path, Some(body)).await
    }

    async fn send(
        &self,
        token: &str,
        version: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let (mount, router) =
            self.routers.iter().find(|(mount, _)| path.starts_with(mount)).expect("a service");
        let mut request = Request::builder()
            .method(method)
            .uri(&path[mount.len()..])
            .header("host", "cloud.example")
            .header("x-auth-token", token)
            .header("openstack-api-version", version);
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

    /// A request of the member to compute.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Persona::Member, "GET", &format!("/compute/v2.1{path}"), None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Persona::Member, "POST", &format!("/compute/v2.1{path}"), Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Persona::Member, "PUT", &format!("/compute/v2.1{path}"), Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Persona::Member, "DELETE", &format!("/compute/v2.1{path}"), None).await
    }

    /// A request of an admin to compute.
    pub async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call(Persona::Admin, method, &format!("/compute/v2.1{path}"), body).await
    }

    /// The body of a new server.
    pub fn server(&self, extra: &Value) -> Value {
        let mut server = json!({
            "name": "web",
            "flavorRef": "small",
            "imageRef": self.image,
            "networks": [{"uuid": self.network}],
        });
        for (key, value) in extra.as_object().unwrap() {
            server[key] = value.clone();
        }
        json!({ "server": server })
    }

    /// Asks for a server; answers its id.
    pub async fn create(&self, extra: Value) -> String {
        let made = self.post("/servers", self.server(&extra)).await.expect(202);
        made["server"]["id"].as_str().unwrap().to_owned()
    }

    /// Asks for a server of a group; answers its id.
    pub async fn create_in(&self, group: &str, extra: Value) -> String {
        let mut body = self.server(&extra);
        body["os:scheduler_hints"] = json!({ "group": group });
        self.post("/servers", body).await.expect(202)["server"]["id"].as_str().unwrap().to_owned()
    }

    /// Host of a server, as admins see it; empty without one.
    pub async fn host_of(&self, id: &str) -> String {
        let server = self.admin("GET", &format!("/servers/{id}"), None).await.expect(200);
        server["server"]["OS-EXT-SRV-ATTR:host"].as_str().unwrap_or("").to_owned()
    }

    /// An image of the member.
    pub async fn image_of(&self, id: &str) -> Answer {
        self.call(Persona::Member, "GET", &format!("/image/v2/images/{id}"), None).await
    }

    /// Ids and names of the member's images.
    pub async fn images(&self) -> Vec<(String, String)> {
        let list = self.call(Persona::Member, "GET", "/image/v2/images", None).await.expect(200);
        let text = |image: &Value, key: &str| image[key].as_str().unwrap().to_owned();
        list["images"]
            .as_array()
            .unwrap()
            .iter()
            .map(|image| (text(image, "id"), text(image, "name")))
            .collect()
    }

    /// Why a server is broken, as admins read it.
    pub async fn fault_details(&self, id: &str) -> String {
        let server = self.admin("GET", &format!("/servers/{id}"), None).await.expect(200);
        server["server"]["fault"]["details"].as_str().unwrap_or("").to_owned()
    }

    /// Asks for a server and waits until it is active.
    pub async fn boot(&self, extra: Value) -> String {
        let id = self.create(extra).await;
        self.run().await;
        assert_eq!(self.status(&id).await, "ACTIVE", "{}", self.show(&id).await);
        id
    }

    /// An action on a server.
    pub async fn action(&self, id: &str, body: Value) -> Answer {
        self.post(&format!("/servers/{id}/action"), body).await
    }

    pub async fn show(&self, id: &str) -> Value {
        self.get(&format!("/servers/{id}")).await.expect(200)["server"].clone()
    }

    pub async fn status(&self, id: &str) -> String {
        self.show(id).await["status"].as_str().unwrap().to_owned()
    }

    /// Runs every task until there is nothing left for them to do now. No run about the whole cloud fails, whatever
    /// happens to one server; a run of a host fails with its host only.
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

    /// Runs the first tasks once: placing, converging and the others in their order.
    pub async fn run_first(&self, tasks: usize) {
        for task in self.tasks.iter().take(tasks) {
            task.run().await.unwrap();
        }
        for task in self.keyed.iter().take(tasks.saturating_sub(self.tasks.len())) {
            self.run_keyed(&**task).await;
        }
    }

    /// Runs keyed work for all hosts, and for what is rung and due.
    async fn run_keyed(&self, task: &dyn KeyedTask) {
        let mut keys = task.bells().take().keys;
        keys.extend(task.keys());
        keys.extend(task.due().await.unwrap());
        for key in keys {
            let run = task.run(&key).await;
            let because = run.as_ref().err().map(ToString::to_string).unwrap_or_default();
            // a host may fail; the database does not
            assert!(!because.contains("database"), "{} of {key}: {because}", task.name());
        }
    }

    /// Names of the files that the image service keeps, after it threw away what nobody needs.
    pub async fn image_files(&self) -> Vec<String> {
        let files = || std::fs::read_dir(self.dir.path().join("images/data")).unwrap().map(Result::unwrap);
        for file in files() {
            // what is old enough to be nobody's work in progress
            let file = std::fs::File::options().write(true).open(file.path()).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            file.set_modified(modified - Duration::from_secs(7200)).unwrap();
        }
        for task in &self.image_tasks {
            task.run().await.unwrap();
        }
        files().map(|file| file.file_name().into_string().unwrap()).collect()
    }

    /// Lets time pass, in steps, and runs the tasks after each.
    pub async fn wait(&self, seconds: u64) {
        for _ in 0..seconds.div_ceil(5) {
            self.time.advance(Duration::from_secs(5));
            self.node.tick();
            self.run().await;
        }
    }

    /// How many rows a table has where `condition` holds.
    pub async fn count(&self, query: &'static str) -> i64 {
        use kogge_db::{Executor as _, Query};
        (&self.db).one(Query::new(query)).await.unwrap().int("n").unwrap()
    }

    /// Asserts that all that is counted is counted right.
    pub async fn assert_counts(&self) {
        let none: Vec<String> = Vec::new();
        assert_eq!(kogge_compute::miscounted(&self.db).await.unwrap(), none);
        assert_eq!(kogge_network::miscounted(&self.db).await.unwrap(), none);
        assert_eq!(kogge_placement::miscounted(&self.db).await.unwrap(), none);
    }

    /// Asserts that nothing is left of any server.
    pub async fn assert_clean(&self) {
        assert!(self.node.instance_ids().is_empty(), "instances left: {:?}", self.node.instance_ids());
        assert_eq!(self.count("SELECT COUNT(*) AS n FROM servers WHERE deleted_at IS NULL").await, 0);
        assert_eq!(
            self.count("SELECT COUNT(*) AS n FROM ports WHERE device_owner LIKE 'compute:%'").await,
            0
        );
        assert_eq!(self.count("SELECT COUNT(*) AS n FROM allocations").await, 0);
        assert_eq!(self.count("SELECT COUNT(*) AS n FROM server_group_members").await, 0);
        self.assert_counts().await;
    }
}
