//! Routers. Their gateways, legs and static routes are `service/routers.rs`.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, NAMED, TAGS, by, text, truth};
use kogge_db::record::Json;
use kogge_db::{Record, SortKey, Tx};
use kogge_ids::{PortId, RouterId};
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb,
};
use serde_json::{Value, json};

use super::{command, fresh, standard};
use crate::attributes::l3::gateway;
use crate::attributes::subnets::routes;
use crate::attributes::{STANDARD, both, post, put, shown};
use crate::error::{Error, Result};
use crate::model::commands::{NewRouter, RouterChange};
use crate::service::{owner, permit, permit_fields};
use crate::store::allocations::{self, FixedIp};
use crate::store::rows::Router;
use crate::store::{routers as store, sort_keys};
use crate::{Networking, policy};

/// Routers.
pub(crate) struct Routers;

impl Resource for Routers {
    type Service = Networking;
    type Row = Router;
    /// Its addresses in the external network.
    type More = Vec<FixedIp>;

    const NAMES: Names = Names::new("router", "routers", "/v2.0/routers", "/v2.0/routers/{id}");
    const READ: Rule = policy::GET_ROUTER;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::router_not_found(id)
    }

    fn id(row: &Router) -> String {
        row.id.to_string()
    }

    fn target(row: &Router) -> Target<'_> {
        Target::project(&row.project_id)
    }

    async fn more(call: &Call<Networking>, rows: &[Router]) -> Result<Vec<Vec<FixedIp>>> {
        let gateways: Vec<PortId> = rows.iter().filter_map(|row| row.gateway_port_id).collect();
        let mut addresses = allocations::of_ports(&mut call.service.db().into(), &gateways).await?;
        let mut of =
            |row: &Router| row.gateway_port_id.and_then(|id| addresses.remove(&id)).unwrap_or_default();
        Ok(rows.iter().map(&mut of).collect())
    }

    fn view(call: &Call<Networking>, row: &Router, gateway_ips: &Vec<FixedIp>, _: Verb) -> Value {
        let gateway = row.gateway_network_id.map(|network| {
            json!({
                "network_id": network,
                "enable_snat": row.enable_snat,
                "external_fixed_ips": gateway_ips,
            })
        });
        standard!(row).add(json!({
            "id": row.id,
            "name": row.name,
            "admin_state_up": row.admin_state_up,
            "status": "ACTIVE",
            "external_gateway_info": gateway,
            "routes": row.routes.0,
            "availability_zone_hints": row.az_hints.0,
            "availability_zones": [call.service.config().availability_zone],
        }))
    }
}

impl Routers {
    /// The body of an answer with the router as it is after a change that is none of the five operations.
    pub(crate) fn shown(call: &Call<Networking>, row: &Router, gateway_ips: &Vec<FixedIp>) -> Value {
        json!({ Self::NAMES.one: Self::view(call, row, gateway_ips, Verb::Update) })
    }
}

impl List for Routers {
    const RULE: Rule = policy::GET_ROUTER;
    const LIST: Listing = Listing {
        filters: &[
            BASIC,
            NAMED,
            DESCRIBED,
            TAGS,
            &[truth("admin_state_up", "admin_state_up = ?"), text("status", "'ACTIVE' = ?")],
        ],
        sort: sort_keys![
            by("name"),
            by("admin_state_up"),
            SortKey { name: "status", expression: "'ACTIVE'" },
        ],
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "router",
    &[
        STANDARD,
        &[
            both("name", Absent::Text(""), check::text255),
            both("admin_state_up", Absent::Bool(true), check::boolean),
            both("external_gateway_info", Absent::Null, gateway),
            put("routes", routes),
            post("availability_zone_hints", Absent::List, check::texts),
            shown("availability_zones"),
        ],
    ],
);

/// The addresses of a router's gateway, as of the transaction.
pub(crate) async fn gateway_ips(tx: &mut Tx, row: &Router) -> Result<Vec<FixedIp>> {
    let Some(port) = row.gateway_port_id else { return Ok(Vec::new()) };
    Ok(allocations::of_ports(&mut tx.into(), &[port]).await?.remove(&port).unwrap_or_default())
}

impl Create for Routers {
    const RULE: Rule = policy::CREATE_ROUTER;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(Router, Vec<FixedIp>)> {
        let row = call.service.create_router_in(tx, &call.caller, command(body)?).await?;
        let ips = gateway_ips(tx, &row).await?;
        Ok((row, ips))
    }
}

impl Update for Routers {
    const RULE: Rule = policy::UPDATE_ROUTER;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Router, Vec<FixedIp>)> {
        let (net, caller) = (&call.service, &call.caller);
        let (mut row, change) = (loaded.into_row(), command::<RouterChange>(body)?);
        permit_fields(caller, "update_router", &change.fields, &Self::target(&row))?;
        fresh(call, row.revision_number)?;
        match change.external_gateway_info {
            Some(Some(wish)) => net.set_gateway(tx, caller, &mut row, &wish).await?,
            Some(None) => net.clear_gateway(tx, &mut row).await?,
            None => {}
        }
        row.routes = change.routes.map_or(row.routes, Json);
        net.routes_fit(tx, &row).await?;
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.admin_state_up = change.admin_state_up.unwrap_or(row.admin_state_up);
        net.save_router(tx, &mut row).await?;
        let ips = gateway_ips(tx, &row).await?;
        Ok((row, ips))
    }
}

impl Delete for Routers {
    const RULE: Rule = policy::DELETE_ROUTER;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        fresh(call, loaded.revision_number)?;
        call.service.remove_router(tx, loaded.into_row()).await
    }
}

impl Tagged for Routers {
    const PATHS: (&'static str, &'static str) = ("/v2.0/routers/{id}/tags", "/v2.0/routers/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_ROUTER_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_ROUTER_TAGS;
    super::tags!(Router);
}

impl Networking {
    /// Removes a router without interfaces, with its gateway.
    ///
    /// # Errors
    /// `RouterInUse`, `RouterExternalGatewayInUseByFloatingIp`.
    pub(crate) async fn remove_router(&self, tx: &mut Tx, mut row: Router) -> Result<()> {
        let attached: Vec<String> =
            self.interfaces(tx, row.id).await?.iter().map(|port| port.id.to_string()).collect();
        if !attached.is_empty() {
            let reason = format!("has ports still attached: {}", attached.join(", "));
            return Err(Error::router_in_use(row.id, reason));
        }
        self.clear_gateway(tx, &mut row).await?;
        store::remove(tx, row.id).await?;
        Ok(())
    }

    /// Creates a router.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`, and the faults of a gateway.
    pub(crate) async fn create_router_in(
        &self,
        tx: &mut Tx,
        caller: &kogge_auth::Caller,
        new: NewRouter,
    ) -> Result<Router> {
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project);
        permit(caller, &policy::CREATE_ROUTER, &wished)?;
        permit_fields(caller, "create_router", &new.fields, &wished)?;
        self.charge(tx, &project, "router", 1).await?;
        let now = self.clock().now();
        let mut row = Router {
            id: RouterId::random(),
            project_id: project,
            name: new.name,
            description: new.description,
            admin_state_up: new.admin_state_up,
            gateway_port_id: None,
            gateway_network_id: None,
            enable_snat: true,
            routes: Json(Vec::new()),
            az_hints: Json(new.az_hints),
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 1,
        };
        row.insert(tx).await?;
        if let Some(wish) = new.external_gateway_info {
            self.set_gateway(tx, caller, &mut row, &wish).await?;
            row.save(tx).await?;
        }
        Ok(row)
    }
}
