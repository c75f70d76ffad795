//! One of everything, belonging to one project: `demo`, where nothing else is said.

use std::collections::BTreeMap;

use kogge::cloud::Door;
use kogge::test_cloud::{Session, TestCloud};
use serde_json::{Value, json};

use crate::scene;

/// The collections whose members in the fixture belong to `demo`.
const OWNED: [&str; 23] = [
    "servers",
    "os-server-groups",
    "images",
    "networks",
    "subnets",
    "ports",
    "routers",
    "floatingips",
    "security-groups",
    "security-group-rules",
    "subnetpools",
    "address-scopes",
    "rbac-policies",
    "os-networks",
    "os-tenant-networks",
    "os-floating-ips",
    "volumes",
    "snapshots",
    "group_snapshots",
    "backups",
    "attachments",
    "os-volume-transfer",
    "volume-transfers",
];

/// The id of nothing.
pub(crate) const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// A group of block storage; those of identity have another parameter.
const GROUP_OF_VOLUMES: &str = "/v3/groups/{id}";

/// Password of the user that may be changed and deleted.
const PASSWORD: &str = "the-password-of-a-victim";

/// Ids by the name of the collection in a path.
#[derive(Clone)]
pub(crate) struct Fixture {
    ids: BTreeMap<&'static str, String>,
    /// The project that all of it belongs to.
    pub(crate) project: String,
    /// The external network.
    pub(crate) public: String,
    /// A flavor that servers of the fixture have.
    pub(crate) flavor: String,
    /// The password of the user.
    pub(crate) password: String,
}

impl Fixture {
    /// All of it, for the project of `demo`, with an account and a flavor that may be changed and deleted.
    pub(crate) async fn make(cloud: &TestCloud, demo: &Session) -> Self {
        let mut fixture = Self::empty(demo).await;
        fixture.mend(cloud, demo).await;
        fixture
    }

    /// What belongs to the project of a session, without account.
    pub(crate) async fn of_project(cloud: &TestCloud, session: &Session) -> Self {
        let mut fixture = Self::empty(session).await;
        fixture.mend_project(cloud, session).await;
        fixture
    }

    /// An account and nothing else.
    pub(crate) async fn of_account(admin: &Session) -> Self {
        let mut fixture = Self::empty(admin).await;
        fixture.account(admin).await;
        fixture
    }

    /// One that has nothing: all its ids are unknown.
    pub(crate) fn nothing() -> Self {
        let text = || UNKNOWN.to_owned();
        Self { ids: BTreeMap::new(), project: text(), public: text(), flavor: text(), password: text() }
    }

    async fn empty(demo: &Session) -> Self {
        let public = demo.get("/network/v2.0/networks?router:external=true").await;
        let public = public.body["networks"][0].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let key = format!("key-of-{}", demo.user_id());
        let ids = BTreeMap::from([
            ("domains", "default".to_owned()),
            ("os-keypairs", key),
            ("public-subnet", text(&public["subnets"][0])),
        ]);
        Self {
            ids,
            project: demo.project_id().to_owned(),
            public: text(&public["id"]),
            flavor: String::new(),
            password: PASSWORD.to_owned(),
        }
    }

    /// Makes again what is missing.
    pub(crate) async fn mend(&mut self, cloud: &TestCloud, demo: &Session) {
        self.account(&cloud.session("kogge-admin").await).await;
        self.mend_project(cloud, demo).await;
        self.sharing(demo).await;
    }

    /// As [`Fixture::mend`], of what belongs to the project.
    pub(crate) async fn mend_project(&mut self, cloud: &TestCloud, demo: &Session) {
        self.network(demo).await;
        self.pool(demo).await;
        self.router(demo).await;
        self.group(demo).await;
        if self.missing(demo, "images", "/image/v2/images").await {
            self.ids.insert("images", scene::image(demo, "image").await);
        }
        let key = json!({"keypair": {"name": self.id("os-keypairs")}});
        demo.post("/compute/v2.1/os-keypairs", key).await;
        if self.missing(demo, "os-server-groups", "/compute/v2.1/os-server-groups").await {
            let group = json!({"server_group": {"name": "g", "policies": ["affinity"]}});
            let made = demo.post("/compute/v2.1/os-server-groups", group).await;
            self.ids.insert("os-server-groups", made.id("server_group"));
        }
        self.flavor = scene::flavor(demo, "SCS-1L-1-5").await;
        self.server(cloud, demo).await;
        self.volume(cloud, demo).await;
    }

