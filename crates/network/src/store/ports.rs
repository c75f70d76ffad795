//! Ports.

use kogge_db::Record as _;
use std::collections::HashMap;

use kogge_db::{DbError, Direction, Executor, Query, Row, Select, Tx};
use kogge_ids::{NetworkId, PortId, ProjectId, SecurityGroupId, ServerId, SubnetId};

use super::rows::Port;
use crate::model::holder::Holder;
use kogge_db::Source;

/// The ports of a network.
pub(crate) async fn of_network(source: &mut Source<'_>, network: NetworkId) -> Result<Vec<Port>, DbError> {
    let select = Select::new(Port::COLUMNS, Port::TABLE).and("network_id = ?", network);
    Ok(select.fetch(source, Port::from_row).await?.items)
}

/// The ports that some things hold, oldest first.
pub(crate) async fn held_by(
    source: &mut Source<'_>,
    holders: &[Holder],
    ids: &[String],
) -> Result<Vec<Port>, DbError> {
    let mut found = Port::with(source, "holder_id", ids, &["created_at", "id"]).await?;
    found.retain(|port| holders.contains(&port.holder));
    Ok(found)
}

/// What views show of a port of a server, as far as it stands in its row.
pub(crate) struct Seen {
    pub(crate) id: PortId,
    pub(crate) server: ServerId,
    pub(crate) network_id: NetworkId,
    pub(crate) mac: String,
    pub(crate) status: String,
}

/// As [`held_by`] for servers, of each port only what views show.
pub(crate) async fn seen(source: &mut Source<'_>, servers: &[ServerId]) -> Result<Vec<Seen>, DbError> {
    let read = |row: &Row| {
        Ok(Seen {
            id: row.parse("id")?,
            server: row.parse("holder_id")?,
            network_id: row.parse("network_id")?,
            mac: row.text("mac_address")?,
            status: row.text("status")?,
        })
    };
    let mut found = Vec::with_capacity(servers.len());
    for part in servers.chunks(500) {
        let select = Select::new("id, holder_id, network_id, mac_address, status", Port::TABLE)
            .and("holder = ?", Holder::Server.to_string())
            .and_in("holder_id", part.iter().copied())
            .order_by("created_at", Direction::Ascending)
            .order_by("id", Direction::Ascending);
        found.extend(select.fetch(&mut *source, read).await?.items);
    }
    Ok(found)
}

/// Makes a server the holder of a port; false where the port is of another project than the server, or something
/// else holds it. The one statement that says which port belongs to which server.
pub(crate) async fn plug_into_server(
    tx: &mut Tx,
    port: PortId,
    server: ServerId,
    project: &ProjectId,
) -> Result<bool, DbError> {
    let query = Query::new(
        "UPDATE ports SET holder = 'server', holder_id = $2 WHERE id = $1 AND project_id = $3 \
         AND (holder = 'nobody' OR (holder = 'server' AND holder_id = $2))",
    );
    tx.touch(Port::TABLE, port);
    Ok(tx.execute(query.bind(port).bind(server).bind(project.as_str())).await? == 1)
}

/// Whether another port of the network has the same MAC address.
pub(crate) async fn has_mac_of(tx: &mut Tx, row: &Port) -> Result<bool, DbError> {
    let query = Query::new("SELECT id FROM ports WHERE network_id = $1 AND mac_address = $2 AND id <> $3");
    let query = query.bind(row.network_id).bind(&row.mac_address).bind(row.id);
    Ok(tx.optional(query).await?.is_some())
}

/// The ports on a host.
pub(crate) async fn on_host(source: &mut Source<'_>, host: &str) -> Result<Vec<Port>, DbError> {
    Port::all(source, Port::select().and("host = ?", host)).await
}

/// The ports where DHCP answers on some networks.
pub(crate) async fn of_dhcp(source: &mut Source<'_>, networks: &[NetworkId]) -> Result<Vec<Port>, DbError> {
    let select = Port::select().and_fixed("holder = 'dhcp'").and_in("network_id", networks.iter().copied());
    Port::all(source, select).await
}

/// Where a port is: what decides who has to know of it.
pub(crate) struct Whereabouts {
    pub(crate) id: PortId,
    pub(crate) network: NetworkId,
    pub(crate) holder: Holder,
    pub(crate) holder_id: Option<String>,
    pub(crate) host: String,
}

