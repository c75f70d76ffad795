//! What the walk makes: written down before it is asked for, removed in the opposite order.

use std::path::Path;
use std::time::Duration;

use kogge_client::{Client, Error, Method, chain, encode_segment};
use serde_json::{Value, json};

use super::shell::{answered, openstack, told};

/// How long one thing may take to vanish.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(300);

/// A kind of thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The words of the `openstack` command.
    pub(super) words: &'static [&'static str],
    pub(super) service: &'static str,
    /// Path of the collection.
    pub(super) path: &'static str,
    /// Key of the object.
    pub(super) one: &'static str,
    /// Key of the array in the list.
    many: &'static str,
    /// The attribute that bears our name.
    marked: &'static str,
    /// Whether it is gone some time after it was deleted.
    lingers: bool,
}

const fn network(
    words: &'static [&'static str],
    path: &'static str,
    one: &'static str,
    many: &'static str,
    marked: &'static str,
) -> Kind {
    Kind { words, service: "network", path, one, many, marked, lingers: false }
}

pub(super) const KEYPAIR: Kind = Kind {
    words: &["keypair"],
    service: "compute",
    path: "os-keypairs",
    one: "keypair",
    many: "keypairs",
    marked: "name",
    lingers: false,
};
pub(super) const SERVER: Kind = Kind {
    words: &["server"],
    service: "compute",
    path: "servers",
    one: "server",
    many: "servers",
    marked: "name",
    lingers: true,
};
/// Images are not wrapped.
pub(super) const IMAGE: Kind = Kind {
    words: &["image"],
    service: "image",
    path: "images",
    one: "",
    many: "images",
    marked: "name",
    lingers: false,
};
pub(super) const GROUP: Kind =
    network(&["security", "group"], "security-groups", "security_group", "security_groups", "name");
pub(super) const NETWORK: Kind = network(&["network"], "networks", "network", "networks", "name");
pub(super) const SUBNET: Kind = network(&["subnet"], "subnets", "subnet", "subnets", "name");
pub(super) const ROUTER: Kind = network(&["router"], "routers", "router", "routers", "name");
/// It has no name; the description is ours.
pub(super) const ADDRESS: Kind =
    network(&["floating", "ip"], "floatingips", "floatingip", "floatingips", "description");

/// Something that was made, or may have been.
#[derive(Debug)]
struct Made {
    kind: &'static Kind,
    /// What it is called in commands.
    called: String,
    /// The text by which it is found.
    mark: String,
    /// Its id, once the cloud has told it.
    id: Option<String>,
    /// Of a router: its subnet, as name and id.
    attached: Option<(String, String)>,
}

/// Everything that was made, in its order.
#[derive(Debug, Default)]
pub(super) struct Things(Vec<Made>);

impl Things {
    /// Notes what is about to be made. What nobody is told of later is found by `mark`.
    pub(super) fn announce(&mut self, kind: &'static Kind, called: &str, mark: &str) {
        let (called, mark) = (called.to_owned(), mark.to_owned());
        self.0.push(Made { kind, called, mark, id: None, attached: None });
    }

    /// The last of them is there.
    pub(super) fn made(&mut self, id: &str, called: Option<&str>) {
        if let Some(last) = self.0.last_mut() {
            last.id = Some(id.to_owned());
            if let Some(called) = called {
                called.clone_into(&mut last.called);
            }
        }
    }

    /// The last of them was refused: nothing came to be.
    pub(super) fn refused(&mut self) {
        self.0.pop();
    }

    /// A router is about to get an interface.
    pub(super) fn attach(&mut self, router: &str, subnet: (&str, &str)) {
        let of = self.0.iter_mut().find(|made| made.id.as_deref() == Some(router));
        if let Some(made) = of {
            made.attached = Some((subnet.0.to_owned(), subnet.1.to_owned()));
        }
    }

    /// What is left, and how to look at it and to remove it.
    pub(super) fn kept(&self, name: &str, place: &Path) -> String {
        if self.0.is_empty() {
            return "\nNothing was made.".to_owned();
        }
        let mut text = format!("\nKept: {name}, with its key in {}. To look at it:", place.display());
        for made in self.0.iter().filter(|made| made.kind != &KEYPAIR) {
            text.push_str(&format!("\n  {}", command(made.kind, "show", &made.called)));
        }
        text.push_str("\nTo remove it:");
        for line in self.0.iter().rev().flat_map(Made::removals) {
            text.push_str(&format!("\n  {line}"));
        }
        text.push_str(&format!(
            "\n  rm -r {}",
            kogge_conform_iaas::fix::shell_word(&place.to_string_lossy())
        ));
        text
    }

