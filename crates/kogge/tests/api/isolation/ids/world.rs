//! Who asks, what is theirs, and what is not.

use std::collections::BTreeMap;

use http::Method;
use kogge::test_cloud::{Answer, Session, TestCloud};
use kogge_http::RouteInfo;
use serde_json::{Value, json};

use super::places::Place;
use crate::isolation::fixture::{Fixture, UNKNOWN, credentials};

/// One who asks, with own, foreign, shared and external things by kind.
pub(super) struct World {
    /// Who asks.
    pub(super) who: &'static str,
    /// The session of that one.
    pub(super) asker: Session,
    /// What belongs to it.
    pub(super) own: Fixture,
    owner_of_foreign: Session,
    foreign: BTreeMap<&'static str, String>,
    shared: BTreeMap<&'static str, String>,
    external: BTreeMap<&'static str, String>,
    admin: Session,
}

/// The kinds of ids, with another kind to mistake each for.
const KINDS: [(&str, &str); 31] = [
    ("networks", "subnets"),
    ("subnets", "networks"),
    ("ports", "networks"),
    ("server-port", "networks"),
    ("routers", "networks"),
    ("floatingips", "ports"),
    ("security-groups", "networks"),
    ("security-group-rules", "security-groups"),
    ("subnetpools", "address-scopes"),
    ("address-scopes", "subnetpools"),
    ("rbac-policies", "networks"),
    ("images", "networks"),
    ("servers", "images"),
    ("os-server-groups", "servers"),
    ("os-keypairs", "servers"),
    ("flavors", "images"),
    ("projects", "users"),
    ("users", "projects"),
    ("groups", "users"),
    ("roles", "users"),
    ("domains", "users"),
    ("credentials", "users"),
    ("OS-EC2", "credentials"),
    ("application_credentials", "users"),
    ("access_rules", "users"),
    ("volumes", "servers"),
    ("snapshots", "volumes"),
    ("attachments", "volumes"),
    ("backups", "snapshots"),
    ("volume-transfers", "volumes"),
    ("volume-groups", "volumes"),
];

/// Names of the fixture for a second thing of a kind.
fn plain_kind(name: &str) -> &str {
    match name {
        "routed-network" => "networks",
        "routed-subnet" | "public-subnet" => "subnets",
        "routed-port" | "leg" => "ports",
        "routed-router" => "routers",
        "default-group" => "security-groups",
        "members" => "projects",
        "promised" | "offered" => "volumes",
        other => other,
    }
}

impl World {
    /// A member of `demo`; foreign is what belongs to `alt_demo`.
    pub(super) async fn of_member(cloud: &TestCloud) -> Self {
        let admin = cloud.session("kogge-admin").await;
        let (asker, other) = (cloud.session("kogge").await, cloud.session("kogge-alt").await);
        for session in [&asker, &other] {
            unlimited(&admin, session.project_id()).await;
        }
        let mut own = Fixture::of_project(cloud, &asker).await;
        let mut foreign = Fixture::of_project(cloud, &other).await;
        let roles = admin.get("/identity/v3/roles?name=member").await;
        let role = roles.body["roles"][0]["id"].as_str().unwrap().to_owned();
        for (fixture, session, user) in [(&mut own, &asker, "demo"), (&mut foreign, &other, "alt_demo")] {
            fixture.set("users", session.user_id().to_owned());
            fixture.set("projects", session.project_id().to_owned());
            fixture.set("members", session.project_id().to_owned());
            fixture.set("roles", role.clone());
            fixture.password = cloud.cloud.passwords.of(user).to_owned();
            credentials(fixture, session).await;
            policy(fixture, session, &admin).await;
        }
        let flavor = own.flavor.clone();
        own.set("flavors", flavor);
        let foreign_things = foreign.ids().clone();
        let external =
            BTreeMap::from([("networks", own.public.clone()), ("subnets", own.id("public-subnet"))]);
        Self {
            who: "member",
            shared: shared(&admin).await,
            asker,
            own,
            owner_of_foreign: other,
            foreign: without(foreign_things, &["domains", "roles", "flavors", "public-subnet"]),
            external,
            admin,
        }
    }

