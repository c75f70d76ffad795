//! A database of the first version: what a port is was only said by its words.

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Executor, Migrations, Query};
use kogge_network::MIGRATIONS;

const PORT: &str = "INSERT INTO ports (id, project_id, name, description, network_id, mac_address, admin_state_up, \
     device_id, device_owner, port_security_enabled, allowed_address_pairs, extra_dhcp_opts, dns_name, vnic_type, host, \
     binding_profile, made_by_device, up, status, tags, created_at, updated_at, revision_number) \
     VALUES ($1, $2, '', '', 'net', $1, TRUE, $3, $4, $5, '[]', '[]', '', 'normal', '', '{}', FALSE, FALSE, 'DOWN', '[]', \
     0, 0, 1)";
const REST: &[&str] = &[
    "INSERT INTO networks (id, project_id, name, description, admin_state_up, mtu, dns_domain, port_security_enabled, \
     external, is_default, network_type, segment, az_hints, auto_allocated, tags, created_at, updated_at, \
     revision_number) VALUES ('net', 'owner', '', '', TRUE, 1450, '', TRUE, TRUE, FALSE, 'vxlan', 7, '[]', FALSE, '[]', \
     0, 0, 1)",
    "INSERT INTO security_groups (id, project_id, name, description, stateful, is_default, tags, created_at, updated_at, \
     revision_number) VALUES ('group', 'guest', 'default', '', TRUE, TRUE, '[]', 0, 0, 1)",
];
const ROUTER: &str = "INSERT INTO routers (id, project_id, name, description, admin_state_up, gateway_port_id, \
     gateway_network_id, enable_snat, routes, az_hints, tags, created_at, updated_at, revision_number) \
     VALUES ('router', 'guest', '', '', TRUE, 'gateway', 'net', TRUE, '[]', '[]', '[]', 0, 0, 1)";
const FLOATING: &str = "INSERT INTO floating_ips (id, project_id, description, floating_network_id, floating_ip_address, \
     floating_port_id, dns_name, dns_domain, tags, created_at, updated_at, revision_number) \
     VALUES ('fip', 'guest', '', 'net', '192.0.2.9', 'floating', '', '', '[]', 0, 0, 1)";

/// id, project, device_id, device_owner, port security → holder, its id, port security.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    (&'static str, Option<&'static str>, bool),
);
const PORTS: &[Case] = &[
    ("gateway", "", "router", "network:router_gateway", false, ("router_gateway", Some("router"), true)),
    ("floating", "", "fip", "network:floatingip", false, ("floating_ip", Some("fip"), true)),
    ("leg", "guest", "router", "network:router_interface", false, ("router_interface", Some("router"), true)),
    ("dhcp", "owner", "dhcp-net", "network:dhcp", false, ("dhcp", Some("net"), true)),
    // words without anything behind them
    ("no-leg", "guest", "nothing", "network:router_interface", false, ("nobody", None, true)),
    ("no-dhcp", "guest", "x", "network:dhcp", false, ("nobody", None, true)),
    ("no-server", "guest", "a-server", "compute:nova", true, ("nobody", None, true)),
    // once a leg, then talked out of it; and the choice of who may choose
    ("once", "guest", "", "", false, ("nobody", None, true)),
    ("chosen", "owner", "", "", false, ("nobody", None, false)),
];

async fn scenario(postgres: bool) {
    let dir = tempfile::tempdir().unwrap();
    let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() else {
        return eprintln!("skipped on PostgreSQL: KOGGE_TEST_POSTGRES is not set");
    };
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
    let first = Migrations { owner: MIGRATIONS.owner, steps: &MIGRATIONS.steps[..2] };
    db.migrate(&[first], &clock).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for sql in REST {
        tx.execute(Query::new(sql)).await.unwrap();
    }
    for (id, project, device, owner, secure, _) in PORTS {
        let query = Query::new(PORT).bind(*id).bind(*project).bind(*device).bind(*owner).bind(*secure);
        tx.execute(query).await.unwrap();
    }
    tx.execute(Query::new(ROUTER)).await.unwrap();
    tx.execute(Query::new(FLOATING)).await.unwrap();
    tx.commit().await.unwrap();
    db.migrate(&[MIGRATIONS], &clock).await.unwrap();
    for (id, _, _, _, _, (holder, of, secure)) in PORTS {
        let query = Query::new("SELECT holder, holder_id, port_security_enabled FROM ports WHERE id = $1");
        let row = db.one(query.bind(*id)).await.unwrap();
        let found = (
            row.text("holder").unwrap(),
            row.opt_text("holder_id").unwrap(),
            row.bool("port_security_enabled").unwrap(),
        );
        assert_eq!(found, ((*holder).to_owned(), of.map(str::to_owned), *secure), "{id}");
    }
    let guarded = "SELECT COUNT(*) AS n FROM port_security_groups WHERE port_id = 'once' AND security_group_id = 'group'";
    assert_eq!(
        db.one(Query::new(guarded)).await.unwrap().int("n").unwrap(),
        1,
        "filtered by the default group"
    );
    let count = "SELECT CAST(SUM(amount) AS BIGINT) AS n FROM network_quota_moves WHERE project_id = 'guest'";
    assert_eq!(
        db.one(Query::new(count)).await.unwrap().int("n").unwrap(),
        5,
        "its ports count for its quota"
    );
    assert_eq!(kogge_network::miscounted(&db).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn ports_of_an_old_database_are_what_they_were_sqlite() {
    scenario(false).await;
}

#[tokio::test]
async fn ports_of_an_old_database_are_what_they_were_postgres() {
    scenario(true).await;
}
