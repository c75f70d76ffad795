//! Security groups, their rules and the templates for new ones.

use std::collections::HashMap;

use kogge_db::{DbError, Executor, Paged, Query, Select, SortKey, Tx};
use kogge_ids::SecurityGroupId;

use super::filter::{
    BASIC, BadFilter, DESCRIBED, Filter, ListQuery, NAMED, Source, TAGS, Whose, by, int, sort_keys, text,
    truth,
};
use super::rows::{DefaultRule, SecurityGroup, SecurityGroupRule};

const FILTERS: &[Filter] = &[truth("stateful", "stateful = ?"), truth("shared", "FALSE = ?")];

/// Sort keys of security groups.
pub(crate) const SORT: &[SortKey] = sort_keys![by("name"), by("stateful"),];

/// One page of the security groups that the caller may see.
pub(crate) async fn list(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<SecurityGroup>, DbError>, BadFilter> {
    let select = whose.of(Select::new(SecurityGroup::COLUMNS, SecurityGroup::TABLE), "project_id = ?");
    SecurityGroup::page(source, select, &[BASIC, NAMED, DESCRIBED, FILTERS, TAGS], query, SORT).await
}

/// Security groups by id.
pub(crate) async fn by_ids(
    source: &mut Source<'_>,
    ids: &[SecurityGroupId],
) -> Result<Vec<SecurityGroup>, DbError> {
    SecurityGroup::with(source, "id", ids, &[]).await
}

/// Id of the default group of a project.
pub(crate) async fn default_of(
    source: &mut Source<'_>,
    project: &str,
) -> Result<Option<SecurityGroupId>, DbError> {
    let query = Query::new("SELECT id FROM security_groups WHERE project_id = $1 AND is_default");
    source.optional(query.bind(project)).await?.map(|row| row.parse("id")).transpose()
}

/// The rules of some groups, oldest first.
pub(crate) async fn rules_of(
    source: &mut Source<'_>,
    groups: &[SecurityGroupId],
) -> Result<HashMap<SecurityGroupId, Vec<SecurityGroupRule>>, DbError> {
    let mut found: HashMap<SecurityGroupId, Vec<SecurityGroupRule>> = HashMap::new();
    for rule in SecurityGroupRule::with(source, "security_group_id", groups, &["created_at", "id"]).await? {
        found.entry(rule.security_group_id).or_default().push(rule);
    }
    Ok(found)
}

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

/// Sort keys of rules.
pub(crate) const RULE_SORT: &[SortKey] = &[
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
];

/// One page of the rules in groups that the caller may see.
pub(crate) async fn list_rules(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<SecurityGroupRule>, DbError>, BadFilter> {
    let select = whose.of(
        Select::new(SecurityGroupRule::COLUMNS, SecurityGroupRule::TABLE),
        "project_id = ? OR EXISTS (SELECT 1 FROM security_groups g \
         WHERE g.id = security_group_rules.security_group_id AND g.project_id = ?)",
    );
    SecurityGroupRule::page(source, select, &[BASIC, DESCRIBED, RULE_FILTERS], query, RULE_SORT).await
}

/// The rule of a group with this fingerprint.
pub(crate) async fn twin(
    tx: &mut Tx,
    group: SecurityGroupId,
    fingerprint: &str,
) -> Result<Option<String>, DbError> {
    let query =
        Query::new("SELECT id FROM security_group_rules WHERE security_group_id = $1 AND fingerprint = $2");
    tx.optional(query.bind(group).bind(fingerprint)).await?.map(|row| row.text("id")).transpose()
}

/// True where a port or a rule of another group uses the group.
pub(crate) async fn in_use(tx: &mut Tx, group: SecurityGroupId) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS one FROM port_security_groups WHERE security_group_id = $1 UNION ALL \
         SELECT 1 AS one FROM security_group_rules WHERE remote_group_id = $1 AND security_group_id <> $1 LIMIT 1",
    );
    Ok(tx.optional(query.bind(group)).await?.is_some())
}

/// Removes a group with its rules.
pub(crate) async fn remove(tx: &mut Tx, group: SecurityGroupId) -> Result<bool, DbError> {
    let rules =
        Query::new("DELETE FROM security_group_rules WHERE security_group_id = $1 OR remote_group_id = $1");
    tx.execute(rules.bind(group)).await?;
    SecurityGroup::delete(tx, &group).await
}

/// Notes a change of a group.
pub(crate) async fn touch(tx: &mut Tx, group: SecurityGroupId) -> Result<(), DbError> {
    let query = Query::new("UPDATE security_groups SET revision_number = revision_number + 1 WHERE id = $1");
    tx.execute(query.bind(group)).await.map(|_| ())
}

const TEMPLATE_FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("direction", "direction = ?"),
    text("ethertype", "ethertype = ?"),
    text("protocol", "protocol = ?"),
    int("port_range_min", "port_range_min = ?"),
    int("port_range_max", "port_range_max = ?"),
    text("remote_ip_prefix", "remote_ip_prefix = ?"),
    text("remote_group_id", "remote_group_id = ?"),
    text("remote_address_group_id", "'' <> ? AND 1 = 0"),
    truth("used_in_default_sg", "used_in_default_sg = ?"),
    truth("used_in_non_default_sg", "used_in_non_default_sg = ?"),
    text("description", "description = ?"),
];

/// Sort keys of templates.
pub(crate) const TEMPLATE_SORT: &[SortKey] = &[by("id"), by("direction"), by("ethertype")];

/// One page of the templates.
pub(crate) async fn list_templates(
    source: &mut Source<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<DefaultRule>, DbError>, BadFilter> {
    let select = Select::new(DefaultRule::COLUMNS, DefaultRule::TABLE);
    DefaultRule::page(source, select, &[TEMPLATE_FILTERS], query, TEMPLATE_SORT).await
}