    /// A manager of the domain `default`; foreign is what belongs to another domain.
    pub(super) async fn of_manager(cloud: &TestCloud) -> Self {
        let admin = cloud.session("kogge-admin").await;
        let mut own = Fixture::of_account(&admin).await;
        let made = admin.post("/identity/v3/domains", json!({"domain": {"name": "elsewhere"}})).await;
        let domain = made.id("domain");
        let mut foreign = BTreeMap::from([("domains", domain.clone())]);
        for (kind, key) in [("users", "user"), ("projects", "project"), ("groups", "group")] {
            let body = json!({ key: {"name": "foreign", "domain_id": domain} });
            foreign.insert(kind, admin.post(&format!("/identity/v3/{kind}"), body).await.id(key));
        }
        let roles = admin.get("/identity/v3/roles").await;
        let role = |name: &str| {
            let roles = roles.body["roles"].as_array().unwrap().iter();
            roles.clone().find(|role| role["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
        };
        own.set("roles", role("member"));
        foreign.insert("roles", role("admin"));
        Self {
            who: "manager",
            asker: cloud.domain_manager().await,
            own,
            owner_of_foreign: admin.clone(),
            foreign,
            shared: BTreeMap::new(),
            external: BTreeMap::new(),
            admin,
        }
    }

    /// Whether this one asks that service.
    pub(super) fn asks(&self, service: &str) -> bool {
        match self.who {
            "manager" => service == "identity",
            _ => service != "placement",
        }
    }

    /// The kind of this name of the fixture or the path, if ids of it are in the matrix.
    pub(super) fn kind(name: &str) -> Option<&'static str> {
        let name = plain_kind(name);
        KINDS.iter().find(|(kind, _)| *kind == name).map(|(kind, _)| *kind)
    }

    /// What the id of something own is the id of.
    pub(super) fn kind_of(&self, id: &str) -> Option<&'static str> {
        if id == UNKNOWN || id.is_empty() {
            return None;
        }
        if id == self.own.project {
            return Some("projects");
        }
        if id == self.own.public {
            return Some("networks");
        }
        if id == self.own.flavor {
            return Some("flavors");
        }
        let mut ids = self.own.ids().iter();
        ids.find(|(_, known)| known.as_str() == id).and_then(|(kind, _)| Self::kind(kind))
    }

    /// Ids of a kind by whose they are; what is own comes last, as it changes the scene.
    pub(super) fn values(&self, place: &Place) -> Vec<(&'static str, String)> {
        let kind = place.kind;
        let mistaken = KINDS.iter().find(|(one, _)| *one == kind).map_or("users", |(_, other)| other);
        let of = |things: &BTreeMap<&'static str, String>| {
            let name = if kind == "server-port" && !things.contains_key(kind) { "ports" } else { kind };
            things.get(name).cloned()
        };
        let found = [
            ("foreign", of(&self.foreign)),
            ("shared", of(&self.shared)),
            ("external", of(&self.external)),
            ("unknown", Some("0f0f0f0f-0000-4000-8000-00000000000f".to_owned())),
            ("mistaken", Some(self.own.id(mistaken))),
            ("own", Some(place.own.clone())),
        ];
        let known = found.into_iter().filter_map(|(whose, id)| id.map(|id| (whose, id)));
        known.filter(|(whose, id)| *whose == "own" || *id != place.own).collect()
    }

    /// The first id of something foreign that stands in an answer. Those of projects and roles are no secret: who
    /// shares names them.
    pub(super) fn leak(&self, body: &Value) -> Option<String> {
        match body {
            Value::String(text) => {
                let mut things = self.foreign.iter();
                let open = ["projects", "members", "roles"];
                things.find(|(kind, id)| *id == text && !open.contains(kind)).map(|(_, id)| id.clone())
            }
            Value::Array(items) => items.iter().find_map(|item| self.leak(item)),
            Value::Object(map) => map.values().find_map(|item| self.leak(item)),
            _ => None,
        }
    }

    /// Makes again what a request took away.
    pub(super) async fn mend(&mut self, cloud: &TestCloud) {
        if self.who == "manager" {
            let role = self.own.id("roles");
            self.own.account(&self.admin).await;
            self.own.set("roles", role);
            return;
        }
        self.own.mend_project(cloud, &self.asker).await;
        credentials(&mut self.own, &self.asker).await;
        policy(&mut self.own, &self.asker, &self.admin).await;
    }

    /// Takes away what a request made.
    pub(super) async fn undo(
        &self,
        cloud: &TestCloud,
        route: &RouteInfo,
        path: &str,
        body: Option<&Value>,
        answer: &Answer,
    ) {
        let session = if self.who == "manager" { &self.admin } else { &self.asker };
        let newest = session.speaking("volume 3.71");
        let session = if path.starts_with("/volume/") { &newest } else { session };
        let reset = match route.path {
            "/v2.0/floatingips/{id}" if route.method == Method::PUT => {
                json!({"floatingip": {"port_id": null}})
            }
            "/v2.0/ports/{id}" if route.method == Method::PUT => json!({"port": {"device_id": ""}}),
            _ => Value::Null,
        };
        if !reset.is_null() {
            session.put(path, reset).await;
        }
        if route.action == Some("os-attach") {
            session.post(path, json!({"os-detach": {}})).await;
        }
        if route.path.ends_with("/add_router_interface") {
            let remove = path.replace("/add_router_interface", "/remove_router_interface");
            session.send(Method::PUT, &remove, body.cloned()).await;
        }
        if route.path.ends_with("/remove_router_interface") {
            let add = path.replace("/remove_router_interface", "/add_router_interface");
            session.put(&add, json!({"subnet_id": self.own.id("routed-subnet")})).await;
        }
        if route.method != Method::POST || route.path.ends_with("/action") {
            return;
        }
        if let Some(port) = answer.body["interfaceAttachment"]["port_id"].as_str() {
            session.delete(&format!("{path}/{port}")).await;
        }
        let made = answer.body.as_object().into_iter().flatten().find_map(|(_, made)| made["id"].as_str());
        if let Some(id) = made.or(answer.body["id"].as_str()) {
            let one = format!("{path}/{id}");
            session.delete(&one).await;
            if route.path == "/v2.1/servers" {
                cloud.until("the server to go", async || session.get(&one).await.status == 404).await;
            }
            if ["/v3/volumes", "/v3/snapshots", "/v3/backups"].contains(&route.path) {
                // what is being made is deleted when it is
                cloud.until("the volume to go", async || session.delete(&one).await.status == 404).await;
            }
        }
    }

    /// What the owner of the foreign things sees of them.
    pub(super) async fn foreign_things(&self) -> BTreeMap<String, u16> {
        let mut found = BTreeMap::new();
        for (kind, id) in &self.foreign {
            let service = match *kind {
                "images" => "/image/v2",
                "servers" | "os-server-groups" | "os-keypairs" => "/compute/v2.1",
                "credentials" => "/identity/v3",
                "networks"
                | "subnets"
                | "ports"
                | "routers"
                | "floatingips"
                | "security-groups"
                | "security-group-rules"
                | "subnetpools"
                | "address-scopes"
                | "rbac-policies" => "/network/v2.0",
                "volumes" | "snapshots" | "attachments" | "backups" | "volume-transfers"
                | "volume-groups" => "/volume/v3",
                _ => continue,
            };
            let collection = if *kind == "volume-groups" { "groups" } else { kind };
            let path = format!("{service}/{collection}/{id}");
            let shown = self.owner_of_foreign.speaking("volume 3.71").get(&path).await;
            found.insert(format!("{path} {}", shown.body), shown.status);
        }
        found
    }
}

