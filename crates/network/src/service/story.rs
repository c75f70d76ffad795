//! What became of a port, for operators.

use kogge_db::{Record as _, Source};
use kogge_ids::PortId;
use kogge_resource::story::{Line, Story};

use crate::error::Result;
use crate::model::holder::Holder;
use crate::store::rows::{FloatingIp, Network, Port};
use crate::store::{allocations, ports};
use crate::{FixedIp, Networking};

impl Networking {
    /// What became of a port; nothing where there is none of this id.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn story(&self, id: PortId) -> Result<Option<Vec<Line>>> {
        let source: &mut Source<'_> = &mut self.db().into();
        let Some(port) = ports::by_ids(source, &[id]).await?.pop() else { return Ok(None) };
        let network = Network::with(source, "id", &[port.network_id], &[]).await?.pop();
        let fixed = allocations::of_ports(source, &[id]).await?.remove(&id).unwrap_or_default();
        let floating = FloatingIp::with(source, "port_id", &[id], &["created_at", "id"]).await?;
        let mut told = Story::default();
        told.tell(port.created_at, made(&port, network.as_ref(), &fixed));
        for one in &floating {
            told.tell(
                one.created_at,
                format!("floating IP {} ({}) is made", one.floating_ip_address, one.id),
            );
        }
        if port.updated_at > port.created_at {
            told.tell(port.updated_at, format!("changed last, as revision {}", port.revision_number));
        }
        Ok(Some(told.end(self.clock().now(), now(&port, network.as_ref(), &floating))))
    }
}

fn made(port: &Port, network: Option<&Network>, fixed: &[FixedIp]) -> String {
    let project = port.project_id.project();
    let whose =
        project.map_or_else(|| "for the cloud itself".to_owned(), |project| format!("in project {project}"));
    let name = network.map_or("", |network| network.name.as_str());
    let addresses: Vec<String> = fixed.iter().map(|fixed| fixed.ip_address.to_string()).collect();
    let addresses = if addresses.is_empty() { "no address".to_owned() } else { addresses.join(", ") };
    format!("made {whose} on network {} ({name}): {} with {addresses}", port.network_id, port.mac_address)
}

fn now(port: &Port, network: Option<&Network>, floating: &[FloatingIp]) -> String {
    let holder = port.holder_id.as_deref().unwrap_or_default();
    let held = match port.holder {
        Holder::Nobody if port.device_id.is_empty() => "nothing holds it".to_owned(),
        Holder::Nobody => format!("nothing of this cloud holds it; its project says {}", port.device_id),
        Holder::Server => format!("server {holder} holds it"),
        Holder::RouterInterface => format!("it is a leg of router {holder}"),
        Holder::RouterGateway => format!("it is the way out of router {holder}"),
        Holder::FloatingIp => format!("it keeps the address of floating IP {holder}"),
        Holder::Dhcp => "it answers DHCP".to_owned(),
    };
    let place = match (port.host.as_str(), port.up) {
        ("", _) => "on no host".to_owned(),
        (host, true) => format!("up on {host}"),
        (host, false) => format!("on {host}, which does not say that it is up"),
    };
    let mut what = format!("now: {}; {held}; {place}", port.status);
    if !port.admin_state_up || network.is_some_and(|network| !network.admin_state_up) {
        what.push_str("; it is switched off");
    }
    what.push_str(if port.is_filtered() { "; security groups filter it" } else { "; nothing filters it" });
    for one in floating {
        what.push_str(&format!("; floating IP {} leads to it", one.floating_ip_address));
    }
    what
}
