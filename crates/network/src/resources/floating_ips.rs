//! Floating IPs: addresses outside that lead to ports inside. How they lead there is `service/floating_ips.rs`.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, TAGS, by, text};
use kogge_db::{Record, SortKey, Tx};
use kogge_ids::PortId;
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb,
};
use serde_json::{Value, json};

use super::{command, fresh, standard};
use crate::attributes::{STANDARD, both, post, shown};
use crate::error::{Error, Result};
use crate::model::commands::{FloatingIpChange, NewFloatingIp};
use crate::model::status;
use crate::service::floating_ips::bad;
use crate::store::rows::{FloatingIp, Port};
use crate::store::{ports, sort_keys};
use crate::{Networking, policy};

/// Floating IPs.
pub(crate) struct FloatingIps;

const STATUS: &str = "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END";

impl Resource for FloatingIps {
    type Service = Networking;
    type Row = FloatingIp;
    /// The port it leads to.
    type More = Option<Port>;

    const NAMES: Names =
        Names::new("floatingip", "floatingips", "/v2.0/floatingips", "/v2.0/floatingips/{id}");
    const READ: Rule = policy::GET_FLOATINGIP;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::floating_ip_not_found(id)
    }

    fn id(row: &FloatingIp) -> String {
        row.id.to_string()
    }

    fn target(row: &FloatingIp) -> Target<'_> {
        Target::project(&row.project_id)
    }

    async fn more(call: &Call<Networking>, rows: &[FloatingIp]) -> Result<Vec<Option<Port>>> {
        let ids: Vec<PortId> = rows.iter().filter_map(|row| row.port_id).collect();
        let found = ports::by_ids(&mut call.service.db().into(), &ids).await?;
        let port = |id| found.iter().find(|port| port.id == id).cloned();
        Ok(rows.iter().map(|row| row.port_id.and_then(port)).collect())
    }

    fn view(_: &Call<Networking>, row: &FloatingIp, port: &Option<Port>, _: Verb) -> Value {
        let details = port.as_ref().map(|port| {
            json!({
                "name": port.name,
                "network_id": port.network_id,
                "mac_address": port.mac_address,
                "admin_state_up": port.admin_state_up,
                "status": port.status,
                "device_id": port.device_id,
                "device_owner": port.device_owner,
            })
        });
        standard!(row).add(json!({
            "id": row.id,
            "floating_ip_address": row.floating_ip_address,
            "floating_network_id": row.floating_network_id,
            "router_id": row.router_id,
            "port_id": row.port_id,
            "fixed_ip_address": row.fixed_ip_address,
            "status": status::floating_ip(row.port_id.is_some()),
            "dns_name": row.dns_name,
            "dns_domain": row.dns_domain,
            "port_details": details,
        }))
    }
}

impl List for FloatingIps {
    const RULE: Rule = policy::GET_FLOATINGIP;
    const LIST: Listing = Listing {
        filters: &[
            BASIC,
            DESCRIBED,
            TAGS,
            &[
                text("floating_ip_address", "floating_ip_address = ?"),
                text("floating_network_id", "floating_network_id = ?"),
                text("router_id", "router_id = ?"),
                text("port_id", "port_id = ?"),
                text("fixed_ip_address", "fixed_ip_address = ?"),
                text("status", "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END = ?"),
            ],
        ],
        sort: sort_keys![
            by("floating_ip_address"),
            by("floating_network_id"),
            SortKey { name: "router_id", expression: "COALESCE(router_id, '')" },
            SortKey { name: "fixed_ip_address", expression: "COALESCE(fixed_ip_address, '')" },
            SortKey { name: "status", expression: STATUS },
        ],
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "floatingip",
    &[
        STANDARD,
        &[
            post("floating_network_id", Absent::Required, check::uuid),
            post("floating_ip_address", Absent::Null, check::address_or_null),
            post("subnet_id", Absent::Null, check::uuid_or_null),
            both("port_id", Absent::Null, check::uuid_or_null),
            both("fixed_ip_address", Absent::Null, check::address_or_null),
            post("dns_name", Absent::Text(""), check::dns_name),
            post("dns_domain", Absent::Text(""), check::dns_domain),
            shown("router_id"),
            shown("port_details"),
            shown("port_forwardings"),
        ],
    ],
);

/// The port that one leads to, as of the transaction.
async fn port_of(tx: &mut Tx, row: &FloatingIp) -> Result<Option<Port>> {
    Ok(match row.port_id {
        Some(port) => Port::get(tx, &port).await?,
        None => None,
    })
}

impl Create for FloatingIps {
    const RULE: Rule = policy::CREATE_FLOATINGIP;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(FloatingIp, Option<Port>)> {
        let (net, caller) = (&call.service, &call.caller);
        let new: NewFloatingIp = command(body)?;
        let row = net.create_floating_ip_in(tx, caller, new).await?;
        let port = port_of(tx, &row).await?;
        Ok((row, port))
    }
}

impl Update for FloatingIps {
    const RULE: Rule = policy::UPDATE_FLOATINGIP;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(FloatingIp, Option<Port>)> {
        let (net, caller) = (&call.service, &call.caller);
        // a change of nothing takes the association away, as one to no port does: clients disassociate so (Neutron's
        // `_check_and_get_fip_assoc`); what changes something else lets it be
        let names_nothing = body.is_empty();
        let (mut row, change) = (loaded.into_row(), command::<FloatingIpChange>(body)?);
        fresh(call, row.revision_number)?;
        match (change.port_id, change.fixed_ip_address.flatten()) {
            (Some(Some(port)), fixed) => net.lead(tx, caller, &mut row, Some((port, fixed))).await?,
            (_, Some(_)) => return Err(bad("fixed_ip_address cannot be specified without a port_id")),
            (None, None) if !names_nothing => {}
            (_, None) => net.lead(tx, caller, &mut row, None).await?,
        }
        row.description = change.description.unwrap_or(row.description);
        net.save_floating_ip(tx, &mut row).await?;
        let port = port_of(tx, &row).await?;
        Ok((row, port))
    }
}

/// Its address is free then.
impl Delete for FloatingIps {
    const RULE: Rule = policy::DELETE_FLOATINGIP;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        fresh(call, row.revision_number)?;
        call.service.remove_floating_ip(tx, &row).await
    }
}

impl Tagged for FloatingIps {
    const PATHS: (&'static str, &'static str) =
        ("/v2.0/floatingips/{id}/tags", "/v2.0/floatingips/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_FLOATINGIP_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_FLOATINGIP_TAGS;
    super::tags!(FloatingIp);
}