fn without(mut things: BTreeMap<&'static str, String>, kinds: &[&str]) -> BTreeMap<&'static str, String> {
    things.retain(|kind, _| !kinds.contains(kind));
    things
}

async fn unlimited(admin: &Session, project: &str) {
    let set = json!({"instances": -1, "cores": -1, "ram": -1, "key_pairs": -1, "server_groups": -1});
    let done = admin.put(&format!("/compute/v2.1/os-quota-sets/{project}"), json!({"quota_set": set})).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let set = json!({"network": -1, "subnet": -1, "port": -1, "router": -1, "floatingip": -1, "subnetpool": -1,
        "security_group": -1, "security_group_rule": -1, "rbac_policy": -1});
    let done = admin.put(&format!("/network/v2.0/quotas/{project}"), json!({"quota": set})).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// A network shared with the project `admin`.
async fn policy(fixture: &mut Fixture, session: &Session, admin: &Session) {
    let path = "/network/v2.0/rbac-policies";
    if session.get(&format!("{path}/{}", fixture.id("rbac-policies"))).await.status == 200 {
        return;
    }
    let policy = json!({"object_type": "network", "object_id": fixture.id("networks"),
        "action": "access_as_shared", "target_tenant": admin.project_id()});
    let made = session.post(path, json!({"rbac_policy": policy})).await;
    fixture.set("rbac-policies", made.id("rbac_policy"));
}

/// What an administrator shares with everybody.
async fn shared(admin: &Session) -> BTreeMap<&'static str, String> {
    let mut shared = BTreeMap::new();
    let made =
        admin.post("/network/v2.0/networks", json!({"network": {"name": "all", "shared": true}})).await;
    let network = made.id("network");
    let subnet = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.66.0.0/24"}});
    shared.insert("subnets", admin.post("/network/v2.0/subnets", subnet).await.id("subnet"));
    shared.insert("networks", network);
    let scope = json!({"address_scope": {"name": "all", "ip_version": 4, "shared": true}});
    let made = admin.post("/network/v2.0/address-scopes", scope).await;
    shared.insert("address-scopes", made.id("address_scope"));
    let pool = json!({"subnetpool": {"name": "all", "prefixes": ["10.65.0.0/16"], "default_prefixlen": 28, "shared": true}});
    shared.insert("subnetpools", admin.post("/network/v2.0/subnetpools", pool).await.id("subnetpool"));
    let image = crate::scene::image(admin, "all").await;
    let patch = br#"[{"op": "replace", "path": "/visibility", "value": "public"}]"#.to_vec();
    let path = format!("/image/v2/images/{image}");
    let kind = Some("application/openstack-images-v2.1-json-patch");
    assert_eq!(admin.send_bytes(Method::PATCH, &path, kind, patch).await.status, 200);
    shared.insert("images", image);
    shared
}
