//! Networks: who may see one depends on whom it is shared with. What is checked is `service/networks.rs`.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, Filter, NAMED, TAGS, Whose, by, int, text, truth};
use kogge_db::{ListQuery, Paged, Record, SortKey, Source, Tx};
use kogge_ids::NetworkId;
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, At, Body, Call, Create, Delete, Known, List, Listing, Loaded, Names, Resource, Schema, Stored,
    Update, Verb,
};
use serde_json::{Value, json};

use super::{command, fresh, standard};
use crate::attributes::{STANDARD, both, post, shown};
use crate::error::{Error, Result};
use crate::service::networks::{NetworkView, target};
use crate::service::project_of;
use crate::store::rows::Network;
use crate::store::{networks as store, sort_keys};
use crate::{Networking, policy};

/// Networks.
pub(crate) struct Networks;

const FILTERS: &[Filter] = &[
    truth("admin_state_up", "admin_state_up = ?"),
    text("status", "'ACTIVE' = ?"),
    int("mtu", "mtu = ?"),
    truth("router:external", "external = ?"),
    truth("is_default", "is_default = ?"),
    text("dns_domain", "dns_domain = ?"),
    truth("port_security_enabled", "port_security_enabled = ?"),
    text("provider:network_type", "network_type = ?"),
    text("provider:physical_network", "physical_network = ?"),
    int("provider:segmentation_id", "segmentation_id = ?"),
    truth(
        "shared",
        "EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = networks.id AND r.target_project = '*' \
         AND r.action = 'access_as_shared') = ?",
    ),
];

impl Resource for Networks {
    type Service = Networking;
    /// Whether it is shared with the caller in one way or another.
    type Row = Known<Network, bool>;
    /// What a caller sees besides.
    type More = Option<NetworkView>;

    const NAMES: Names = Names::new("network", "networks", "/v2.0/networks", "/v2.0/networks/{id}");
    const READ: Rule = policy::GET_NETWORK;
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[
        ("provider:network_type", &policy::GET_NETWORK_PROVIDER_NETWORK_TYPE),
        ("provider:physical_network", &policy::GET_NETWORK_PROVIDER_PHYSICAL_NETWORK),
        ("provider:segmentation_id", &policy::GET_NETWORK_PROVIDER_SEGMENTATION_ID),
    ];

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::network_not_found(id)
    }

    fn id(row: &Self::Row) -> String {
        row.id.to_string()
    }

    fn target(known: &Self::Row) -> Target<'_> {
        target(&known.row, known.facts)
    }

    async fn load(
        call: &Call<Networking>,
        at: &mut At<'_, Networking>,
        id: &str,
    ) -> Result<Option<Self::Row>> {
        let Some(row) = Network::find(at, id).await? else { return Ok(None) };
        let facts = store::is_open(&mut at.source(), row.id, project_of(&call.caller)).await?;
        Ok(Some(Known { row, facts }))
    }

    async fn more(call: &Call<Networking>, rows: &[Self::Row]) -> Result<Vec<Option<NetworkView>>> {
        let source = &mut call.service.db().into();
        let rows = rows.iter().map(|known| known.row.clone()).collect();
        Ok(call.service.complete_networks(source, &call.caller, rows).await?.into_iter().map(Some).collect())
    }

    fn view(call: &Call<Networking>, row: &Self::Row, view: &Option<NetworkView>, _: Verb) -> Value {
        let subnets: &[_] = view.as_ref().map_or(&[], |view| &view.subnets);
        let zone = Some(&call.service.config().availability_zone).filter(|_| !subnets.is_empty());
        let mut body = standard!(row).add(json!({
            "id": row.id,
            "name": row.name,
            "admin_state_up": row.admin_state_up,
            "status": "ACTIVE",
            "subnets": subnets,
            "shared": view.as_ref().is_some_and(|view| view.shared),
            "router:external": row.external,
            "mtu": row.mtu,
            "dns_domain": row.dns_domain,
            "port_security_enabled": row.port_security_enabled,
            "ipv4_address_scope": null,
            "ipv6_address_scope": null,
            "availability_zone_hints": row.az_hints.0,
            "availability_zones": Vec::from_iter(zone),
            "provider:network_type": row.network_type,
            "provider:physical_network": row.physical_network,
            "provider:segmentation_id": row.segmentation_id,
        }));
        if row.external {
            body["is_default"] = row.is_default.into();
        }
        body
    }
}

