//! Step by step.

use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use kogge_client::{Method, encode_segment};
use serde_json::{Value, json};

use super::{Walk, rule};
use crate::commands::demo::Stop;
use crate::commands::demo::choose::{self, Image, text};
use crate::commands::demo::shell::{answered, openstack, told};
use crate::commands::demo::ssh::{Guest, Reached, is_user};
use crate::commands::demo::things::{ADDRESS, GROUP, IMAGE, KEYPAIR, NETWORK, ROUTER, SERVER, SUBNET};

/// Longest wait for a server: software emulation on a busy machine included.
const BOOT: Duration = Duration::from_secs(300);
/// Longest wait for the first words of a guest.
const WORDS: Duration = Duration::from_secs(60);

/// What a network was made of.
struct Reach {
    network: String,
    /// The network outside, as name and id, where there is one.
    outside: Option<(String, String)>,
}

impl Walk<'_> {
    /// Walks until the end, or until something stops it.
    pub(in crate::commands::demo) async fn run(
        &mut self,
        image: Option<&str>,
        flavor: Option<&str>,
    ) -> Result<(), Stop> {
        let image = self.image(image).await?;
        let key = self.keypair().await?;
        self.group().await?;
        let reach = self.network().await?;
        let Some(image) = image else {
            answered("");
            answered("Without an image there is no server: the walk ends here.");
            return Ok(());
        };
        let server = self.server(&image, flavor, &reach).await?;
        self.console(&server).await?;
        let Some(address) = self.address(&server, &reach).await? else { return Ok(()) };
        self.log_in(&image, address, key).await
    }

    async fn image(&mut self, asked: Option<&str>) -> Result<Option<Image>, Stop> {
        self.go_on()?;
        told(&openstack(&["image", "list", "--status", "active"]));
        if let Some(image) = choose::image(self.client, asked).await? {
            let user = image.user.as_deref().map_or(String::new(), |user| format!(", log in as {user}"));
            answered(&format!("{}{user}", image.name));
            return Ok(Some(image));
        }
        if !self.simulated {
            answered(
                "There is no public image. `make up` builds a tiny one in the background; or take one of your own:\n\
                 openstack image create --disk-format qcow2 --container-format bare --file FILE NAME",
            );
            return Ok(None);
        }
        answered("There is none. Guests are simulated here, so an empty one will do:");
        let name = self.name.clone();
        let words = [
            "image",
            "create",
            "--disk-format",
            "qcow2",
            "--container-format",
            "bare",
            "--file",
            "empty.qcow2",
        ];
        let words = [&words[..], &[&name]].concat();
        let body = json!({"name": name, "disk_format": "qcow2", "container_format": "bare"});
        let image = self.create(&IMAGE, &words, body).await?;
        let path = format!("images/{}/file", encode_segment(text(&image, "id")));
        let call = self.client.call(Method::PUT, "image", &path);
        call.body("application/octet-stream", crate::test_cloud::qcow2()).send().await?.success()?;
        answered(&format!("id {}", text(&image, "id")));
        Ok(Some(choose::read(&image)))
    }

    async fn keypair(&mut self) -> Result<PathBuf, Stop> {
        let key = self.place.join("key.pem");
        let (name, file) = (self.name.clone(), key.display().to_string());
        let words = ["keypair", "create", "--private-key", &file, &name];
        let made = self.create(&KEYPAIR, &words, json!({ "name": name })).await?;
        let failed = |error| Stop::Failed(format!("writing {}: {error}", key.display()));
        let mut options = std::fs::OpenOptions::new();
        let mut out = options.write(true).create_new(true).mode(0o600).open(&key).map_err(failed)?;
        std::io::Write::write_all(&mut out, text(&made, "private_key").as_bytes()).map_err(failed)?;
        answered(&format!("fingerprint {}", text(&made, "fingerprint")));
        Ok(key)
    }

    /// A group of our own: rules of the project's default group are for its owner to change.
    async fn group(&mut self) -> Result<(), Stop> {
        let name = self.name.clone();
        let words = ["security", "group", "create", &name];
        let group = self.make(&GROUP, &words, json!({ "name": name })).await?;
        for (protocol, port) in [("tcp", Some(22)), ("icmp", None)] {
            let number = port.map(|port: u16| port.to_string()).unwrap_or_default();
            let mut words = vec!["security", "group", "rule", "create", "--protocol", protocol];
            if port.is_some() {
                words.extend(["--dst-port", &number]);
            }
            words.push(&name);
            let body = rule(&group, protocol, port);
            self.change(Method::POST, "network", "security-group-rules", &words, body).await?;
            answered("done");
        }
        Ok(())
    }

    async fn network(&mut self) -> Result<Reach, Stop> {
        let name = self.name.clone();
        let network = self.make(&NETWORK, &["network", "create", &name], json!({ "name": name })).await?;
        let range = "10.71.0.0/24";
        let words = ["subnet", "create", "--network", &name, "--subnet-range", range, &name];
        let body = json!({"name": name, "network_id": network, "ip_version": 4, "cidr": range});
        let subnet = self.make(&SUBNET, &words, body).await?;
        let outside = choose::external(self.client).await?;
        let Some((outer, outer_id)) = &outside else {
            answered("The cloud has no network with a way out: there will be no router and no floating IP.");
            return Ok(Reach { network, outside });
        };
        let router = self.make(&ROUTER, &["router", "create", &name], json!({ "name": name })).await?;
        let path = format!("routers/{}", encode_segment(&router));
        let words = ["router", "set", "--external-gateway", outer, &name];
        let body = json!({"router": {"external_gateway_info": {"network_id": outer_id}}});
        self.change(Method::PUT, "network", &path, &words, body).await?;
        answered("done");
        self.things.attach(&router, (&name, &subnet));
        let path = format!("{path}/add_router_interface");
        let words = ["router", "add", "subnet", &name, &name];
        self.change(Method::PUT, "network", &path, &words, json!({ "subnet_id": subnet })).await?;
        answered("done");
        Ok(Reach { network, outside })
    }

    async fn server(&mut self, image: &Image, flavor: Option<&str>, reach: &Reach) -> Result<String, Stop> {
        let name = self.name.clone();
        let (flavor, flavor_id) = choose::flavor(self.client, flavor, image).await?;
        let words =
            ["server", "create", "--wait", "--image", &image.name, "--flavor", &flavor, "--network", &name];
        let words = [&words[..], &["--security-group", &name, "--key-name", &name, &name]].concat();
        let body = json!({"name": name, "imageRef": image.id, "flavorRef": flavor_id, "key_name": name,
            "networks": [{"uuid": reach.network}], "security_groups": [{ "name": name }]});
        let made = self.create(&SERVER, &words, body).await?;
        let id = text(&made, "id").to_owned();
        let look = async || match self.shown(&SERVER, &id).await? {
            server if server["status"] == "ACTIVE" => Ok(Some(server)),
            server if server["status"] == "ERROR" => {
                Err(Stop::Failed(format!("the server is in ERROR: {}", text(&server["fault"], "message"))))
            }
            _ => Ok(None),
        };
        let server = self.until(BOOT, look).await?;
        let late = || Stop::Failed(format!("the server is not ACTIVE after {} s", BOOT.as_secs()));
        let server = server.ok_or_else(late)?;
        answered(&format!("id {id}, ACTIVE at {}", addresses(&server).join(", ")));
        Ok(id)
    }

    async fn console(&self, server: &str) -> Result<(), Stop> {
        self.go_on()?;
        told(&openstack(&["console", "log", "show", &self.name]));
        let path = format!("servers/{}/action", encode_segment(server));
        let body = json!({"os-getConsoleOutput": {"length": 50}});
        let look = async || {
            let answer = self.client.request(Method::POST, "compute", &path, None, Some(&body)).await?;
            let answer: Value = answer.success()?.json()?;
            Ok(Some(text(&answer, "output").to_owned()).filter(|output| !output.trim().is_empty()))
        };
        match self.until(WORDS, look).await? {
            Some(output) => answered(&output),
            None => answered("The guest has said nothing yet."),
        }
        Ok(())
    }

    async fn address(&mut self, server: &str, reach: &Reach) -> Result<Option<IpAddr>, Stop> {
        let Some((outer, outer_id)) = &reach.outside else { return Ok(None) };
        let name = self.name.clone();
        let words = ["floating", "ip", "create", "--description", &name, outer];
        let body = json!({"floating_network_id": outer_id, "description": name});
        let made = self.create(&ADDRESS, &words, body).await?;
        let address = text(&made, "floating_ip_address").to_owned();
        self.things.made(text(&made, "id"), Some(&address));
        answered(&address);
        let list = self.client.list("network", "ports", "ports").with(|call| call.query("device_id", server));
        let ports: Vec<Value> = list.collect().await?;
        let port = ports.first().map(|port| text(port, "id")).unwrap_or_default();
        let path = format!("floatingips/{}", encode_segment(text(&made, "id")));
        let words = ["server", "add", "floating", "ip", &name, &address];
        let body = json!({"floatingip": {"port_id": port}});
        self.change(Method::PUT, "network", &path, &words, body).await?;
        answered("done");
        let address = address.parse().map_err(|_| Stop::Failed(format!("{address:?} is no address")))?;
        Ok(Some(address))
    }

    async fn log_in(&self, image: &Image, address: IpAddr, key: PathBuf) -> Result<(), Stop> {
        let user = image.user.as_deref().filter(|user| is_user(user));
        let guest = Guest { address, user: user.unwrap_or("USER"), key: &key };
        told(&guest.command());
        if self.simulated {
            answered("Left out: the guests of this cloud are simulated, and nobody is at this address.");
            return Ok(());
        }
        if user.is_none() {
            answered("Left out: the image does not say who may log in (property image_original_user).");
            return Ok(());
        }
        let mut last = String::new();
        let tried = async || {
            tokio::select! {
                reached = guest.attempt() => reached,
                () = self.cancel.cancelled() => Reached::Not("interrupted".to_owned()),
            }
        };
        let look = async || match tried().await {
            Reached::Done(text) => Ok(Some(text)),
            Reached::Greeted(greeting) => Ok(Some(format!(
                "{greeting}\nThis machine has no ssh client: install openssh-client to log in."
            ))),
            Reached::Not(because) => {
                last = because;
                Ok(None)
            }
        };
        match self.until(BOOT, look).await? {
            Some(text) => answered(&text),
            None => {
                let because = format!("no login at {address} within {} s: {last}", BOOT.as_secs());
                return Err(Stop::Failed(because));
            }
        }
        Ok(())
    }
}

/// Every address of a server.
fn addresses(server: &Value) -> Vec<&str> {
    let networks = server["addresses"].as_object().into_iter().flat_map(|networks| networks.values());
    networks.filter_map(Value::as_array).flatten().map(|one| text(one, "addr")).collect()
}
