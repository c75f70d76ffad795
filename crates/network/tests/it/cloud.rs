//! A network service in process, and clients of every persona.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kogge_auth::testing::{Persona, Personas};
use kogge_auth::{Caller, Policies};
use kogge_clock::{Clock, FakeClock, Timestamp};
use kogge_db::Db;
use kogge_http::{FaultStyle, FrontDoor};
use kogge_network::{MIGRATIONS, NetworkConfig, NetworkDeps, Networking, RULE_SET, routes};
use kogge_node_api as node;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Runs a scenario on both databases.
macro_rules! both {
    ($(#[$attr:meta])* $name:ident, $cloud:ident, $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn scenario($cloud: &$crate::cloud::Cloud) $body

            #[tokio::test]
            async fn sqlite() {
                let cloud = $crate::cloud::Cloud::start(false).await.unwrap();
                scenario(&cloud).await;
            }

            #[tokio::test]
            async fn postgres() {
                match $crate::cloud::Cloud::start(true).await {
                    Some(cloud) => scenario(&cloud).await,
                    None => eprintln!("skipped on PostgreSQL: KOGGE_TEST_POSTGRES is not set"),
                }
            }
        }
    };
}
pub(crate) use both;

/// A node that notes what it is told and says that every port is up (or not).
#[derive(Default)]
pub(crate) struct FakeNode {
    /// The whole, after each change.
    pub(crate) told: Mutex<Vec<node::DesiredNetworking>>,
    pub(crate) changes: Mutex<Vec<node::NetworkingChange>>,
    pub(crate) held: Mutex<node::AppliedNetworking>,
    pub(crate) dead: Mutex<bool>,
    pub(crate) down: Mutex<bool>,
}

#[async_trait]
impl node::Node for FakeNode {
    async fn hello(&self, _: node::Hello) -> Result<node::Welcome, node::NodeError> {
        Err(node::NodeError::failed("hello", "not asked for here"))
    }
    async fn facts(&self) -> Result<node::HostFacts, node::NodeError> {
        Err(node::NodeError::failed("facts", "not asked for here"))
    }
    async fn take_command(&self, at_least: node::Epoch) -> Result<node::Epoch, node::NodeError> {
        Ok(at_least)
    }
    async fn apply(
        &self,
        _: node::Epoch,
        _: node::DesiredInstance,
    ) -> Result<node::ObservedInstance, node::NodeError> {
        Err(node::NodeError::failed("apply", "not asked for here"))
    }
    async fn remove(&self, _: node::Epoch, _: kogge_ids::ServerId, _: i64) -> Result<bool, node::NodeError> {
        Ok(true)
    }
    async fn observe_since(
        &self,
        _: Option<node::Cursor>,
        _: std::time::Duration,
    ) -> Result<node::Changes, node::NodeError> {
        Err(node::NodeError::failed("observe_since", "not asked for here"))
    }
    async fn set_aside(
        &self,
        _: node::Epoch,
        _: kogge_ids::ServerId,
        _: node::SetAside,
    ) -> Result<(), node::NodeError> {
        Err(node::NodeError::failed("set_aside", "not asked for here"))
    }
    async fn take_back(&self, _: node::Epoch, _: kogge_ids::ServerId) -> Result<(), node::NodeError> {
        Err(node::NodeError::failed("take_back", "not asked for here"))
    }
    async fn quarantine(&self) -> Result<Vec<node::Quarantined>, node::NodeError> {
        Ok(Vec::new())
    }
    async fn discard(&self, _: node::Epoch, _: kogge_ids::ServerId) -> Result<bool, node::NodeError> {
        Err(node::NodeError::failed("discard", "not asked for here"))
    }
    async fn console_output(
        &self,
        _: kogge_ids::ServerId,
        _: Option<u32>,
    ) -> Result<Vec<u8>, node::NodeError> {
        Ok(Vec::new())
    }
    async fn open_console(
        &self,
        _: kogge_ids::ServerId,
        _: node::ConsoleKind,
    ) -> Result<node::ConsoleStream, node::NodeError> {
        Err(node::NodeError::failed("open_console", "not asked for here"))
    }
    async fn put_image(
        &self,
        _: node::Epoch,
        _: node::ImageHead,
        _: node::Data,
    ) -> Result<(), node::NodeError> {
        Err(node::NodeError::failed("put_image", "not asked for here"))
    }
    async fn export_disk(
        &self,
        _: kogge_ids::ServerId,
        _: &node::Slot,
    ) -> Result<node::DiskCopy, node::NodeError> {
        Err(node::NodeError::failed("export_disk", "not asked for here"))
    }
    async fn apply_networking(
        &self,
        by: node::Epoch,
        change: node::NetworkingChange,
    ) -> Result<node::ObservedNetworking, node::NodeError> {
        if *self.dead.lock().unwrap() {
            return Err(node::NodeError::failed("apply_networking", "the test said so"));
        }
        let up = !*self.down.lock().unwrap();
        let named: Vec<_> = change.put.ports.iter().map(|port| port.id).chain(change.ask.clone()).collect();
        let all = change.repair;
        self.changes.lock().unwrap().push(change.clone());
        let mut held = self.held.lock().unwrap();
        held.take(by, change);
        let desired = held.held.desired();
        let spoken_of = desired.ports.iter().filter(|port| all || named.contains(&port.id));
        let ports =
            spoken_of.map(|port| node::ObservedPort { id: port.id, up: up && port.admin_up }).collect();
        self.told.lock().unwrap().push(desired);
        Ok(node::ObservedNetworking { generation: held.answer(), ports })
    }
}

