//! One of everything, belonging to project `demo`.

use std::collections::BTreeMap;

use kogge::cloud::Door;
use kogge::test_cloud::{Session, TestCloud};
use serde_json::json;

use crate::scene;

/// The collections whose members in the fixture belong to `demo`.
const OWNED: [&str; 10] = [
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
];

/// Ids by the name of the collection in a path.
pub(crate) struct Fixture {
    ids: BTreeMap<&'static str, String>,
    pub(crate) project: String,
    pub(crate) public: String,
    flavor: String,
}

impl Fixture {
    pub(crate) async fn make(cloud: &TestCloud, demo: &Session) -> Self {
        let public = demo.get("/network/v2.0/networks?router:external=true").await;
        let public = public.body["networks"][0]["id"].as_str().unwrap().to_owned();
        let mut fixture = Self {
            ids: BTreeMap::new(),
            project: demo.project_id().to_owned(),
            public,
            flavor: String::new(),
        };
        fixture.ids.insert("domains", "default".to_owned());
        fixture.ids.insert("os-keypairs", "demo-key".to_owned());
        fixture.mend(cloud, demo).await;
        fixture
    }

    /// Makes again what is missing.
    pub(crate) async fn mend(&mut self, cloud: &TestCloud, demo: &Session) {
        self.network(demo).await;
        self.router(demo).await;
        self.group(demo).await;
        if self.missing(demo, "images", "/image/v2/images").await {
            self.ids.insert("images", scene::image(demo, "image").await);
        }
        let key = json!({"keypair": {"name": "demo-key"}});
        demo.post("/compute/v2.1/os-keypairs", key).await;
        if self.missing(demo, "os-server-groups", "/compute/v2.1/os-server-groups").await {
            let group = json!({"server_group": {"name": "g", "policies": ["affinity"]}});
            let made = demo.post("/compute/v2.1/os-server-groups", group).await;
            self.ids.insert("os-server-groups", made.id("server_group"));
        }
        self.flavor = scene::flavor(demo, "SCS-1L-1-5").await;
        self.server(cloud, demo).await;
        self.account(&cloud.session("kogge-admin").await).await;
    }

    /// A user, a project and a flavor that nobody uses: they may be deleted.
    async fn account(&mut self, admin: &Session) {
        if self.missing(admin, "flavors", "/compute/v2.1/flavors").await {
            let flavor = json!({"flavor": {"name": "SCS-2C-3", "ram": 3072, "vcpus": 2, "disk": 0}});
            self.ids.insert("flavors", admin.post("/compute/v2.1/flavors", flavor).await.id("flavor"));
        }
        if self.missing(admin, "users", "/identity/v3/users").await {
            let made = admin
                .post("/identity/v3/users", json!({"user": {"name": "victim", "domain_id": "default"}}))
                .await;
            self.ids.insert("users", made.id("user"));
        }
        if self.missing(admin, "projects", "/identity/v3/projects").await {
            let body = json!({"project": {"name": "victim", "domain_id": "default"}});
            self.ids.insert("projects", admin.post("/identity/v3/projects", body).await.id("project"));
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

    async fn router(&mut self, demo: &Session) {
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
        if let Some(id) = self.ids.get("servers") {
            match scene::status(demo, id).await.as_str() {
                "ACTIVE" => return,
                "gone" => {}
                _ => {
                    demo.delete(&format!("/compute/v2.1/servers/{id}")).await;
                }
            }
        }
        let body = json!({"server": {"name": "s", "imageRef": self.id("images"), "flavorRef": self.flavor,
            "networks": [{"uuid": self.id("networks")}], "metadata": {"k": "v"}}});
        let made = demo.post("/compute/v2.1/servers", body).await;
        assert_eq!(made.status, 202, "{}", made.body);
        let id = made.id("server");
        scene::until_status(cloud, demo, &id, "ACTIVE").await;
        self.ids.insert("servers", id);
    }

    /// Id of the one that belongs to `demo`.
    pub(crate) fn id(&self, kind: &str) -> String {
        self.ids.get(kind).cloned().unwrap_or_else(|| "00000000-0000-4000-8000-000000000000".to_owned())
    }

    /// Fills a path of the table: each parameter by the collection that stands before it.
    pub(crate) fn fill(&self, door: &Door, path: &str) -> String {
        let mut text = door.mount.to_owned();
        let mut before = "";
        for part in path.trim_start_matches('/').split('/') {
            text.push('/');
            if part.starts_with('{') {
                text.push_str(&self.id(before));
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
        parts.windows(2).any(|pair| OWNED.contains(&pair[0]) && pair[1].starts_with('{'))
    }
}
