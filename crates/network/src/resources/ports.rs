//! Ports: what the kit does for them. Everything that computes (addresses, MACs, filters, holders) is
//! `service/ports.rs`.

use std::borrow::Cow;
use std::net::IpAddr;

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, Filter, NAMED, TAGS, by, text, truth};
use kogge_db::{Record as _, Tx};
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, At, Body, Call, Create, Delete, Known, List, Listing, Loaded, Members, Names, Resource, Schema,
    Sight, Stored, Update, Verb, Written, sight,
};
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{command, fresh, standard};
use crate::attributes::ports::fixed_ips as fixed_ips_wish;
use crate::attributes::ports::{address_pairs, dhcp_options, host, profile, vnic_type};
use crate::attributes::{STANDARD, both, post, shown};
use crate::error::{Error, Result};
use crate::model::status;
use crate::service::ports::target;
use crate::service::project_of;
use crate::store::rows::{Network, Port};
use crate::store::{networks, sort_keys};
use crate::{Networking, PortParts, PortView, policy};

/// Ports.
pub(crate) struct Ports;

/// A port with its network, and whether that is shared with the caller.
type Row = Known<Port, Option<(Network, bool)>>;

const FILTERS: &[Filter] = &[
    text("network_id", "network_id = ?"),
    text("mac_address", "mac_address = lower(?)"),
    truth("admin_state_up", "admin_state_up = ?"),
    text("device_id", "device_id = ?"),
    text("device_owner", "device_owner = ?"),
    text("status", "status = ?"),
    text("binding:host_id", "host = ?"),
    text("binding:vnic_type", "vnic_type = ?"),
    text("ip_allocation", "'immediate' = ?"),
    text("dns_name", "dns_name = ?"),
    truth("port_security_enabled", "(port_security_enabled AND holder IN ('nobody', 'server')) = ?"),
    text(
        "security_groups",
        "EXISTS (SELECT 1 FROM port_security_groups g WHERE g.port_id = ports.id AND g.security_group_id = ?)",
    ),
    // the parts of `fixed_ips=subnet_id=…`, taken apart by the API
    text(
        "fixed_ips/subnet_id",
        "EXISTS (SELECT 1 FROM ip_allocations a WHERE a.port_id = ports.id AND a.subnet_id = ?)",
    ),
    text(
        "fixed_ips/ip_address",
        "EXISTS (SELECT 1 FROM ip_allocations a WHERE a.port_id = ports.id AND a.address = ?)",
    ),
    text(
        "fixed_ips/ip_address_substr",
        "EXISTS (SELECT 1 FROM ip_allocations a WHERE a.port_id = ports.id AND replace(a.address, ?, '') <> a.address)",
    ),
];

/// The DNS names of an address of a port.
#[derive(serde::Serialize)]
struct Assignment<'a> {
    hostname: Cow<'a, str>,
    ip_address: IpAddr,
    fqdn: String,
}

impl<'a> Assignment<'a> {
    fn of(row: &'a Port, domain: &str, address: IpAddr) -> Self {
        let own = row.dns_name.as_str();
        let hostname = if own.is_empty() {
            Cow::Owned(format!("host-{}", address.to_string().replace(['.', ':'], "-")))
        } else {
            Cow::Borrowed(own)
        };
        let fqdn = format!("{hostname}.{}.", domain.trim_end_matches('.'));
        Self { hostname, ip_address: address, fqdn }
    }
}

impl Resource for Ports {
    type Service = Networking;
    type Row = Row;
    type More = PortParts;

    const NAMES: Names = Names::new("port", "ports", "/v2.0/ports", "/v2.0/ports/{id}");
    const READ: Rule = policy::GET_PORT;
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[
        ("binding:vif_type", &policy::GET_PORT_BINDING_VIF_TYPE),
        ("binding:vif_details", &policy::GET_PORT_BINDING_VIF_DETAILS),
        ("binding:host_id", &policy::GET_PORT_BINDING_HOST_ID),
        ("binding:profile", &policy::GET_PORT_BINDING_PROFILE),
        ("trusted", &policy::GET_PORT_TRUSTED),
    ];

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::port_not_found(id)
    }

    fn id(row: &Row) -> String {
        row.id.to_string()
    }

    fn target(known: &Row) -> Target<'_> {
        let Some((network, shared)) = &known.facts else { return Target::none() };
        target(known.project_id.project(), &known.device_owner, network, *shared)
    }

    async fn load(call: &Call<Networking>, at: &mut At<'_, Networking>, id: &str) -> Result<Option<Row>> {
        let Some(row) = Port::find(at, id).await? else { return Ok(None) };
        let mut source = at.source();
        let Some(network) = Network::get(&mut source, &row.network_id).await? else {
            return Ok(None);
        };
        let network: Network = network;
        let shared = networks::shared(&mut source, &[network.id], project_of(&call.caller)).await?;
        let shared = shared.contains(&network.id);
        Ok(Some(Known { row, facts: Some((network, shared)) }))
    }

    async fn more(call: &Call<Networking>, rows: &[Row]) -> Result<Vec<PortParts>> {
        let rows: Vec<&Port> = rows.iter().map(|known| &known.row).collect();
        call.service.parts_of_ports(&mut call.service.db().into(), &rows).await
    }

    fn view(call: &Call<Networking>, row: &Row, parts: &PortParts, _: Verb) -> Value {
        sight::whole::<Self>(call, row, parts)
    }
}

