//! The default groups of projects, and the templates that all groups start from.

use kogge_auth::{Caller, Target};
use kogge_db::{ListQuery, Record as _, Tx};
use kogge_ids::{SecurityGroupId, SecurityGroupRuleId};

use crate::error::{Error, Result};
use crate::model::commands::NewRule;
use crate::service::project_of;
use crate::store::rows::{DefaultRule, SecurityGroup};
use crate::store::{groups as store, settings};
use crate::{Networking, policy};

impl Networking {
    /// The project's default group; made here, with the rules of the templates, where there is none.
    pub(crate) async fn default_group(&self, tx: &mut Tx, project: &str) -> Result<SecurityGroupId> {
        if let Some(id) = store::default_of(&mut (&mut *tx).into(), project).await? {
            return Ok(id);
        }
        let row = self.group_row(project, "default", "Default security group", true, true);
        if row.insert(tx).await? {
            self.rules_from_templates(tx, &row).await?;
            return Ok(row.id);
        }
        // somebody was faster
        store::default_of(&mut tx.into(), project)
            .await?
            .ok_or_else(|| Error::security_group_not_found("default"))
    }

    /// The templates of a project's default group, or of all others.
    pub(super) async fn templates_for(&self, tx: &mut Tx, default_group: bool) -> Result<Vec<DefaultRule>> {
        let mut templates = DefaultRule::all(tx, DefaultRule::select()).await?;
        templates.retain(|template| match default_group {
            true => template.used_in_default_sg,
            false => template.used_in_non_default_sg,
        });
        Ok(templates)
    }

    pub(super) async fn rules_from_templates(&self, tx: &mut Tx, group: &SecurityGroup) -> Result<()> {
        for template in self.templates_for(tx, group.is_default).await? {
            let remote = template.remote_group_id.as_deref();
            let new = NewRule {
                direction: template.direction.clone(),
                ethertype: template.ethertype.clone(),
                protocol: template.protocol.clone(),
                port_range_min: template.port_range_min,
                port_range_max: template.port_range_max,
                remote_ip_prefix: template.remote_ip_prefix.clone(),
                remote_group_id: remote.map(|id| {
                    if id == kogge_standards::default_rules::PARENT {
                        group.id.to_string()
                    } else {
                        id.to_owned()
                    }
                }),
                ..Default::default()
            };
            self.rule_row(group, &new, None)?.insert(tx).await?;
        }
        Ok(())
    }

    /// Makes the default group of the project that a list is asked for, where it has none yet: the caller's own, or
    /// another's for whom the policy lets. Texts that are no id of a project make nothing.
    pub(crate) async fn make_default_group(&self, caller: &Caller, query: &ListQuery) -> Result<()> {
        let named = query.filters.get("project_id").and_then(|projects| projects.first());
        let Some(project) = named.map(String::as_str).or_else(|| project_of(caller)) else { return Ok(()) };
        let rule = &policy::CREATE_DEFAULT_SECURITY_GROUP;
        if !is_project_id(project) || !caller.may(rule, &Target::project(project)) {
            return Ok(());
        }
        if store::default_of(&mut self.db().into(), project).await?.is_none() {
            let mut tx = self.db().begin().await?;
            self.default_group(&mut tx, project).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Puts the templates of SCS-0115 in, once in the life of the cloud: an admin may remove them for good.
    pub(crate) async fn seed_templates(&self, tx: &mut Tx) -> Result<()> {
        if !settings::once(tx, "templates", "scs-0115").await? {
            return Ok(());
        }
        for template in kogge_standards::default_rules::rule_templates() {
            let row = DefaultRule {
                id: SecurityGroupRuleId::random(),
                direction: template.direction.to_owned(),
                ethertype: template.ethertype.to_owned(),
                protocol: None,
                port_range_min: None,
                port_range_max: None,
                remote_ip_prefix: None,
                remote_group_id: template.remote_group_id.map(str::to_owned),
                used_in_default_sg: template.used_in_default_sg,
                used_in_non_default_sg: template.used_in_non_default_sg,
                description: format!("Legacy default SG rule for {} traffic", template.direction),
            };
            row.insert(tx).await?;
        }
        Ok(())
    }
}

/// The form of the ids that identity gives: nobody is there to ask whether there is such a project.
fn is_project_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
