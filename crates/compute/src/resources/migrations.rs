//! Migrations: moves of servers, as administrators list them. Nothing but a resize moves a server so far.

use std::collections::{BTreeMap, BTreeSet};

use kogge_auth::{Rule, Target};
use kogge_db::filter::by;
use kogge_db::{Direction, Paged, Record as _, Select, SortKey};
use kogge_resource::nova::{self, query};
use kogge_resource::{Call, List, Listing, Names, Resource, Verb, Wanted};
use serde_json::{Value, json};

use super::changes::changes;
use crate::error::{Error, Result};
use crate::model::migration::Migration;
use crate::store::hosts;
use crate::{Compute, microversion as v, policy};

const SORT_KEYS: &[SortKey] = &[by("created_at")];
const ORDER: &[(&str, Direction)] = &[("created_at", Direction::Descending)];
/// Words of the query with the version from which each is one; those of old are passed over before 2.59 where they are none.
const LATER: &[(&str, kogge_http::Microversion)] = &[
    ("changes-before", v::CHANGES_BEFORE),
    ("user_id", v::MIGRATION_OWNER),
    ("project_id", v::MIGRATION_OWNER),
];

/// Migrations.
pub(crate) struct Migrations;

impl Resource for Migrations {
    type Service = Compute;
    type Row = Migration;
    /// Whether the caller may see hosts, and the address of the one that it goes to.
    type More = (bool, Option<String>);

    const NAMES: Names =
        Names::new("migration", "migrations", "/v2.1/os-migrations", "/v2.1/os-migrations/{id}");
    const READ: Rule = policy::MIGRATIONS_INDEX;

    fn missing(_: &Call<Compute>, id: &str) -> Error {
        Error::Invalid(format!("Marker {id} could not be found."))
    }

    fn id(row: &Migration) -> String {
        row.id.to_string()
    }

    async fn more(call: &Call<Compute>, rows: &[Migration]) -> Result<Vec<Self::More>> {
        if !call.caller.may(&policy::MIGRATIONS_INDEX_HOST, &Target::none()) {
            return Ok(vec![(false, None); rows.len()]);
        }
        let names: BTreeSet<&str> = rows.iter().filter_map(|row| row.dest_host.as_deref()).collect();
        let hosts = hosts::named(call.service.db(), &names).await?;
        let addresses: BTreeMap<&str, String> =
            hosts.iter().map(|host| (host.name(), host.facts.address.to_string())).collect();
        let address = |row: &Migration| addresses.get(row.dest_host.as_deref()?).cloned();
        Ok(rows.iter().map(|row| (true, address(row))).collect())
    }

    fn view(call: &Call<Compute>, row: &Migration, (may_see, address): &Self::More, _: Verb) -> Value {
        let seen = |host: &Option<String>| host.clone().filter(|_| *may_see);
        let (source, dest) = (seen(&row.source_host), seen(&row.dest_host));
        let mut view = json!({
            "id": row.number,
            "instance_uuid": row.server,
            "status": row.status,
            "source_compute": source,
            "source_node": source,
            "dest_compute": dest,
            "dest_node": dest,
            "dest_host": address,
            // rows of Nova's own table of flavors: flavors have no numbers here
            "old_instance_type_id": null,
            "new_instance_type_id": null,
            "created_at": row.created_at.micros(),
            "updated_at": (row.updated_at > row.created_at).then(|| row.updated_at.micros()),
        });
        if call.version.has(v::SERVER_MIGRATIONS) {
            view["migration_type"] = json!(row.kind);
        }
        if call.version.has(v::MIGRATION_PAGES) {
            view["uuid"] = json!(row.id);
        }
        if call.version.has(v::MIGRATION_OWNER) {
            view["user_id"] = json!(row.user_id);
            view["project_id"] = json!(row.project_id);
        }
        view
    }
}

impl List for Migrations {
    const RULE: Rule = policy::MIGRATIONS_INDEX;
    const LIST: Listing = Listing {
        words: &[
            "hidden",
            "host",
            "instance_uuid",
            "source_compute",
            "status",
            "migration_type",
            "changes-since",
            "changes-before",
            "user_id",
            "project_id",
        ],
        pages_since: Some(v::MIGRATION_PAGES),
        strict_since: Some(v::MIGRATION_PAGES),
        ..Listing::OWN
    };

    /// Newest first.
    async fn page(call: &Call<Compute>, wanted: &Wanted) -> Result<Paged<Migration>> {
        call.service.may_see_migrations(&call.caller, call.query.get("project_id"))?;
        check_words(call)?;
        let (db, page) = (call.service.db(), &wanted.query.page);
        if let Some(marker) = &page.marker {
            let found = match marker.parse() {
                Ok(id) => Migration::get(db, &id).await?,
                Err(_) => None,
            };
            found.ok_or_else(|| Self::missing(call, marker))?;
        }
        let changes = changes(&call.query, call.version, v::MIGRATION_PAGES)?;
        let select = changes.of_rows(filtered(call, Migration::select()));
        Ok(select.page(page, SORT_KEYS, ORDER, "id").fetch(db, Migration::from_row).await?)
    }
}

/// Refuses words that the version does not have.
fn check_words(call: &Call<Compute>) -> Result<()> {
    let early = |(name, since): &&(&str, _)| call.query.has(name) && call.version.before(*since);
    let early: Vec<&str> = LATER.iter().filter(early).map(|(name, _)| *name).collect();
    if early.is_empty() || call.version.before(v::MIGRATION_PAGES) {
        return Ok(());
    }
    Err(Error::Invalid(nova::additional(&early)))
}

fn filtered(call: &Call<Compute>, select: Select) -> Select {
    let word = |name: &str| call.query.get(name).map(str::to_owned);
    // whoever names a host means both ends, and where it comes from is not looked at
    let host = word("host");
    let source = word("source_compute").filter(|_| host.is_none());
    // none is hidden
    let hidden = word("hidden").filter(|word| query::boolean("hidden", word).unwrap_or(true));
    select
        .and_some("status = ?", word("status"))
        .and_some("kind = ?", word("migration_type"))
        .and_some("server_id = ?", word("instance_uuid"))
        .and_some("user_id = ?", word("user_id"))
        .and_some("project_id = ?", word("project_id"))
        .and_some("source_host = ?", source)
        .and_some("? IN (source_host, dest_host)", host)
        .and_some("'' = ?", hidden)
}