/// A page of networks, as the list has it.
pub(crate) async fn page_of(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Paged<Network>> {
    let list = Networks::LIST;
    let select = whose.of(Network::select(), list.own);
    Ok(Network::page(source, select, list.filters, query, list.sort).await?)
}

impl List for Networks {
    const RULE: Rule = policy::GET_NETWORK;
    const LIST: Listing = Listing {
        filters: &[BASIC, NAMED, DESCRIBED, FILTERS, TAGS],
        sort: sort_keys![
            by("name"),
            by("admin_state_up"),
            SortKey { name: "status", expression: "'ACTIVE'" },
            by("mtu"),
            SortKey { name: "availability_zone_hints", expression: "az_hints" },
        ],
        own: "project_id = ? OR EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = networks.id \
              AND r.target_project IN ('*', ?))",
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "network",
    &[
        STANDARD,
        &[
            both("name", Absent::Text(""), check::text255),
            both("admin_state_up", Absent::Bool(true), check::boolean),
            both("shared", Absent::Bool(false), check::boolean),
            both("router:external", Absent::Bool(false), check::boolean),
            both("is_default", Absent::Bool(false), check::boolean),
            both("mtu", Absent::Int(0), check::non_negative),
            both("dns_domain", Absent::Text(""), check::dns_domain),
            both("port_security_enabled", Absent::Bool(true), check::boolean),
            both("provider:network_type", Absent::Unset, check::text32),
            both("provider:physical_network", Absent::Unset, check::text_or_null),
            both("provider:segmentation_id", Absent::Unset, check::integer_or_null),
            post("availability_zone_hints", Absent::List, check::texts),
            shown("availability_zones"),
            shown("subnets"),
            shown("ipv4_address_scope"),
            shown("ipv6_address_scope"),
            shown("l2_adjacency"),
        ],
    ],
);

impl Create for Networks {
    const RULE: Rule = policy::CREATE_NETWORK;
    const BODY: Schema = BODY;

    async fn create(
        call: &Call<Networking>,
        tx: &mut Tx,
        body: Body,
    ) -> Result<(Self::Row, Option<NetworkView>)> {
        let view = call.service.create_network_in(tx, &call.caller, command(body)?).await?;
        Ok((view.row.clone().into(), Some(view)))
    }
}

impl Update for Networks {
    const RULE: Rule = policy::UPDATE_NETWORK;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Self::Row, Option<NetworkView>)> {
        let row = loaded.into_row().row;
        let change = command(body)?;
        call.service.may_update_network(&call.caller, &row, &change)?;
        fresh(call, row.revision_number)?;
        let view = call.service.update_network_in(tx, &call.caller, row, change).await?;
        Ok((view.row.clone().into(), Some(view)))
    }
}

/// With its subnets and DHCP ports.
impl Delete for Networks {
    const RULE: Rule = policy::DELETE_NETWORK;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        fresh(call, row.revision_number)?;
        call.service.delete_network_in(tx, &row.row).await
    }
}

impl Tagged for Networks {
    const PATHS: (&'static str, &'static str) =
        ("/v2.0/networks/{id}/tags", "/v2.0/networks/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_NETWORK_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_NETWORK_TAGS;
    super::tags!(Known<Network, bool>);
}

impl Networking {
    /// The network that has this id, if the caller may change it as `rule` says. For what is done with networks by
    /// other parts of the service.
    pub(crate) async fn own_network(
        &self,
        tx: &mut Tx,
        caller: &kogge_auth::Caller,
        id: NetworkId,
        rule: &Rule,
    ) -> Result<Network> {
        let missing = || Error::network_not_found(id);
        let row = Network::lock(tx, &id).await?.ok_or_else(missing)?;
        let open = store::is_open(&mut (&mut *tx).into(), id, project_of(caller)).await?;
        crate::service::permit_change(caller, rule, &policy::GET_NETWORK, &target(&row, open), missing)?;
        Ok(row)
    }
}
