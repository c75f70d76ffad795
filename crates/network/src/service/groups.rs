//! Security groups, rules, and the templates that new groups start from.

mod default_groups;

use std::collections::{BTreeSet, HashSet};

use kogge_auth::{Caller, Target};
use kogge_db::record::Json;
use kogge_db::{ListQuery, Paged, Record as _, Source, Tx};
use kogge_ids::{SecurityGroupId, SecurityGroupRuleId};
use kogge_resource::List as _;

use super::{group_target, is_admin, is_own, owner, permit, permit_change, scope, sees_all};
use crate::error::{Error, Result};
use crate::model::commands::{NewRule, NewSecurityGroup, SecurityGroupChange};
use crate::model::rule::Match;
use crate::resources::security_groups::{SecurityGroups, remove};
use crate::store::groups as store;
use crate::store::rows::{DefaultRule, SecurityGroup, SecurityGroupRule};
use crate::{Networking, policy};

/// A security group with its rules.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The row.
    pub row: SecurityGroup,
    /// Its rules, oldest first.
    pub rules: Vec<RuleView>,
}

/// A rule, and whether its group is a project's default.
#[derive(Debug, Clone)]
pub struct RuleView {
    /// The row.
    pub row: SecurityGroupRule,
    /// Its group is the project's default.
    pub of_default_group: bool,
}

impl Networking {
    fn group_row(
        &self,
        project: &str,
        name: &str,
        description: &str,
        stateful: bool,
        is_default: bool,
    ) -> SecurityGroup {
        let now = self.clock().now();
        SecurityGroup {
            id: SecurityGroupId::random(),
            project_id: project.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            stateful,
            is_default,
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 1,
        }
    }

