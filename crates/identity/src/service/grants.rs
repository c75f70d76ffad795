//! Giving and taking roles.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target as PolicyTarget};

use super::permission::{allow, with_domain, with_group, with_project, with_role, with_user};
use super::{Draft, Identity};
use crate::error::{Error, Result};
use crate::model::{Actor, Assignment, Kind, Role, Target};
use crate::policy;
use crate::snapshot::Snapshot;

/// Who and where; with a role it is an assignment.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) actor: Actor,
    pub(crate) target: Target,
    pub(crate) inherited: bool,
}

impl Grant {
    fn with(&self, role_id: &str) -> Assignment {
        let (actor, target) = (self.actor.clone(), self.target.clone());
        Assignment { actor, target, role_id: role_id.to_owned(), inherited: self.inherited }
    }

    /// How the keys of all its assignments begin.
    fn prefix(&self) -> String {
        format!("{}{}", self.actor.prefix(), self.target.prefix())
    }

    /// The rule for reading, writing or removing it: grants on the system have their own.
    fn rule(&self, plain: Rule, user: Rule, group: Rule) -> Rule {
        match (&self.target, &self.actor) {
            (Target::System, Actor::User(_)) => user,
            (Target::System, Actor::Group(_)) => group,
            _ => plain,
        }
    }

    /// What the policy asks; missing things are left out, so that only those may go on whom they do not concern.
    fn policy_target(&self, snapshot: &Snapshot, role: Option<&Role>) -> PolicyTarget<'static> {
        let mut target = PolicyTarget::none();
        if let Some(role) = role {
            target = with_role(target, role);
        }
        target = match &self.actor {
            Actor::User(id) => snapshot.users.get(id).map_or(target.clone(), |user| with_user(target, user)),
            Actor::Group(id) => {
                snapshot.groups.get(id).map_or(target.clone(), |group| with_group(target, group))
            }
        };
        match &self.target {
            Target::Project(id) => match snapshot.projects.get(id) {
                Some(project) => with_project(target, project),
                None => target,
            },
            Target::Domain(id) => with_domain(target, id),
            Target::System => target,
        }
    }

    /// 404 for what is missing.
    fn check(&self, snapshot: &Snapshot, actor_may_miss: bool) -> Result<()> {
        let missing = match &self.actor {
            Actor::User(id) if snapshot.users.get(id).is_none() => Some(Error::not_found("user", id)),
            Actor::Group(id) if snapshot.groups.get(id).is_none() => Some(Error::not_found("group", id)),
            _ => None,
        };
        if let Some(missing) = missing.filter(|_| !actor_may_miss) {
            return Err(missing);
        }
        match &self.target {
            Target::Project(id) if snapshot.projects.get(id).is_none() => {
                Err(Error::not_found("project", id))
            }
            Target::Domain(id) if snapshot.domain(id).is_none() => Err(Error::not_found("domain", id)),
            _ => Ok(()),
        }
    }
}

impl Identity {
    fn allowed_grant(
        &self,
        caller: &Caller,
        rule: Rule,
        grant: &Grant,
        role_id: Option<&str>,
        actor_may_miss: bool,
    ) -> Result<()> {
        let snapshot = self.snapshot();
        let role = role_id.and_then(|id| snapshot.roles.get(id));
        allow(caller, &rule, &grant.policy_target(&snapshot, role.map(Arc::as_ref)))?;
        if let (Some(id), None) = (role_id, role) {
            return Err(Error::not_found("role", id));
        }
        grant.check(&snapshot, actor_may_miss)
    }

