//! The experiment: network, machine, console, and everything removed again.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogge_client::{Answer, Method, encode_segment};
use kogge_conform::{Context, Problem};
use serde_json::{Value, json};

use super::console::{BROKEN, END, Output, simulated, user_data};
use super::{Disk, Shown, choose};
use crate::created::{Made, NETWORK, ROUTER, SERVER, SUBNET, Thing, create, show};
use crate::lookup::{flavors, images, text};
use crate::remove::remove;
use crate::wait::{LOST, Look, until};

/// Upstream's patience.
const BOOT: Duration = Duration::from_secs(500);
const CONSOLE: Duration = Duration::from_secs(300);

/// The least boot volume in GB.
const LEAST_VOLUME: u64 = 8;

/// Boots the machine and returns what it printed. Everything is removed, whatever happens.
pub(super) async fn experiment(context: &Context, disk: Disk) -> Result<Shown, Problem> {
    let images = images::all(context).await?;
    let image = choose::image(&images.0)?;
    let flavors = flavors::all(context).await?;
    let flavor = choose::flavor(&flavors.0, image, disk)?;
    let mut made = Vec::new();
    let lab = Lab {
        context,
        disk,
        image: &image.id,
        volume: image.min_disk.unwrap_or(0).max(LEAST_VOLUME),
        flavor: &flavor.id,
    };
    let output = Box::pin(lab.work(&mut made)).await;
    for (thing, made) in made.iter().rev() {
        if let Err(problem) = Box::pin(remove(context, thing, made)).await {
            tracing::info!(kind = thing.word, %problem, "not removed yet");
        }
    }
    output
}

struct Lab<'a> {
    context: &'a Context,
    disk: Disk,
    image: &'a str,
    volume: u64,
    flavor: &'a str,
}