    /// Creates a security group.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`.
    pub async fn create_security_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewSecurityGroup,
    ) -> Result<GroupView> {
        let project = owner(caller, new.project_id)?;
        permit(caller, &policy::CREATE_SECURITY_GROUP, &Target::project(&project))?;
        self.default_group(tx, &project).await?;
        self.charge(tx, &project, "security_group", 1).await?;
        let rules = self.templates_for(tx, false).await?.len();
        self.charge(tx, &project, "security_group_rule", i64::try_from(rules).unwrap_or(i64::MAX)).await?;
        let row = self.group_row(&project, &new.name, &new.description, new.stateful, false);
        row.insert(tx).await?;
        self.rules_from_templates(tx, &row).await?;
        self.group_view(&mut tx.into(), row).await
    }

    pub(crate) async fn group_view(&self, source: &mut Source<'_>, row: SecurityGroup) -> Result<GroupView> {
        let id = row.id;
        let mut views = self.complete_groups(source, vec![row]).await?;
        views.pop().ok_or_else(|| Error::security_group_not_found(id))
    }

    async fn complete_groups(
        &self,
        source: &mut Source<'_>,
        rows: Vec<SecurityGroup>,
    ) -> Result<Vec<GroupView>> {
        let ids: Vec<SecurityGroupId> = rows.iter().map(|row| row.id).collect();
        let mut rules = store::rules_of(source, &ids).await?;
        let view = |row: SecurityGroup| {
            let rules = rules.remove(&row.id).unwrap_or_default();
            let of_default_group = row.is_default;
            GroupView {
                row,
                rules: rules.into_iter().map(|row| RuleView { row, of_default_group }).collect(),
            }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The group, if the caller may see it.
    ///
    /// # Errors
    /// `SecurityGroupNotFound`.
    pub async fn security_group(&self, caller: &Caller, id: SecurityGroupId) -> Result<GroupView> {
        let mut source: Source<'_> = self.db().into();
        let row =
            SecurityGroup::get(&mut source, &id).await?.ok_or_else(|| Error::security_group_not_found(id))?;
        if !caller.may(&policy::GET_SECURITY_GROUP, &group_target(&row)) {
            return Err(Error::security_group_not_found(id));
        }
        self.group_view(&mut source, row).await
    }

    /// The groups that the caller may see, the filters of `query` applied. The project's default group is made first
    /// where needed.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_security_groups(&self, caller: &Caller, query: &ListQuery) -> Result<Paged<GroupView>> {
        self.make_default_group(caller, query).await?;
        let mut source: Source<'_> = self.db().into();
        let list = SecurityGroups::LIST;
        let select = scope(caller).of(SecurityGroup::select(), list.own);
        let page = SecurityGroup::page(&mut source, select, list.filters, query, list.sort).await?;
        let items = self.complete_groups(&mut source, page.items).await?;
        Ok(Paged { items, more: page.more })
    }

    /// The locked group, where `rule` lets the caller change it.
    pub(crate) async fn own_group(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SecurityGroupId,
        rule: &kogge_auth::Rule,
    ) -> Result<SecurityGroup> {
        let missing = || Error::security_group_not_found(id);
        let row = SecurityGroup::lock(tx, &id).await?.ok_or_else(missing)?;
        permit_change(caller, rule, &policy::GET_SECURITY_GROUP, &group_target(&row), missing)?;
        Ok(row)
    }

    /// Changes a group.
    ///
    /// # Errors
    /// `SecurityGroupNotFound`, `PolicyNotAuthorized`, `SecurityGroupCannotUpdateDefault`, `SecurityGroupInUse`.
    pub async fn update_security_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SecurityGroupId,
        change: SecurityGroupChange,
    ) -> Result<GroupView> {
        let row = self.own_group(tx, caller, id, &policy::UPDATE_SECURITY_GROUP).await?;
        let row = self.change_group(tx, row, change).await?;
        self.group_view(&mut tx.into(), row).await
    }

    /// Deletes a group with its rules.
    ///
    /// # Errors
    /// `SecurityGroupNotFound`, `PolicyNotAuthorized`, `SecurityGroupInUse`, `SecurityGroupCannotRemoveDefault`.
    pub async fn delete_security_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SecurityGroupId,
    ) -> Result<()> {
        let row = self.own_group(tx, caller, id, &policy::DELETE_SECURITY_GROUP).await?;
        remove(tx, &row, is_admin(caller)).await
    }

    /// The groups that a port of the caller may have: all stateful, or all stateless. Several are locked, for else each of
    /// two that look at the same time could find the other's groups as they were.
    pub(crate) async fn groups_of_port(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        ids: &[SecurityGroupId],
    ) -> Result<Vec<SecurityGroupId>> {
        let usable = self.usable_groups(tx, caller, ids).await?;
        let mut kinds = BTreeSet::new();
        let several: BTreeSet<&SecurityGroupId> = ids.iter().filter(|_| ids.len() > 1).collect();
        for id in several {
            let group = SecurityGroup::lock(tx, id).await?;
            kinds.insert(group.ok_or_else(|| Error::security_group_not_found(id))?.stateful);
        }
        if kinds.len() > 1 { Err(Error::mixed_groups()) } else { Ok(usable) }
    }

    /// The groups that the caller may name.
    async fn usable_groups(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        ids: &[SecurityGroupId],
    ) -> Result<Vec<SecurityGroupId>> {
        let found = store::by_ids(&mut tx.into(), ids).await?;
        let visible: HashSet<SecurityGroupId> = found
            .iter()
            .filter(|group| sees_all(caller) || is_own(caller, &group.project_id))
            .map(|group| group.id)
            .collect();
        match ids.iter().find(|id| !visible.contains(id)) {
            Some(missing) => Err(Error::security_group_not_found(missing)),
            None => Ok(ids.to_vec()),
        }
    }

    fn rule_row(
        &self,
        group: &SecurityGroup,
        new: &NewRule,
        project: Option<&str>,
    ) -> Result<SecurityGroupRule> {
        let matched = matched(new);
        matched.check()?;
        let now = self.clock().now();
        let remote = new.remote_group_id.as_deref();
        Ok(SecurityGroupRule {
            id: SecurityGroupRuleId::random(),
            project_id: project.unwrap_or(&group.project_id).to_owned(),
            security_group_id: group.id,
            direction: new.direction.clone(),
            ethertype: new.ethertype.clone(),
            protocol: new.protocol.clone(),
            port_range_min: new.port_range_min,
            port_range_max: new.port_range_max,
            remote_ip_prefix: new.remote_ip_prefix.clone(),
            remote_group_id: remote
                .map(|id| id.parse().map_err(|_| Error::security_group_not_found(id)))
                .transpose()?,
            description: new.description.clone(),
            fingerprint: matched.fingerprint(),
            created_at: now,
            updated_at: now,
            revision_number: 0,
        })
    }

    /// Adds a rule to a group.
    ///
    /// # Errors
    /// `SecurityGroupNotFound` (also for the remote group), `SecurityGroupRuleExists`, `OverQuota` and what does
    /// not fit together in the rule.
    pub async fn create_security_group_rule_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewRule,
    ) -> Result<RuleView> {
        let missing = || Error::security_group_not_found(&new.security_group_id);
        matched(&new).check()?;
        let id: SecurityGroupId = new.security_group_id.parse().map_err(|_| missing())?;
        let group = self.own_group(tx, caller, id, &policy::CREATE_SECURITY_GROUP_RULE).await?;
        let project = owner(caller, new.project_id.clone())?;
        if let Some(remote) = &new.remote_group_id {
            let remote: SecurityGroupId =
                remote.parse().map_err(|_| Error::security_group_not_found(remote))?;
            self.usable_groups(tx, caller, &[remote]).await?;
        }
        self.charge(tx, &project, "security_group_rule", 1).await?;
        let row = self.rule_row(&group, &new, Some(&project))?;
        if let Some(twin) = store::twin(tx, id, &row.fingerprint).await? {
            return Err(Error::rule_exists(twin));
        }
        if !row.insert(tx).await? {
            return Err(Error::rule_exists(row.id));
        }
        store::touch(tx, id).await?;
        Ok(RuleView { row, of_default_group: group.is_default })
    }

    /// Deletes a rule.
    ///
    /// # Errors
    /// `SecurityGroupRuleNotFound`, `PolicyNotAuthorized`.
    pub async fn delete_security_group_rule_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SecurityGroupRuleId,
    ) -> Result<()> {
        let missing = || Error::security_group_rule_not_found(id);
        let row = SecurityGroupRule::get(&mut *tx, &id).await?.ok_or_else(missing)?;
        let group = SecurityGroup::get(&mut *tx, &row.security_group_id).await?.ok_or_else(missing)?;
        let rule = &policy::DELETE_SECURITY_GROUP_RULE;
        permit_change(caller, rule, &policy::GET_SECURITY_GROUP_RULE, &group_target(&group), missing)?;
        SecurityGroupRule::delete(tx, &id).await?;
        Ok(store::touch(tx, group.id).await?)
    }
}

/// What a new rule matches.
pub(crate) fn matched(new: &NewRule) -> Match<'_> {
    Match {
        direction: &new.direction,
        ethertype: &new.ethertype,
        protocol: new.protocol.as_deref(),
        port_min: new.port_range_min,
        port_max: new.port_range_max,
        prefix: new.remote_ip_prefix.as_deref(),
        group: new.remote_group_id.clone(),
    }
}

pub(crate) fn template_match(row: &DefaultRule) -> Match<'_> {
    Match {
        direction: &row.direction,
        ethertype: &row.ethertype,
        protocol: row.protocol.as_deref(),
        port_min: row.port_range_min,
        port_max: row.port_range_max,
        prefix: row.remote_ip_prefix.as_deref(),
        group: row.remote_group_id.clone(),
    }
}
