//! Subnets: who may see one depends on its network. What is checked is `service/subnets.rs`.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, Filter, NAMED, TAGS, by, int, text, truth};
use kogge_db::{Record, SortKey, Tx};
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, At, Body, Call, Create, Delete, Known, List, Listing, Loaded, Names, Resource, Schema, Stored,
    Update, Verb,
};
use serde_json::{Value, json};

use super::{command, fresh, standard};
use crate::attributes::subnets::{ipv6_mode, nameservers, pools, routes, service_types};
use crate::attributes::{STANDARD, both, post, shown};
use crate::error::{Error, Result};
use crate::service::project_of;
use crate::service::subnets::target;
use crate::store::rows::{Network, Subnet};
use crate::store::{networks as store, sort_keys};
use crate::{Networking, policy};

/// Subnets.
pub(crate) struct Subnets;

/// A subnet with its network, and whether that is shared with the caller in one way or another.
type Row = Known<Subnet, Option<(Network, bool)>>;

const SUBNET_FILTERS: &[Filter] = &[
    text("network_id", "network_id = ?"),
    int("ip_version", "ip_version = ?"),
    text("cidr", "cidr = ?"),
    text("gateway_ip", "gateway_ip = ?"),
    truth("enable_dhcp", "enable_dhcp = ?"),
    text("ipv6_ra_mode", "ipv6_ra_mode = ?"),
    text("ipv6_address_mode", "ipv6_address_mode = ?"),
    text("subnetpool_id", "subnetpool_id = ?"),
    text("segment_id", "'' <> ? AND 1 = 0"),
    truth(
        "shared",
        "EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = subnets.network_id AND r.target_project = '*' \
         AND r.action = 'access_as_shared') = ?",
    ),
    truth(
        "router:external",
        "EXISTS (SELECT 1 FROM networks n WHERE n.id = subnets.network_id AND n.external) = ?",
    ),
];

impl Resource for Subnets {
    type Service = Networking;
    type Row = Row;
    type More = ();

    const NAMES: Names = Names::new("subnet", "subnets", "/v2.0/subnets", "/v2.0/subnets/{id}");
    const READ: Rule = policy::GET_SUBNET;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::subnet_not_found(id)
    }

    fn id(row: &Row) -> String {
        row.id.to_string()
    }

    fn target(known: &Row) -> Target<'_> {
        known.facts.as_ref().map_or_else(Target::none, |(network, open)| target(&known.row, network, *open))
    }

    async fn load(call: &Call<Networking>, at: &mut At<'_, Networking>, id: &str) -> Result<Option<Row>> {
        let Some(row) = Subnet::find(at, id).await? else { return Ok(None) };
        let Some(network) = Network::get(&mut at.source(), &row.network_id).await? else { return Ok(None) };
        let open = store::is_open(&mut at.source(), network.id, project_of(&call.caller)).await?;
        Ok(Some(Known { row, facts: Some((network, open)) }))
    }

    fn view(_: &Call<Networking>, row: &Row, (): &(), _: Verb) -> Value {
        standard!(row).add(json!({
            "id": row.id,
            "name": row.name,
            "network_id": row.network_id,
            "ip_version": row.ip_version,
            "cidr": row.cidr.to_string(),
            "gateway_ip": row.gateway_ip,
            "allocation_pools": row.allocation_pools.0,
            "dns_nameservers": row.dns_nameservers.0,
            "host_routes": row.host_routes.0,
            "enable_dhcp": row.enable_dhcp,
            "ipv6_ra_mode": row.ipv6_ra_mode,
            "ipv6_address_mode": row.ipv6_address_mode,
            "subnetpool_id": row.subnetpool_id,
            "service_types": row.service_types.0,
            "dns_publish_fixed_ip": row.dns_publish_fixed_ip,
        }))
    }
}

impl List for Subnets {
    const RULE: Rule = policy::GET_SUBNET;
    const LIST: Listing = Listing {
        filters: &[BASIC, NAMED, DESCRIBED, SUBNET_FILTERS, TAGS],
        sort: sort_keys![
            by("name"),
            by("network_id"),
            by("ip_version"),
            by("cidr"),
            SortKey { name: "gateway_ip", expression: "COALESCE(gateway_ip, '')" },
            by("enable_dhcp"),
            SortKey { name: "ipv6_ra_mode", expression: "COALESCE(ipv6_ra_mode, '')" },
            SortKey { name: "ipv6_address_mode", expression: "COALESCE(ipv6_address_mode, '')" },
            SortKey { name: "subnetpool_id", expression: "COALESCE(subnetpool_id, '')" },
        ],
        own: "project_id = ? OR EXISTS (SELECT 1 FROM networks n WHERE n.id = subnets.network_id \
              AND n.project_id = ?) OR EXISTS (SELECT 1 FROM network_rbac r \
              WHERE r.object_id = subnets.network_id AND r.target_project IN ('*', ?))",
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "subnet",
    &[
        STANDARD,
        &[
            both("name", Absent::Text(""), check::text255),
            post("network_id", Absent::Required, check::uuid),
            post("ip_version", Absent::Required, check::ip_version),
            post("cidr", Absent::Unset, check::range_or_null),
            post("prefixlen", Absent::Unset, check::non_negative),
            post("subnetpool_id", Absent::Unset, check::uuid_or_null),
            post("use_default_subnetpool", Absent::Bool(false), check::boolean),
            both("gateway_ip", Absent::Unset, check::address_or_null),
            both("allocation_pools", Absent::Unset, pools),
            both("dns_nameservers", Absent::Unset, nameservers),
            both("host_routes", Absent::Unset, routes),
            both("enable_dhcp", Absent::Bool(true), check::boolean),
            post("ipv6_ra_mode", Absent::Unset, ipv6_mode),
            post("ipv6_address_mode", Absent::Unset, ipv6_mode),
            both("service_types", Absent::Unset, service_types),
            both("dns_publish_fixed_ip", Absent::Bool(false), check::boolean),
            shown("shared"),
        ],
    ],
);

impl Create for Subnets {
    const RULE: Rule = policy::CREATE_SUBNET;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(Row, ())> {
        Ok((call.service.create_subnet_in(tx, &call.caller, command(body)?).await?.into(), ()))
    }
}

impl Update for Subnets {
    const RULE: Rule = policy::UPDATE_SUBNET;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Row, ())> {
        let Known { row, facts } = loaded.into_row();
        let Some((network, _)) = facts else { return Err(Error::subnet_not_found(row.id)) };
        let change = command(body)?;
        call.service.may_update_subnet(&call.caller, &row, &network, &change)?;
        fresh(call, row.revision_number)?;
        Ok((call.service.update_subnet_in(tx, row, &network, change).await?.into(), ()))
    }
}

/// DHCP ports and addresses that guests made themselves do not keep it.
impl Delete for Subnets {
    const RULE: Rule = policy::DELETE_SUBNET;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        let Known { row, facts } = loaded.into_row();
        let Some((network, _)) = facts else { return Err(Error::subnet_not_found(row.id)) };
        fresh(call, row.revision_number)?;
        call.service.delete_subnet_in(tx, &row, &network).await
    }
}

impl Tagged for Subnets {
    const PATHS: (&'static str, &'static str) = ("/v2.0/subnets/{id}/tags", "/v2.0/subnets/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_SUBNET_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_SUBNET_TAGS;
    super::tags!(Row);
}
