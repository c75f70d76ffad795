//! Agents, for administrators: one per task that a host does for networks; the host does them all in one process.
//! Upstream: `neutron_lib/api/definitions/agent.py`, `neutron/db/agents_db.py`.

use kogge_auth::{Rule, Target};
use kogge_clock::Timestamp;
use kogge_db::filter::{Filter, by, text, truth};
use kogge_db::{BadFilter, Paged, Record, Select, Tx};
use kogge_resource::neutron::check;
use kogge_resource::{
    Body, Call, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::attributes::{put, shown};
use crate::error::{Error, Result};
use crate::model::agents::L3;
use crate::store::agents::Agent;
use crate::{Networking, policy};

/// Agents.
pub(crate) struct Agents;

/// As agents tell times.
fn spelled(time: Timestamp) -> String {
    time.seconds_z().replace('T', " ").replace('Z', "")
}

impl Resource for Agents {
    type Service = Networking;
    type Row = Agent;
    type More = ();

    const NAMES: Names = Names::new("agent", "agents", "/v2.0/agents", "/v2.0/agents/{id}");
    const READ: Rule = policy::GET_AGENT;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::agent_not_found(id)
    }

    fn id(row: &Agent) -> String {
        row.id.to_string()
    }

    fn view(call: &Call<Networking>, row: &Agent, (): &(), _: Verb) -> Value {
        let net = &call.service;
        let alive = net.nodes().known().contains(&row.host);
        let heartbeat = if alive { net.clock().now() } else { row.started_at };
        json!({
            "id": row.id,
            "agent_type": row.agent_type,
            "binary": "kogge",
            "topic": "N/A",
            "host": row.host,
            "admin_state_up": row.admin_state_up,
            "alive": alive,
            "availability_zone": net.config().availability_zone,
            "configurations": {},
            "created_at": spelled(row.created_at),
            "started_at": spelled(row.started_at),
            "heartbeat_timestamp": spelled(heartbeat),
            "description": row.description,
            "resources_synced": null,
        })
    }
}

const FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("agent_type", "agent_type = ?"),
    text("host", "host = ?"),
    text("binary", "'kogge' = ?"),
    text("topic", "'N/A' = ?"),
    text("description", "description = ?"),
    truth("admin_state_up", "admin_state_up = ?"),
];

impl List for Agents {
    const RULE: Rule = policy::GET_AGENT;
    const LIST: Listing = Listing {
        filters: &[FILTERS],
        sort: &[
            by("id"),
            by("agent_type"),
            by("host"),
            by("admin_state_up"),
            by("created_at"),
            by("started_at"),
            by("description"),
        ],
        ..Listing::OWN
    };

    /// Who may not see any sees an empty list, as upstream. Which are alive, and where, is not in their rows.
    async fn page(call: &Call<Networking>, wanted: &Wanted) -> Result<Paged<Agent>> {
        if !call.caller.may(&policy::GET_AGENT, &Target::none()) {
            return Ok(Paged { items: Vec::new(), more: false });
        }
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let (net, mut query, mut select) = (&call.service, wanted.query.clone(), Agent::select());
        if let Some(alive) = query.filters.remove("alive") {
            select = living(net, select, &alive)?;
        }
        if let Some(zones) = query.filters.remove("availability_zone") {
            let here = zones.contains(&net.config().availability_zone);
            select = if here { select } else { select.and_fixed("1 = 0") };
        }
        Ok(Agent::page(&mut net.db().into(), select, Self::LIST.filters, &query, Self::LIST.sort).await?)
    }
}

/// Only those of hosts that are known, or only the others.
fn living(net: &Networking, select: Select, asked: &[String]) -> Result<Select> {
    let value = asked.first().cloned().unwrap_or_default();
    let known = net.nodes().known();
    match check::truth(&value.as_str().into()) {
        Some(true) => Ok(select.and_in("host", known)),
        Some(false) => Ok(known.into_iter().fold(select, |select, host| select.and("host <> ?", host))),
        None => Err(BadFilter { name: "alive".to_owned(), value: Some(value) }.into()),
    }
}

impl Update for Agents {
    const RULE: Rule = policy::UPDATE_AGENT;
    const BODY: Schema = Schema::new(
        "agent",
        &[&[
            shown("id"),
            shown("agent_type"),
            shown("binary"),
            shown("topic"),
            shown("host"),
            shown("alive"),
            shown("availability_zone"),
            shown("configurations"),
            shown("created_at"),
            shown("started_at"),
            shown("heartbeat_timestamp"),
            shown("resources_synced"),
            put("admin_state_up", check::boolean),
            put("description", check::description),
        ]],
    );

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Agent, ())> {
        let mut row = loaded.into_row();
        if let Some(up) = body.truth("admin_state_up") {
            if !up && row.agent_type != L3 {
                // what a flag without effect would hide
                let message =
                    format!("a {} rests with its host: disable the host's compute service", row.agent_type);
                return Err(Error::bad_request("agents", message));
            }
            row.admin_state_up = up;
        }
        row.description = body.text("description").unwrap_or(row.description);
        row.save(tx).await?;
        call.service.look_at_routers(tx).await?;
        Ok((row, ()))
    }
}

/// One whose host lives reports again at once, as new.
impl Delete for Agents {
    const RULE: Rule = policy::DELETE_AGENT;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        let (net, row) = (&call.service, loaded.into_row());
        Agent::delete(tx, &row.id).await?;
        if net.nodes().known().contains(&row.host) {
            let (created_at, description) = (net.clock().now(), String::new());
            let row = Agent { admin_state_up: true, description, created_at, ..row };
            row.insert(&mut *tx).await?;
        }
        net.look_at_routers(tx).await
    }
}