impl Written for Ports {
    fn members<M: SerializeMap>(
        _: &Call<Networking>,
        row: &Row,
        parts: &PortParts,
        to: &mut Members<'_, M>,
    ) -> std::result::Result<(), M::Error> {
        let vif = status::vif_type(row.holder, &row.host);
        let details = if vif == status::UNBOUND { json!({}) } else { json!({"port_filter": true}) };
        let named = parts.fixed_ips.iter().map(|ip| Assignment::of(row, &parts.dns_domain, ip.ip_address));
        standard!(row, row.project_id.project().unwrap_or_default()).write(to)?;
        to.put("id", &row.id)?;
        to.put("name", &row.name)?;
        to.put("network_id", &row.network_id)?;
        to.put("mac_address", &row.mac_address)?;
        to.put("admin_state_up", &row.admin_state_up)?;
        to.put("status", &row.status)?;
        to.put("device_id", &row.device_id)?;
        to.put("device_owner", &row.device_owner)?;
        to.put("fixed_ips", &parts.fixed_ips)?;
        to.put("security_groups", &parts.security_groups)?;
        to.put("port_security_enabled", &row.is_filtered())?;
        to.put("allowed_address_pairs", &row.allowed_address_pairs.0)?;
        to.put("extra_dhcp_opts", &row.extra_dhcp_opts.0)?;
        to.put("dns_name", &row.dns_name)?;
        to.put("dns_assignment", &named.collect::<Vec<_>>())?;
        to.put("binding:vnic_type", &row.vnic_type)?;
        to.put("binding:vif_type", vif)?;
        to.put("binding:vif_details", &details)?;
        to.put("binding:host_id", &row.host)?;
        to.put("trusted", &row.trusted)?;
        let mut profile = Cow::Borrowed(&row.binding_profile.0);
        if let Some(trusted) = row.trusted {
            // compute reads it there, as `PortTrustedDbMixin` of Neutron puts it
            profile.to_mut().insert("trusted".to_owned(), trusted.into());
        }
        to.put("binding:profile", &*profile)
    }
}

impl List for Ports {
    const RULE: Rule = policy::GET_PORT;
    const LIST: Listing = Listing {
        filters: &[BASIC, NAMED, DESCRIBED, FILTERS, TAGS],
        sort: sort_keys![
            by("name"),
            by("network_id"),
            by("mac_address"),
            by("admin_state_up"),
            by("device_id"),
            by("device_owner"),
            by("status"),
        ],
        own: "project_id = ? OR EXISTS (SELECT 1 FROM networks n WHERE n.id = ports.network_id \
              AND n.project_id = ?)",
        ..Listing::OWN
    };

    fn item<S: Serializer>(
        call: &Call<Networking>,
        row: &Row,
        parts: &PortParts,
        (seen, _): (&Sight<'_>, Verb),
        to: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        sight::write::<Self, S>(call, row, parts, seen, to)
    }
}

const BODY: Schema = Schema::new(
    "port",
    &[
        STANDARD,
        &[
            both("name", Absent::Text(""), check::text255),
            post("network_id", Absent::Required, check::uuid),
            both("admin_state_up", Absent::Bool(true), check::boolean),
            both("mac_address", Absent::Unset, check::mac_or_null),
            both("fixed_ips", Absent::Unset, fixed_ips_wish),
            both("device_id", Absent::Text(""), check::text255),
            both("device_owner", Absent::Text(""), check::text255),
            both("security_groups", Absent::Unset, check::uuids),
            both("port_security_enabled", Absent::Unset, check::boolean),
            both("allowed_address_pairs", Absent::Unset, address_pairs),
            both("extra_dhcp_opts", Absent::Null, dhcp_options),
            both("dns_name", Absent::Text(""), check::dns_name),
            both("binding:vnic_type", Absent::Text("normal"), vnic_type),
            both("binding:host_id", Absent::Unset, host),
            both("binding:profile", Absent::Unset, profile),
            both("trusted", Absent::Unset, check::boolean),
            shown("binding:vif_type"),
            shown("binding:vif_details"),
            shown("dns_assignment"),
            shown("ip_allocation"),
        ],
    ],
);

fn made(view: PortView) -> (Row, PortParts) {
    (view.row.into(), view.parts)
}

impl Create for Ports {
    const RULE: Rule = policy::CREATE_PORT;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(Row, PortParts)> {
        Ok(made(call.service.create_port_in(tx, &call.caller, command(body)?).await?))
    }
}

impl Update for Ports {
    const RULE: Rule = policy::UPDATE_PORT;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Row, PortParts)> {
        let Known { row, facts } = loaded.into_row();
        let Some((network, shared)) = facts else { return Err(Error::port_not_found(row.id)) };
        let (net, caller, change) = (&call.service, &call.caller, command(body)?);
        net.may_update_port(caller, &row, (&network, shared), &change)?;
        fresh(call, row.revision_number)?;
        let view = net.update_port_in(tx, caller, row, &network, change).await?;
        Ok(made(view))
    }
}

impl Delete for Ports {
    const RULE: Rule = policy::DELETE_PORT;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        fresh(call, row.revision_number)?;
        call.service.delete_port_in(tx, &row).await
    }
}

impl Tagged for Ports {
    const PATHS: (&'static str, &'static str) = ("/v2.0/ports/{id}/tags", "/v2.0/ports/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_PORT_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_PORT_TAGS;
    super::tags!(Row);
}