/// Where these ports are, or all.
pub(crate) async fn whereabouts(
    source: &mut Source<'_>,
    ids: Option<&[PortId]>,
) -> Result<Vec<Whereabouts>, DbError> {
    let select = || Select::new("id, network_id, holder, holder_id, host", Port::TABLE);
    let read = |row: &Row| {
        Ok(Whereabouts {
            id: row.parse("id")?,
            network: row.parse("network_id")?,
            holder: row.parse("holder")?,
            holder_id: row.opt_text("holder_id")?,
            host: row.text("host")?,
        })
    };
    let Some(ids) = ids else { return Ok(select().fetch(source, read).await?.items) };
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        found.extend(select().and_in("id", part.iter().copied()).fetch(&mut *source, read).await?.items);
    }
    Ok(found)
}

/// Notes what a node made of a port, unless the port is another than it was when it was read: then it is looked at again.
/// That is no change of the user's: neither its revision nor the time of its change rises, and no node is told of it.
pub(crate) async fn observe(
    tx: &mut Tx,
    read: &Port,
    host: &str,
    up: bool,
    status: &str,
) -> Result<(), DbError> {
    let query = Query::new(
        "UPDATE ports SET up = $2, status = $3, host = $4 \
         WHERE id = $1 AND host = $5 AND holder = $6 AND admin_state_up = $7",
    );
    let query = query.bind(read.id).bind(up).bind(status).bind(host);
    let query = query.bind(read.host.as_str()).bind(read.holder.to_string()).bind(read.admin_state_up);
    tx.execute(query).await.map(drop)
}

/// Whether a text is the id of a router or of a server (with ports) of another project.
pub(crate) async fn is_device_of_another(tx: &mut Tx, id: &str, project: &str) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS one FROM routers WHERE id = $1 AND project_id <> $2 \
         UNION ALL SELECT 1 AS one FROM ports WHERE holder = 'server' AND holder_id = $1 AND project_id <> $2 LIMIT 1",
    );
    Ok(tx.optional(query.bind(id).bind(project)).await?.is_some())
}

/// Ports by id.
pub(crate) async fn by_ids(source: &mut Source<'_>, ids: &[PortId]) -> Result<Vec<Port>, DbError> {
    Port::with(source, "id", ids, &[]).await
}

/// The ports with an address of a subnet.
pub(crate) async fn on_subnet(source: &mut Source<'_>, subnet: SubnetId) -> Result<Vec<Port>, DbError> {
    let select = Select::new(Port::COLUMNS, Port::TABLE).and(
        "EXISTS (SELECT 1 FROM ip_allocations a WHERE a.port_id = ports.id AND a.subnet_id = ?)",
        subnet,
    );
    Ok(select.fetch(source, Port::from_row).await?.items)
}

/// The security groups of some ports.
pub(crate) async fn groups_of(
    source: &mut Source<'_>,
    ports: &[PortId],
) -> Result<HashMap<PortId, Vec<SecurityGroupId>>, DbError> {
    let mut found: HashMap<PortId, Vec<SecurityGroupId>> = HashMap::new();
    for part in ports.chunks(500) {
        let select = Select::new("port_id, security_group_id", "port_security_groups")
            .and_in("port_id", part.iter().copied())
            .order_by("security_group_id", Direction::Ascending);
        let pair = |row: &Row| Ok((row.parse("port_id")?, row.parse("security_group_id")?));
        for (port, group) in source.list("port_security_groups", select.query(), pair).await? {
            found.entry(port).or_default().push(group);
        }
    }
    Ok(found)
}

/// Makes `groups` the security groups of a port.
pub(crate) async fn set_groups(tx: &mut Tx, port: PortId, groups: &[SecurityGroupId]) -> Result<(), DbError> {
    tx.touch(Port::TABLE, port);
    tx.execute(Query::new("DELETE FROM port_security_groups WHERE port_id = $1").bind(port)).await?;
    for group in groups {
        let query = Query::new(
            "INSERT INTO port_security_groups (port_id, security_group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        );
        tx.execute(query.bind(port).bind(*group)).await?;
    }
    Ok(())
}

/// Removes a port with all that belongs to it; floating IPs that led to it lead nowhere.
pub(crate) async fn remove(tx: &mut Tx, port: PortId) -> Result<bool, DbError> {
    tx.touch(Port::TABLE, port);
    super::routers::disassociate(tx, port, None).await?;
    tx.execute(Query::new("DELETE FROM port_security_groups WHERE port_id = $1").bind(port)).await?;
    super::allocations::release_all(tx, port).await?;
    let delete = Query::new("DELETE FROM ports WHERE id = $1 RETURNING project_id").bind(port);
    let Some(gone) = tx.optional(delete).await? else { return Ok(false) };
    let project = gone.str("project_id")?;
    if !project.is_empty() {
        super::quotas::moved(tx, project, -1).await?;
    }
    Ok(true)
}