    /// Gives a role. Giving it again changes nothing.
    ///
    /// # Errors
    /// 403 by the policy and for a domain's role on another domain's project; 404 for what is missing.
    pub(crate) async fn give_role(&self, caller: &Caller, grant: &Grant, role_id: &str) -> Result<()> {
        let (user, group) = (policy::CREATE_SYSTEM_GRANT_FOR_USER, policy::CREATE_SYSTEM_GRANT_FOR_GROUP);
        let rule = grant.rule(policy::CREATE_GRANT, user, group);
        self.allowed_grant(caller, rule, grant, Some(role_id), false)?;
        self.write(|draft| {
            grant.check(draft, false)?;
            let role = draft.roles.get(role_id).cloned().ok_or_else(|| Error::not_found("role", role_id))?;
            draft.fits_domain(&role, &grant.target)?;
            let assignment = grant.with(role_id);
            if draft.assignments.get(&assignment.key()).is_none() {
                draft.put(assignment);
            }
            Ok(())
        })
        .await
    }

    /// Asks whether a role is given.
    ///
    /// # Errors
    /// 403 by the policy, 404 where it is not.
    pub(crate) fn check_role(&self, caller: &Caller, grant: &Grant, role_id: &str) -> Result<()> {
        let (user, group) = (policy::CHECK_SYSTEM_GRANT_FOR_USER, policy::CHECK_SYSTEM_GRANT_FOR_GROUP);
        let rule = grant.rule(policy::CHECK_GRANT, user, group);
        self.allowed_grant(caller, rule, grant, Some(role_id), false)?;
        let assignment = grant.with(role_id);
        self.snapshot().assignments.get(&assignment.key()).map(|_| ()).ok_or_else(|| not_given(&assignment))
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// 403 by the policy, 404 where it is not given.
    pub(crate) async fn take_role(&self, caller: &Caller, grant: &Grant, role_id: &str) -> Result<()> {
        let (user, group) = (policy::REVOKE_SYSTEM_GRANT_FOR_USER, policy::REVOKE_SYSTEM_GRANT_FOR_GROUP);
        let rule = grant.rule(policy::REVOKE_GRANT, user, group);
        self.allowed_grant(caller, rule, grant, Some(role_id), true)?;
        self.write(|draft| {
            let assignment = grant.with(role_id);
            let key = assignment.key();
            draft.assignments.get(&key).ok_or_else(|| not_given(&assignment))?;
            draft.delete(Kind::Assignment, &key);
            Ok(())
        })
        .await
    }

    /// The roles given.
    ///
    /// # Errors
    /// 403 by the policy, 404 for what is missing.
    pub(crate) fn given_roles(&self, caller: &Caller, grant: &Grant) -> Result<Vec<Arc<Role>>> {
        let (user, group) = (policy::LIST_SYSTEM_GRANTS_FOR_USER, policy::LIST_SYSTEM_GRANTS_FOR_GROUP);
        self.allowed_grant(caller, grant.rule(policy::LIST_GRANTS, user, group), grant, None, false)?;
        let snapshot = self.snapshot();
        let prefix = grant.prefix();
        let given = snapshot.assignments.with_prefix(&prefix).filter(|row| row.inherited == grant.inherited);
        Ok(given.filter_map(|row| snapshot.roles.get(&row.role_id)).cloned().collect())
    }
}

fn not_given(assignment: &Assignment) -> Error {
    let target = match &assignment.target {
        Target::Project(id) | Target::Domain(id) => id.as_str(),
        Target::System => "system",
    };
    Error::Missing(format!(
        "Could not find role assignment with role: {}, user or group: {}, project, domain, or system: {target}.",
        assignment.role_id,
        assignment.actor.id()
    ))
}

impl Draft {
    /// A domain's role is given on that domain's projects only.
    fn fits_domain(&self, role: &Role, target: &Target) -> Result<()> {
        let (Some(domain_id), Target::Project(id)) = (&role.domain_id, target) else { return Ok(()) };
        if self.projects.get(id).is_some_and(|project| project.domain() == domain_id) {
            return Ok(());
        }
        let because =
            format!("Project {id} must be in the same domain as the role {} being assigned.", role.id);
        Err(Error::Refused(because))
    }
}