pub(crate) struct Cloud {
    pub(crate) net: Networking,
    /// That of the first host.
    pub(crate) node: Arc<FakeNode>,
    pub(crate) hosts: [(String, Arc<FakeNode>); 2],
    /// Its clock, which stands still by itself.
    pub(crate) time: FakeClock,
    policies: Arc<Policies>,
    app: axum::Router,
    _dir: tempfile::TempDir,
}

impl Cloud {
    pub(crate) async fn start(postgres: bool) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
        let (clock, time) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
        db.migrate(&[MIGRATIONS], &clock).await.unwrap();
        let nodes = node::Nodes::new();
        let node = Arc::new(FakeNode::default());
        let hosts = [("host-1".to_owned(), Arc::clone(&node)), ("host-2".to_owned(), Arc::default())];
        hosts.iter().for_each(|(host, node)| nodes.insert(host, Arc::clone(node) as node::NodeHandle));
        let config = NetworkConfig::default();
        let net = Networking::new(NetworkDeps { db, clock, nodes, config });
        net.seed(&Persona::Admin.project_id()).await.unwrap();
        let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
        let door = FrontDoor {
            service: "network",
            mount: "/network",
            style: FaultStyle::Network,
            versions: None,
            tokens: Arc::new(Personas(Arc::clone(&policies))),
        };
        let app = door.guard(routes().into_router(net.clone()));
        Some(Self { net, node, hosts, time, policies, app, _dir: dir })
    }

    /// What a process that begins anew would tell a host: the whole, as the database has it.
    pub(crate) async fn whole(&self, host: &str) -> node::DesiredNetworking {
        let nodes = node::Nodes::new();
        nodes.set_elsewhere(self.hosts.iter().map(|(host, _)| host.clone()).collect());
        let fresh = Arc::new(FakeNode::default());
        nodes.insert(host, Arc::clone(&fresh) as node::NodeHandle);
        let (clock, _) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
        let config = NetworkConfig::default();
        let net = Networking::new(NetworkDeps { db: self.net.db().clone(), clock, nodes, config });
        net.sync_host(host).await.unwrap();
        let told = fresh.told.lock().unwrap();
        told.last().cloned().unwrap()
    }

    /// Does the work of the background until nothing is left of it.
    pub(crate) async fn settle(&self) {
        let [converge, sort] = &self.net.keyed_tasks()[..] else { panic!("two tasks") };
        for _ in 0..2 {
            sort.run("here").await.unwrap();
            for host in converge.due().await.unwrap() {
                converge.run(&host).await.unwrap();
            }
        }
    }

    pub(crate) fn caller(&self, persona: Persona) -> Caller {
        persona.caller(&self.policies)
    }

    pub(crate) async fn send(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header("host", "cloud");
        if let Some(token) = token {
            request = request.header("x-auth-token", token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(Value::String(raw)) => axum::body::Body::from(raw),
            Some(value) => axum::body::Body::from(value.to_string()),
            None => axum::body::Body::empty(),
        };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn call(&self, who: Persona, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method: Method = method.parse().unwrap();
        let body = (!body.is_null()).then_some(body);
        let (status, body) = self.send(Some(who.token()), method, &format!("/v2.0{path}"), &[], body).await;
        (status.as_u16(), body)
    }

    /// As the member; the answer must have this status.
    pub(crate) async fn ok(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        self.ok_as(Persona::Member, status, method, path, body).await
    }

    pub(crate) async fn ok_as(
        &self,
        who: Persona,
        status: u16,
        method: &str,
        path: &str,
        body: Value,
    ) -> Value {
        let (found, answer) = self.call(who, method, path, body.clone()).await;
        assert_eq!(found, status, "{method} {path} {body} → {answer}");
        answer
    }

    /// As the member; the answer must be this fault.
    pub(crate) async fn fault(
        &self,
        status: u16,
        name: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> String {
        self.fault_as(Persona::Member, status, name, method, path, body).await
    }

    pub(crate) async fn fault_as(
        &self,
        who: Persona,
        status: u16,
        name: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> String {
        let (found, answer) = self.call(who, method, path, body.clone()).await;
        let error = &answer["NeutronError"];
        assert_eq!(
            (found, error["type"].as_str().unwrap_or("")),
            (status, name),
            "{method} {path} {body} → {answer}"
        );
        assert_eq!(error["detail"], "");
        error["message"].as_str().unwrap().to_owned()
    }

    /// Creates one thing as the member and answers it.
    pub(crate) async fn make(&self, kind: &str, body: Value) -> Value {
        self.make_as(Persona::Member, kind, body).await
    }

    pub(crate) async fn make_as(&self, who: Persona, kind: &str, body: Value) -> Value {
        let path = match kind {
            "security_group" => "/security-groups".to_owned(),
            "security_group_rule" => "/security-group-rules".to_owned(),
            _ => format!("/{kind}s"),
        };
        self.ok_as(who, 201, "POST", &path, json!({ kind: body })).await[kind].take()
    }

    pub(crate) async fn network(&self) -> String {
        id(&self.make("network", json!({"name": "n"})).await)
    }

    pub(crate) async fn subnet(&self, network: &str, cidr: &str) -> Value {
        let version = if cidr.contains(':') { 6 } else { 4 };
        self.make("subnet", json!({"network_id": network, "cidr": cidr, "ip_version": version})).await
    }

    /// A network with subnet behind a router that leads out: (network, subnet, router, external network).
    pub(crate) async fn routed(&self, cidr: &str) -> (String, String, String, String) {
        let external = self.external().await;
        let network = self.network().await;
        let subnet = id(&self.subnet(&network, cidr).await);
        let router = self.make("router", json!({"external_gateway_info": {"network_id": external}})).await;
        let router = id(&router);
        let path = format!("/routers/{router}/add_router_interface");
        self.ok(200, "PUT", &path, json!({"subnet_id": subnet})).await;
        (network, subnet, router, external)
    }

    pub(crate) async fn external(&self) -> String {
        let list = self.ok(200, "GET", "/networks?router:external=true", Value::Null).await;
        id(&list["networks"][0])
    }
}

/// The id of a thing.
pub(crate) fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing}")).to_owned()
}

/// The first address of a port.
pub(crate) fn address(port: &Value) -> String {
    port["fixed_ips"][0]["ip_address"].as_str().unwrap_or_else(|| panic!("no address in {port}")).to_owned()
}

/// The items of a list, sorted out by a key.
pub(crate) fn column(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
}
