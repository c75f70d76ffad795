//! Rules of security groups. They are never changed; who may see one depends on its group.

use std::collections::HashSet;

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, Filter, by, int, text, truth};
use kogge_db::{Paged, Record, SortKey, Tx};
use kogge_ids::SecurityGroupId;
use kogge_resource::{
    At, Body, Call, Create, Delete, Known, List, Listing, Loaded, Names, Resource, Schema, Service as _,
    Stored, Verb, Wanted,
};
use serde_json::{Value, json};

use super::command;
use crate::attributes::security::RULE;
use crate::error::{Error, Result};
use crate::model::rule::prefix;
use crate::service::group_target;
use crate::store::groups as store;
use crate::store::rows::{SecurityGroup, SecurityGroupRule};
use crate::{Networking, policy};

/// Rules of security groups.
pub(crate) struct SecurityGroupRules;

/// A rule with its group.
type Row = Known<SecurityGroupRule, Option<SecurityGroup>>;

const RULE_FILTERS: &[Filter] = &[
    text("security_group_id", "security_group_id = ?"),
    text("remote_group_id", "remote_group_id = ?"),
    text("remote_address_group_id", "'' <> ? AND 1 = 0"),
    text("direction", "direction = ?"),
    text("ethertype", "ethertype = ?"),
    text("protocol", "protocol = ?"),
    int("port_range_min", "port_range_min = ?"),
    int("port_range_max", "port_range_max = ?"),
    text("remote_ip_prefix", "remote_ip_prefix = ?"),
    text("normalized_cidr", "remote_ip_prefix = ?"),
    truth(
        "belongs_to_default_sg",
        "EXISTS (SELECT 1 FROM security_groups g WHERE g.id = security_group_rules.security_group_id \
         AND g.is_default) = ?",
    ),
];

/// How a rule looks; its group is a project's `default` or not.
pub(crate) fn view(row: &SecurityGroupRule, of_default_group: bool) -> Value {
    let normalized = row.remote_ip_prefix.as_deref().and_then(prefix).map(|range| range.trunc().to_string());
    json!({
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "security_group_id": row.security_group_id,
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "port_range_min": row.port_range_min,
        "port_range_max": row.port_range_max,
        "remote_ip_prefix": row.remote_ip_prefix,
        "normalized_cidr": normalized,
        "remote_group_id": row.remote_group_id,
        "remote_address_group_id": null,
        "description": row.description,
        "belongs_to_default_sg": of_default_group,
        "created_at": row.created_at.seconds_z(),
        "updated_at": row.updated_at.seconds_z(),
        "revision_number": row.revision_number,
    })
}

impl Resource for SecurityGroupRules {
    type Service = Networking;
    type Row = Row;
    /// Whether its group is a project's default.
    type More = bool;

    const NAMES: Names = Names::new(
        "security_group_rule",
        "security_group_rules",
        "/v2.0/security-group-rules",
        "/v2.0/security-group-rules/{id}",
    );
    const READ: Rule = policy::GET_SECURITY_GROUP_RULE;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::security_group_rule_not_found(id)
    }

    fn id(row: &Row) -> String {
        row.id.to_string()
    }

    fn target(known: &Row) -> Target<'_> {
        known.facts.as_ref().map_or_else(Target::none, group_target)
    }

    async fn load(_: &Call<Networking>, at: &mut At<'_, Networking>, id: &str) -> Result<Option<Row>> {
        let Some(row) = SecurityGroupRule::find(at, id).await? else { return Ok(None) };
        let group = SecurityGroup::get(&mut at.source(), &row.security_group_id).await?;
        Ok(group.map(|group| Known { row, facts: Some(group) }))
    }

    async fn more(call: &Call<Networking>, rows: &[Row]) -> Result<Vec<bool>> {
        let ids: HashSet<SecurityGroupId> = rows.iter().map(|rule| rule.security_group_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let groups = store::by_ids(&mut call.service.db().into(), &ids).await?;
        let defaults: HashSet<SecurityGroupId> =
            groups.iter().filter(|group| group.is_default).map(|group| group.id).collect();
        Ok(rows.iter().map(|rule| defaults.contains(&rule.security_group_id)).collect())
    }

    fn view(_: &Call<Networking>, row: &Row, of_default_group: &bool, _: Verb) -> Value {
        view(row, *of_default_group)
    }
}

impl List for SecurityGroupRules {
    const RULE: Rule = policy::GET_SECURITY_GROUP_RULE;
    const LIST: Listing = Listing {
        filters: &[BASIC, DESCRIBED, RULE_FILTERS],
        sort: &[
            by("id"),
            by("project_id"),
            by("security_group_id"),
            by("direction"),
            by("ethertype"),
            SortKey { name: "protocol", expression: "COALESCE(protocol, '')" },
            SortKey { name: "port_range_min", expression: "COALESCE(port_range_min, -1)" },
            SortKey { name: "port_range_max", expression: "COALESCE(port_range_max, -1)" },
            SortKey { name: "remote_ip_prefix", expression: "COALESCE(remote_ip_prefix, '')" },
            SortKey { name: "remote_group_id", expression: "COALESCE(remote_group_id, '')" },
            by("created_at"),
            by("updated_at"),
        ],
        own: "project_id = ? OR EXISTS (SELECT 1 FROM security_groups g \
              WHERE g.id = security_group_rules.security_group_id AND g.project_id = ?)",
        ..Listing::OWN
    };

    /// The default group is made first where needed, as for the list of groups.
    async fn page(call: &Call<Networking>, wanted: &Wanted) -> Result<Paged<Row>> {
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        call.service.make_default_group(&call.caller, &wanted.query).await?;
        let whose = Networking::whose(call, &<Self as List>::RULE)?;
        Row::listed(&call.service, &Self::LIST, whose, wanted).await
    }
}

impl Create for SecurityGroupRules {
    const RULE: Rule = policy::CREATE_SECURITY_GROUP_RULE;
    const BODY: Schema = Schema::new("security_group_rule", RULE);

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(Row, bool)> {
        let view = call.service.create_security_group_rule_in(tx, &call.caller, command(body)?).await?;
        Ok((view.row.into(), view.of_default_group))
    }
}

impl Delete for SecurityGroupRules {
    const RULE: Rule = policy::DELETE_SECURITY_GROUP_RULE;

    async fn delete(_: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        SecurityGroupRule::delete(tx, &row.id).await?;
        Ok(store::touch(tx, row.security_group_id).await?)
    }
}
