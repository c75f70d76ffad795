//! Security groups, for the proxies that microversions below 2.36 have.

use kogge_auth::{Caller, Rule};
use kogge_ids::{SecurityGroupId, SecurityGroupRuleId};
use kogge_network::commands::{NewRule, NewSecurityGroup, SecurityGroupChange};
use kogge_network::{GroupView, ListQuery};

use super::network::plain;
use crate::error::{Error, Result};
use crate::service::flavors::is_admin;
use crate::{Compute, policy};

/// A rule to be added, in the words of old.
#[derive(Debug, Clone, Default)]
pub(crate) struct OldRule {
    pub(crate) group: String,
    pub(crate) protocol: Option<String>,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) cidr: Option<String>,
    pub(crate) remote: Option<String>,
}

fn missing(id: &str) -> Error {
    Error::NotFound(format!("Security group {id} not found."))
}

fn parse(id: &str) -> Result<SecurityGroupId> {
    id.parse().map_err(|_| Error::Invalid("Security group id should be uuid".to_owned()))
}

impl Compute {
    /// The groups of the caller's project, or for an admin who asks for that of all, by name.
    pub(crate) async fn groups(&self, caller: &Caller, all: bool) -> Result<Vec<GroupView>> {
        caller.allow_on_own(&policy::GROUPS_GET)?;
        let project = caller.project_id().map(ToString::to_string);
        let query =
            if all && is_admin(caller) { ListQuery::default() } else { ListQuery::by("project_id", project) };
        let mut found = self.network().list_security_groups(caller, &query).await.map_err(plain)?.items;
        found.sort_by(|a, b| a.row.name.cmp(&b.row.name));
        Ok(found)
    }

    /// A group.
    pub(crate) async fn group_by_id(&self, caller: &Caller, id: &str, rule: &Rule) -> Result<GroupView> {
        caller.allow_on_own(rule)?;
        let parsed = parse(id)?;
        self.network().security_group(caller, parsed).await.map_err(|error| match error.kind() {
            kogge_network::Kind::NotFound => missing(id),
            _ => plain(error),
        })
    }

    /// Makes a group.
    pub(crate) async fn create_group(
        &self,
        caller: &Caller,
        name: String,
        about: String,
    ) -> Result<GroupView> {
        caller.allow_on_own(&policy::GROUPS_CREATE)?;
        let new = NewSecurityGroup { name, description: about, ..NewSecurityGroup::default() };
        let mut tx = self.db().begin().await?;
        let made = self.network().create_security_group_in(&mut tx, caller, new).await;
        let made = made.map_err(over_quota)?;
        tx.commit().await?;
        Ok(made)
    }

    /// Renames a group.
    pub(crate) async fn update_group(
        &self,
        caller: &Caller,
        id: &str,
        name: String,
        about: String,
    ) -> Result<GroupView> {
        let known = self.group_by_id(caller, id, &policy::GROUPS_UPDATE).await?;
        let change = SecurityGroupChange {
            name: Some(name),
            description: Some(about),
            ..SecurityGroupChange::default()
        };
        let mut tx = self.db().begin().await?;
        let network = self.network();
        let changed = network.update_security_group_in(&mut tx, caller, known.row.id, change).await;
        let changed = changed.map_err(invalid_conflict)?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Deletes a group. The default one stays.
    pub(crate) async fn delete_group(&self, caller: &Caller, id: &str) -> Result<()> {
        let known = self.group_by_id(caller, id, &policy::GROUPS_DELETE).await?;
        let mut tx = self.db().begin().await?;
        let gone = self.network().delete_security_group_in(&mut tx, caller, known.row.id).await;
        gone.map_err(invalid_conflict)?;
        tx.commit().await?;
        Ok(())
    }

    /// Adds an ingress rule; answers its id and the name and project of the remote group.
    pub(crate) async fn add_group_rule(
        &self,
        caller: &Caller,
        rule: OldRule,
    ) -> Result<(SecurityGroupRuleId, Option<(String, String)>)> {
        let group = self.group_by_id(caller, &rule.group, &policy::GROUP_RULES_CREATE).await?;
        let remote = match &rule.remote {
            Some(id) => {
                let remote = self.group_by_id(caller, id, &policy::GROUP_RULES_CREATE).await?;
                Some((remote.row.name, remote.row.project_id))
            }
            None => None,
        };
        let six = rule.cidr.as_ref().is_some_and(|cidr| cidr.contains(':'));
        let new = NewRule {
            security_group_id: group.row.id.to_string(),
            direction: "ingress".to_owned(),
            ethertype: if six { "IPv6" } else { "IPv4" }.to_owned(),
            protocol: rule.protocol.map(|protocol| protocol.to_ascii_lowercase()),
            port_range_min: rule.from.filter(|port| *port >= 0),
            port_range_max: rule.to.filter(|port| *port >= 0),
            remote_ip_prefix: rule.cidr,
            remote_group_id: rule.remote,
            ..NewRule::default()
        };
        let mut tx = self.db().begin().await?;
        let made = self.network().create_security_group_rule_in(&mut tx, caller, new).await;
        let made = made.map_err(over_quota).map_err(conflict_is_invalid)?;
        tx.commit().await?;
        Ok((made.row.id, remote))
    }

    /// Deletes a rule.
    pub(crate) async fn delete_group_rule(&self, caller: &Caller, id: &str) -> Result<()> {
        caller.allow_on_own(&policy::GROUP_RULES_DELETE)?;
        let parsed: SecurityGroupRuleId =
            id.parse().map_err(|_| Error::Invalid("Security group id should be uuid".to_owned()))?;
        let mut tx = self.db().begin().await?;
        self.network().delete_security_group_rule_in(&mut tx, caller, parsed).await.map_err(plain)?;
        tx.commit().await?;
        Ok(())
    }

    /// The groups that the ports of a server are in, by name.
    pub(crate) async fn groups_of_server(&self, caller: &Caller, id: &str) -> Result<Vec<GroupView>> {
        let server = self.server(caller, id, &policy::GROUPS_LIST).await?;
        let ports = self.detail(server).await?.ports;
        let mut ids: Vec<SecurityGroupId> =
            ports.iter().flat_map(|port| port.groups.iter().map(|(id, _)| *id)).collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = ListQuery::by("id", ids.iter().map(ToString::to_string));
        Ok(self.network().list_security_groups(caller, &query).await.map_err(plain)?.items)
    }
}

fn over_quota(error: kogge_network::Error) -> Error {
    if error.name() == "OverQuota" {
        Error::Forbidden("Maximum number of security groups or rules exceeded".to_owned())
    } else {
        plain(error)
    }
}

/// What the network calls a conflict is a bad request in the words of old.
fn invalid_conflict(error: kogge_network::Error) -> Error {
    conflict_is_invalid(plain(error))
}

fn conflict_is_invalid(error: Error) -> Error {
    match error {
        Error::Conflict(message) => Error::Invalid(message),
        other => other,
    }
}
