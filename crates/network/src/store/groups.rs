//! Security groups, their rules and the templates for new ones.

use kogge_db::Record as _;
use std::collections::{BTreeSet, HashMap};

use kogge_db::{DbError, Executor, Query, Tx};
use kogge_ids::SecurityGroupId;

use super::rows::{SecurityGroup, SecurityGroupRule};
use kogge_db::Source;

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

/// True where a port uses the group. Rules of other groups that name it go with it.
pub(crate) async fn in_use(tx: &mut Tx, group: SecurityGroupId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS one FROM port_security_groups WHERE security_group_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(group)).await?.is_some())
}

/// Removes a group with its rules, and with those of other groups that name it: these groups change by that.
pub(crate) async fn remove(tx: &mut Tx, group: SecurityGroupId) -> Result<bool, DbError> {
    let rules = Query::new(
        "DELETE FROM security_group_rules WHERE security_group_id = $1 OR remote_group_id = $1 \
         RETURNING security_group_id",
    );
    let mut changed = BTreeSet::new();
    for row in tx.all(rules.bind(group)).await? {
        changed.insert(row.parse("security_group_id")?);
    }
    for other in changed.into_iter().filter(|other| *other != group) {
        touch(tx, other).await?;
    }
    SecurityGroup::delete(tx, &group).await
}

/// Notes a change of a group.
pub(crate) async fn touch(tx: &mut Tx, group: SecurityGroupId) -> Result<(), DbError> {
    let query = Query::new("UPDATE security_groups SET revision_number = revision_number + 1 WHERE id = $1");
    tx.touch(SecurityGroup::TABLE, group);
    tx.execute(query.bind(group)).await.map(|_| ())
}