    /// A volume with a snapshot, and another one that is promised.
    async fn volume(&mut self, cloud: &TestCloud, demo: &Session) {
        const ALL: &str = "/volume/v3/volumes";
        let newest = demo.speaking("volume 3.71");
        if !self.ids.contains_key("volumes") {
            let admin = cloud.session("kogge-admin").await;
            let all = json!({"volumes": -1, "snapshots": -1, "gigabytes": -1, "backups": -1, "groups": -1,
                "backup_gigabytes": -1});
            let path = format!("/volume/v3/os-quota-sets/{}", demo.project_id());
            let done = admin.put(&path, json!({"quota_set": all})).await;
            assert_eq!(done.status, 200, "{}", done.body);
        }
        for kind in ["volumes", "promised"] {
            let idle = if kind == "volumes" { "available" } else { "reserved" };
            let known = newest.get(&format!("{ALL}/{}", self.id(kind))).await;
            if known.body["volume"]["status"] == idle && known.body["volume"]["size"] == 1 {
                continue;
            }
            open_backend(cloud).await;
            let made = newest.post(ALL, json!({"volume": {"size": 1, "name": kind}})).await;
            let id = made.id("volume");
            let path = format!("{ALL}/{id}");
            let whole = async || newest.get(&path).await.body["volume"]["status"] == "available";
            cloud.until("the volume to be made", whole).await;
            self.ids.insert(kind, id);
        }
        if self.missing(&newest, "attachments", "/volume/v3/attachments").await {
            let tie = json!({"attachment": {"volume_uuid": self.id("promised"), "instance_uuid": UNKNOWN}});
            let made = newest.post("/volume/v3/attachments", tie).await;
            self.ids.insert("attachments", made.id("attachment"));
        }
        if self.missing(&newest, "snapshots", "/volume/v3/snapshots").await {
            let snapshot = json!({"snapshot": {"volume_id": self.id("volumes"), "name": "s"}});
            let id = newest.post("/volume/v3/snapshots", snapshot).await.id("snapshot");
            let path = format!("/volume/v3/snapshots/{id}");
            let whole = async || newest.get(&path).await.body["snapshot"]["status"] == "available";
            cloud.until("the snapshot to be made", whole).await;
            self.ids.insert("snapshots", id);
        }
        if self.missing(&newest, "backups", "/volume/v3/backups").await {
            let backup =
                json!({"backup": {"snapshot_id": self.id("snapshots"), "volume_id": self.id("volumes")}});
            let id = newest.post("/volume/v3/backups", backup).await.id("backup");
            let path = format!("/volume/v3/backups/{id}");
            let whole = async || newest.get(&path).await.body["backup"]["status"] == "available";
            cloud.until("the backup to be made", whole).await;
            self.ids.insert("backups", id);
        }
        self.offer(cloud, &newest).await;
        self.group_of_volumes(cloud, &newest).await;
        if self.missing(&newest, "group_snapshots", "/volume/v3/group_snapshots").await {
            let new = json!({"group_snapshot": {"group_id": self.id("volume-groups")}});
            let made = newest.post("/volume/v3/group_snapshots", new).await;
            self.ids.insert("group_snapshots", made.id("group_snapshot"));
        }
    }

    /// A volume that is offered to whoever knows its key.
    async fn offer(&mut self, cloud: &TestCloud, demo: &Session) {
        if !self.missing(demo, "volume-transfers", "/volume/v3/volume-transfers").await {
            return;
        }
        open_backend(cloud).await;
        let mut volume = self.id("offered");
        if demo.get(&format!("/volume/v3/volumes/{volume}")).await.status != 200 {
            volume = demo.post("/volume/v3/volumes", json!({"volume": {"size": 1}})).await.id("volume");
        }
        let path = format!("/volume/v3/volumes/{volume}");
        let whole = async || demo.get(&path).await.body["volume"]["status"] == "available";
        cloud.until("the volume to be free", whole).await;
        let made = demo.post("/volume/v3/volume-transfers", json!({"transfer": {"volume_id": volume}})).await;
        self.ids.insert("offered", volume);
        self.ids.insert("volume-transfers", made.id("transfer"));
    }

    /// A group without volumes, of a type that stays.
    async fn group_of_volumes(&mut self, cloud: &TestCloud, demo: &Session) {
        if !self.missing(demo, "volume-groups", "/volume/v3/groups").await {
            return;
        }
        open_backend(cloud).await;
        let admin = cloud.session("kogge-admin").await.speaking("volume 3.71");
        let kind = admin.post("/volume/v3/group_types", json!({"group_type": {"name": "kept"}})).await;
        assert!([202, 409].contains(&kind.status), "{kind:?}");
        let group = json!({"group": {"group_type": "kept", "volume_types": ["__DEFAULT__"]}});
        let id = demo.post("/volume/v3/groups", group).await.id("group");
        let path = format!("/volume/v3/groups/{id}");
        let whole = async || demo.get(&path).await.body["group"]["status"] == "available";
        cloud.until("the group to be made", whole).await;
        self.ids.insert("volume-groups", id);
    }