    /// Removes all of them, the last first; what could not be removed, and why.
    pub(super) async fn remove(self, client: &Client) -> Vec<String> {
        let mut left = Vec::new();
        for made in self.0.into_iter().rev() {
            for line in made.removals() {
                told(&line);
            }
            match tokio::time::timeout(PATIENCE, made.remove(client)).await {
                Ok(Ok(true)) => answered("done"),
                Ok(Ok(false)) => answered("it is not there"),
                Ok(Err(error)) => left.push(made.left(&chain(&error))),
                Err(_) => left.push(made.left(&format!("not gone after {} s", PATIENCE.as_secs()))),
            }
        }
        left
    }
}

pub(super) fn command(kind: &Kind, verb: &str, called: &str) -> String {
    let mut words = kind.words.to_vec();
    words.push(verb);
    if verb == "delete" && kind.lingers {
        words.push("--wait");
    }
    words.push(called);
    openstack(&words)
}

impl Made {
    /// The commands that remove it.
    fn removals(&self) -> Vec<String> {
        let detach = self.attached.iter();
        let detach =
            detach.map(|(subnet, _)| openstack(&["router", "remove", "subnet", &self.called, subnet]));
        detach.chain([command(self.kind, "delete", &self.called)]).collect()
    }

    fn left(&self, because: &str) -> String {
        super::shell::shown(&format!("  {} ({because})", self.removals().join(" && ")))
    }

    /// Removes it, or whatever bears its mark where its id was never told. False where there was nothing.
    async fn remove(&self, client: &Client) -> Result<bool, Error> {
        let ids = match &self.id {
            Some(id) => vec![id.clone()],
            None => marked(client, self.kind, &self.mark).await?,
        };
        for id in &ids {
            if let Some((_, subnet)) = &self.attached {
                detach(client, id, subnet).await?;
            }
            delete(client, self.kind, id).await?;
        }
        Ok(!ids.is_empty())
    }
}

/// The ids of all that bear our mark.
async fn marked(client: &Client, kind: &Kind, mark: &str) -> Result<Vec<String>, Error> {
    let all: Vec<Value> = client.list(kind.service, kind.path, kind.many).collect().await?;
    let ours = |object: &Value| {
        // keypairs are wrapped in their list, and their name is their id
        let object = object.get(kind.one).unwrap_or(object);
        let id = object.get("id").or_else(|| object.get("name"))?.as_str()?;
        (object.get(kind.marked)?.as_str()? == mark).then(|| id.to_owned())
    };
    Ok(all.iter().filter_map(ours).collect())
}

async fn detach(client: &Client, router: &str, subnet: &str) -> Result<(), Error> {
    let path = format!("routers/{}/remove_router_interface", encode_segment(router));
    let body = json!({ "subnet_id": subnet });
    loop {
        let answer = client.request(Method::PUT, "network", &path, None, Some(&body)).await?;
        match answer.status.as_u16() {
            // an address behind it is still going
            409 => tokio::time::sleep(PAUSE).await,
            404 => return Ok(()),
            _ => return answer.success().map(|_| ()),
        }
    }
}

/// Deletes it, waits out what still uses it, and waits until it is gone.
async fn delete(client: &Client, kind: &Kind, id: &str) -> Result<(), Error> {
    let path = format!("{}/{}", kind.path, encode_segment(id));
    loop {
        let answer = client.call(Method::DELETE, kind.service, &path).send().await?;
        match answer.status.as_u16() {
            404 => return Ok(()),
            409 => tokio::time::sleep(PAUSE).await,
            _ => {
                answer.success()?;
                break;
            }
        }
    }
    while kind.lingers && client.get(kind.service, &path).await?.status.as_u16() != 404 {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_removed_by_commands_in_the_opposite_order() {
        let mut things = Things::default();
        things.announce(&NETWORK, "n", "n");
        things.made("1", None);
        things.announce(&ROUTER, "r", "r");
        things.made("2", None);
        things.attach("2", ("s", "3"));
        things.announce(&ADDRESS, "n", "n");
        things.made("4", Some("172.24.4.7"));
        things.announce(&SERVER, "v", "v");
        things.refused();
        let text = things.kept("n", Path::new("/tmp/k"));
        let (_, removal) = text.split_once("To remove it:\n").unwrap();
        let wanted = "  openstack floating ip delete 172.24.4.7\n  openstack router remove subnet r s\n  openstack router \
                      delete r\n  openstack network delete n\n  rm -r /tmp/k";
        assert_eq!(removal, wanted);
        assert!(text.contains("openstack network show n") && !text.contains("server"), "{text}");
    }
}