type MadeThings = Vec<(&'static Thing, Made)>;

impl Lab<'_> {
    async fn work(&self, made: &mut MadeThings) -> Result<Shown, Problem> {
        let network = self.network(made).await?;
        let server = self.server(made, &network).await?;
        let text = self.console(&server).await?;
        Ok(match simulated(&text) {
            Some(line) => Shown::Simulated(line),
            None => Shown::Printed(Output::parse(&text)),
        })
    }

    async fn make(
        &self,
        made: &mut MadeThings,
        thing: &'static Thing,
        body: Value,
    ) -> Result<String, Problem> {
        let name = text(&body, "name").unwrap_or_default();
        let new = create(self.context, thing, &name, body).await?;
        let id = new.id.clone();
        made.push((thing, new));
        Ok(id)
    }

    fn name(&self, what: &str) -> String {
        let area = if self.disk == Disk::Volume { "0101" } else { "0101-disk" };
        self.context.object_name(area, what)
    }

    async fn network(&self, made: &mut MadeThings) -> Result<String, Problem> {
        let network = self.make(made, &NETWORK, json!({"name": self.name("net")})).await?;
        let subnet = json!({
            "name": self.name("subnet"), "network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24",
            "gateway_ip": "10.1.0.1", "enable_dhcp": true, "dns_nameservers": ["9.9.9.9"],
            "allocation_pools": [{"start": "10.1.0.100", "end": "10.1.0.199"}]});
        let subnet = self.make(made, &SUBNET, subnet).await?;
        let outside = self.external_network().await?;
        let router = json!({"name": self.name("router"), "external_gateway_info": {"network_id": outside}});
        let router = self.make(made, &ROUTER, router).await?;
        self.connect(&router, &subnet).await?;
        Ok(network)
    }

    /// Gives a router an interface in a subnet. Where the answer was lost, the router's ports say whether it has one: it
    /// would be refused a second time.
    async fn connect(&self, router: &str, subnet: &str) -> Result<(), Problem> {
        let client = &self.context.client;
        let path = format!("routers/{}/add_router_interface", encode_segment(router));
        let body = json!({"subnet_id": subnet});
        until(&format!("router {router} has its interface"), LOST, || async {
            let added = client.request(Method::PUT, "network", &path, None, Some(&body)).await;
            let problem = match added.and_then(Answer::success) {
                Ok(_) => return Ok(Look::Found(())),
                Err(error) if error.is_lost() => Problem::from(error),
                Err(error) => return Err(error.into()),
            };
            let ports = client.list("network", "ports", "ports").with(|call| call.query("device_id", router));
            let ports: Vec<Value> = ports.collect().await?;
            let is_interface = |port: &Value| {
                text(port, "device_owner").is_some_and(|owner| owner.starts_with("network:router_interface"))
            };
            Ok(if ports.iter().any(is_interface) { Look::Found(()) } else { Look::Unseen(problem) })
        })
        .await
    }

    async fn external_network(&self) -> Result<String, Problem> {
        let list = self.context.client.list("network", "networks", "networks");
        let all: Vec<Value> = list.with(|call| call.query("router:external", "true")).collect().await?;
        all.iter()
            .filter(|network| network.get("router:external") == Some(&Value::Bool(true)))
            .find_map(|network| text(network, "id"))
            .ok_or_else(|| Problem::setup("there is no external network to connect the machine with"))
    }

    async fn server(&self, made: &mut MadeThings, network: &str) -> Result<String, Problem> {
        let mut body = json!({
            "name": self.name("server"), "imageRef": self.image, "flavorRef": self.flavor,
            "networks": [{"uuid": network}], "user_data": STANDARD.encode(user_data()),
            "min_count": 1, "max_count": 1});
        if self.disk == Disk::Volume {
            body["imageRef"] = json!("");
            body["block_device_mapping_v2"] = json!([{
                "boot_index": "0", "uuid": self.image, "source_type": "image", "destination_type": "volume",
                "volume_size": self.volume, "delete_on_termination": true}]);
        }
        let id = self.make(made, &SERVER, body).await?;
        until(&format!("server {id} is ACTIVE"), BOOT, || async {
            let server = match Look::tolerant(show(self.context, &SERVER, &id).await.map(Look::of))? {
                Look::Found(server) => server,
                Look::NotYet => return Ok(Look::NotYet),
                Look::Unseen(problem) => return Ok(Look::Unseen(problem)),
            };
            match text(&server, "status").as_deref() {
                Some("ACTIVE") => Ok(Look::Found(())),
                Some("ERROR") => {
                    let fault = server.get("fault").and_then(|f| text(f, "message"));
                    let why = fault.unwrap_or_else(|| "the cloud does not say why".to_owned());
                    Err(Problem::cloud(format!("the sample machine {id} went into ERROR: {why}")))
                }
                _ => Ok(Look::NotYet),
            }
        })
        .await?;
        Ok(id)
    }

    async fn console(&self, server: &str) -> Result<String, Problem> {
        let path = format!("servers/{}/action", encode_segment(server));
        let body = json!({"os-getConsoleOutput": {}});
        until("the sample machine prints its results on the console", CONSOLE, || async {
            match Look::tolerant(self.printed(&path, &body).await.map(Look::of))? {
                Look::Found(text) if text.contains(BROKEN) => {
                    Err(Problem::cloud("cloud-init in the sample machine could not run our script"))
                }
                Look::Found(text) if !text.contains(END) && simulated(&text).is_none() => Ok(Look::NotYet),
                looked => Ok(looked),
            }
        })
        .await
    }

    /// What the console shows; `None` if the machine has none yet.
    async fn printed(&self, path: &str, body: &Value) -> Result<Option<String>, Problem> {
        let answer = self.context.client.request(Method::POST, "compute", path, None, Some(body)).await?;
        if matches!(answer.status.as_u16(), 404 | 409) {
            return Ok(None);
        }
        let answer: Value = answer.success()?.json()?;
        Ok(Some(text(&answer, "output").unwrap_or_default()))
    }
}