    /// A user, a group, a role, a project and a flavor that nobody uses: they may be deleted.
    pub(crate) async fn account(&mut self, admin: &Session) {
        if self.missing(admin, "flavors", "/compute/v2.1/flavors").await {
            let flavor = json!({"flavor": {"name": "SCS-2C-3", "ram": 3072, "vcpus": 2, "disk": 0}});
            self.ids.insert("flavors", admin.post("/compute/v2.1/flavors", flavor).await.id("flavor"));
        }
        let storage = admin.speaking("volume 3.71");
        for (kind, one, body) in [
            ("types", "volume_type", json!({"volume_type": {"name": "victim"}})),
            ("group_types", "group_type", json!({"group_type": {"name": "victim"}})),
            ("qos-specs", "qos_specs", json!({"qos_specs": {"name": "victim", "total_iops_sec": "9"}})),
        ] {
            let path = format!("/volume/v3/{kind}");
            if self.missing(&storage, kind, &path).await {
                self.ids.insert(kind, storage.post(&path, body).await.id(one));
            }
        }
        let named = |more: Value| {
            let mut body = json!({"name": "victim"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (kind, key, body) in [
            ("users", "user", named(json!({"domain_id": "default", "password": self.password}))),
            ("projects", "project", named(json!({"domain_id": "default"}))),
            ("groups", "group", named(json!({"domain_id": "default"}))),
            ("roles", "role", named(json!({}))),
        ] {
            let path = format!("/identity/v3/{kind}");
            if self.missing(admin, kind, &path).await {
                let made = admin.post(&path, Value::from_iter([(key.to_owned(), body)])).await;
                self.ids.insert(kind, made.id(key));
            }
        }
    }

    /// What the project shows to another one: a network by a policy, an image by a membership.
    async fn sharing(&mut self, demo: &Session) {
        let target = self.id("projects");
        self.ids.insert("members", target.clone());
        demo.post(&format!("/image/v2/images/{}/members", self.id("images")), json!({"member": target}))
            .await;
        if self.missing(demo, "rbac-policies", "/network/v2.0/rbac-policies").await {
            let policy = json!({"object_type": "network", "object_id": self.id("networks"),
                "action": "access_as_shared", "target_tenant": target});
            let made = demo.post("/network/v2.0/rbac-policies", json!({"rbac_policy": policy})).await;
            self.ids.insert("rbac-policies", made.id("rbac_policy"));
        }
    }

    async fn pool(&mut self, demo: &Session) {
        if self.missing(demo, "address-scopes", "/network/v2.0/address-scopes").await {
            let scope = json!({"address_scope": {"name": "s", "ip_version": 4}});
            let made = demo.post("/network/v2.0/address-scopes", scope).await;
            self.ids.insert("address-scopes", made.id("address_scope"));
        }
        if self.missing(demo, "subnetpools", "/network/v2.0/subnetpools").await {
            let pool =
                json!({"subnetpool": {"name": "p", "prefixes": ["10.100.0.0/16"], "default_prefixlen": 24}});
            let made = demo.post("/network/v2.0/subnetpools", pool).await;
            self.ids.insert("subnetpools", made.id("subnetpool"));
        }
    }

    async fn missing(&self, demo: &Session, kind: &str, path: &str) -> bool {
        let Some(id) = self.ids.get(kind) else { return true };
        demo.get(&format!("{path}/{id}")).await.status != 200
    }

    async fn network(&mut self, demo: &Session) {
        if self.missing(demo, "networks", "/network/v2.0/networks").await {
            let made = demo.post("/network/v2.0/networks", json!({"network": {"name": "n"}})).await;
            self.ids.insert("networks", made.id("network"));
        }
        if self.missing(demo, "subnets", "/network/v2.0/subnets").await {
            let subnet = json!({"network_id": self.id("networks"), "ip_version": 4, "cidr": "10.9.0.0/24"});
            let made = demo.post("/network/v2.0/subnets", json!({"subnet": subnet})).await;
            self.ids.insert("subnets", made.id("subnet"));
        }
        if self.missing(demo, "ports", "/network/v2.0/ports").await {
            let port = json!({"port": {"network_id": self.id("networks")}});
            let made = demo.post("/network/v2.0/ports", port).await;
            self.ids.insert("ports", made.id("port"));
        }
    }

    /// A network behind a router with a gateway, and a port on it.
    async fn routed(&mut self, demo: &Session) {
        if !self.ids.contains_key("routed-network") {
            let (network, subnet) = scene::routed(demo, &self.public).await;
            self.ids.insert("routed-network", network);
            self.ids.insert("routed-subnet", subnet);
        }
        let network = self.id("routed-network");
        if self.missing(demo, "leg", "/network/v2.0/ports").await {
            let query = format!("network_id={network}&device_owner=network:router_interface");
            let legs = format!("/network/v2.0/ports?{query}");
            let mut found = demo.get(&legs).await;
            if found.body["ports"][0].is_null() {
                let path = format!("/network/v2.0/routers/{}/add_router_interface", self.id("routed-router"));
                demo.put(&path, json!({"subnet_id": self.id("routed-subnet")})).await;
                found = demo.get(&legs).await;
            }
            let leg = &found.body["ports"][0];
            self.ids.insert("routed-router", leg["device_id"].as_str().unwrap().to_owned());
            self.ids.insert("leg", leg["id"].as_str().unwrap().to_owned());
        }
        if self.missing(demo, "routed-port", "/network/v2.0/ports").await {
            let made = demo.post("/network/v2.0/ports", json!({"port": {"network_id": network}})).await;
            self.ids.insert("routed-port", made.id("port"));
        }
    }

    async fn router(&mut self, demo: &Session) {
        self.routed(demo).await;
        if self.missing(demo, "routers", "/network/v2.0/routers").await {
            let made = demo.post("/network/v2.0/routers", json!({"router": {"name": "r"}})).await;
            self.ids.insert("routers", made.id("router"));
        }
        if self.missing(demo, "floatingips", "/network/v2.0/floatingips").await {
            let body = json!({"floatingip": {"floating_network_id": self.public}});
            let made = demo.post("/network/v2.0/floatingips", body).await;
            self.ids.insert("floatingips", made.id("floatingip"));
        }
    }

    async fn group(&mut self, demo: &Session) {
        if !self.ids.contains_key("default-group") {
            let project = &self.project;
            let found =
                demo.get(&format!("/network/v2.0/security-groups?name=default&project_id={project}")).await;
            let id = found.body["security_groups"][0]["id"].as_str().unwrap().to_owned();
            self.ids.insert("default-group", id);
        }
        if self.missing(demo, "security-groups", "/network/v2.0/security-groups").await {
            let made =
                demo.post("/network/v2.0/security-groups", json!({"security_group": {"name": "g"}})).await;
            self.ids.insert("security-groups", made.id("security_group"));
        }
        if self.missing(demo, "security-group-rules", "/network/v2.0/security-group-rules").await {
            let rule = json!({"security_group_id": self.id("security-groups"), "direction": "ingress",
                "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 80, "port_range_max": 80});
            let made =
                demo.post("/network/v2.0/security-group-rules", json!({"security_group_rule": rule})).await;
            self.ids.insert("security-group-rules", made.id("security_group_rule"));
        }
    }

    async fn server(&mut self, cloud: &TestCloud, demo: &Session) {
        if let Some(id) = self.ids.get("servers").cloned() {
            let path = format!("/compute/v2.1/servers/{id}");
            let busy = async || !demo.get(&path).await.body["server"]["OS-EXT-STS:task_state"].is_null();
            cloud.until("the server to be done with it", async || !busy().await).await;
            match scene::status(demo, &id).await.as_str() {
                "ACTIVE" => return,
                "gone" => {}
                _ => {
                    demo.delete(&path).await;
                    // its address is free again
                    scene::until_status(cloud, demo, &id, "gone").await;
                }
            }
        }
        let body = json!({"server": {"name": "s", "imageRef": self.id("images"), "flavorRef": self.flavor,
            "networks": [{"uuid": self.id("networks")}], "metadata": {"k": "v"}}});
        let made = demo.post("/compute/v2.1/servers", body).await;
        assert_eq!(made.status, 202, "{}", made.body);
        let id = made.id("server");
        scene::until_status(cloud, demo, &id, "ACTIVE").await;
        let ports = demo.get(&format!("/compute/v2.1/servers/{id}/os-interface")).await;
        let port = ports.body["interfaceAttachments"][0]["port_id"].as_str().unwrap().to_owned();
        self.ids.insert("server-port", port);
        self.ids.insert("servers", id);
    }

    /// Id of the one that belongs to the project; an unknown id where the fixture has none.
    pub(crate) fn id(&self, kind: &str) -> String {
        self.ids.get(kind).cloned().unwrap_or_else(|| UNKNOWN.to_owned())
    }

    /// The kinds that it has, with their ids.
    pub(crate) const fn ids(&self) -> &BTreeMap<&'static str, String> {
        &self.ids
    }

    /// Takes another id for a kind.
    pub(crate) fn set(&mut self, kind: &'static str, id: String) {
        self.ids.insert(kind, id);
    }

    /// Fills a path of the table: each parameter by the collection that stands before it.
    pub(crate) fn fill(&self, door: &Door, path: &str) -> String {
        let mut text = door.mount.to_owned();
        let mut before = "";
        for part in path.trim_start_matches('/').split('/') {
            text.push('/');
            if part.starts_with('{') {
                text.push_str(&self.id(kind_of_parameter(before, path)));
            } else {
                text.push_str(part);
            }
            before = part;
        }
        text
    }

    /// True for the path of something that belongs to `demo`.
    pub(crate) fn owned(path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        if path.starts_with(GROUP_OF_VOLUMES) {
            return true;
        }
        parts.windows(2).any(|pair| OWNED.contains(&pair[0]) && pair[1].starts_with('{'))
    }
}

/// Administrators of the matrix close the backend of volumes.
async fn open_backend(cloud: &TestCloud) {
    let admin = cloud.session("kogge-admin").await;
    for (verb, body) in [
        ("enable", json!({"binary": "cinder-volume", "host": "kogge@memory"})),
        ("thaw", json!({"host": "kogge@memory"})),
    ] {
        let done = admin.put(&format!("/volume/v3/os-services/{verb}"), body).await;
        // what is not frozen cannot be thawed
        assert!([200, 202, 400].contains(&done.status), "{verb}: {}", done.body);
    }
}

/// A credential, an EC2 pair, and an application credential with an access rule.
pub(crate) async fn credentials(fixture: &mut Fixture, session: &Session) {
    let user = session.user_id();
    let gone = async |kind: &str, path: String| {
        let id = fixture.id(kind);
        session.get(&format!("{path}/{id}")).await.status != 200
    };
    let mut made = Vec::new();
    if gone("credentials", "/identity/v3/credentials".to_owned()).await {
        let body = json!({"user_id": user, "type": "cert", "blob": "b", "project_id": session.project_id()});
        let answer = session.post("/identity/v3/credentials", json!({"credential": body})).await;
        made.push(("credentials", answer.id("credential")));
    }
    let path = format!("/identity/v3/users/{user}/credentials/OS-EC2");
    if gone("OS-EC2", path.clone()).await {
        let answer = session.post(&path, json!({"tenant_id": session.project_id()})).await;
        made.push(("OS-EC2", answer.body["credential"]["access"].as_str().unwrap().to_owned()));
    }
    let path = format!("/identity/v3/users/{user}/application_credentials");
    let rules = format!("/identity/v3/users/{user}/access_rules");
    if gone("application_credentials", path.clone()).await || gone("access_rules", rules).await {
        let rule = json!({"path": "/v2.1/servers", "method": "GET", "service": "compute"});
        let body = json!({"name": format!("a{}", made.len()), "access_rules": [rule]});
        session.delete(&format!("{path}/{}", fixture.id("application_credentials"))).await;
        let answer = session.post(&path, json!({"application_credential": body})).await;
        let credential = &answer.body["application_credential"];
        made.push(("access_rules", credential["access_rules"][0]["id"].as_str().unwrap().to_owned()));
        made.push(("application_credentials", answer.id("application_credential")));
    }
    for (kind, id) in made {
        fixture.set(kind, id);
    }
}

/// What a parameter of a path is the id of, by the part before it.
pub(crate) fn kind_of_parameter<'a>(before: &'a str, path: &str) -> &'a str {
    match before {
        "quotas" | "os-quota-sets" | "auto-allocated-topology" => "projects",
        "os-interface" => "server-port",
        "security_groups" | "os-security-groups" => "security-groups",
        "os-security-group-rules" => "security-group-rules",
        "os-networks" | "os-tenant-networks" => "networks",
        "os-floating-ips" => "floatingips",
        "os-volume_attachments" => "volumes",
        "default-types" => "projects",
        "os-volume-transfer" => "volume-transfers",
        "groups" if path.starts_with(GROUP_OF_VOLUMES) => "volume-groups",
        "consistencygroups" => "volume-groups",
        "cgsnapshots" => "group_snapshots",
        "{store}" => "images",
        "routers" if path.ends_with("/remove_router_interface") => "routed-router",
        other => other,
    }
}
