//! `role_assignments`: who has which role where, as given or as it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kogge_auth::{Caller, Target as PolicyTarget};

use super::Identity;
use super::permission::allow;
use crate::error::{Error, Result};
use crate::model::{Actor, Assignment, Target};
use crate::policy;
use crate::snapshot::{EffectiveAssignment, Snapshot};

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct AssignmentFilter {
    pub(crate) user_id: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) role_id: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) system: bool,
    /// Only (not) inherited ones.
    pub(crate) inherited: Option<bool>,
    /// Groups, inheritance and implications worked out.
    pub(crate) effective: bool,
    /// The projects below the project too.
    pub(crate) include_subtree: bool,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedAssignment {
    pub(crate) actor: Actor,
    pub(crate) target: Target,
    pub(crate) role_id: String,
    /// Shown as inherited.
    pub(crate) inherited: bool,
    /// The assignment as given, for the links.
    pub(crate) source: Assignment,
}

impl AssignmentFilter {
    fn check(&self) -> Result<()> {
        let refuse = |when: bool, because: &str| if when { Err(Error::invalid(because)) } else { Ok(()) };
        let (project, domain) = (self.project_id.is_some(), self.domain_id.is_some());
        refuse(project && domain, "Specify a domain or project, not both")?;
        refuse(domain && self.system, "Specify system or domain, not both")?;
        refuse(project && self.system, "Specify system or project, not both")?;
        refuse(self.user_id.is_some() && self.group_id.is_some(), "Specify a user or group, not both")?;
        refuse(
            self.effective && self.group_id.is_some(),
            "Combining effective and group filter will always result in an empty list.",
        )?;
        refuse(
            self.effective && domain && self.inherited == Some(true),
            "Combining effective, domain and inherited filters will always result in an empty list.",
        )?;
        refuse(
            self.include_subtree && !project,
            "scope.project.id must be specified if include_subtree is also specified",
        )
    }

    /// The targets that are listed; `None` for all.
    fn targets(&self, snapshot: &Snapshot) -> Option<BTreeSet<Target>> {
        if self.system {
            return Some(BTreeSet::from([Target::System]));
        }
        if let Some(id) = &self.domain_id {
            return Some(BTreeSet::from([Target::Domain(id.clone())]));
        }
        let id = self.project_id.as_ref()?;
        let mut targets = BTreeSet::from([Target::Project(id.clone())]);
        if self.include_subtree {
            targets.extend(snapshot.subtree(id).iter().map(|project| Target::Project(project.id.clone())));
        }
        Some(targets)
    }
}

impl Identity {
    /// The assignments of a list; with a domain's token those on the domain and its projects.
    ///
    /// # Errors
    /// 403 by the policy, 400 for filters that contradict each other.
    pub(crate) fn list_assignments(
        &self,
        caller: &Caller,
        filter: &AssignmentFilter,
    ) -> Result<Vec<ListedAssignment>> {
        let snapshot = self.snapshot();
        allow_listing(caller, filter, &snapshot)?;
        filter.check()?;
        let targets = filter.targets(&snapshot);
        let own = caller.domain_id().filter(|_| !filter.include_subtree);
        let seen = |line: &ListedAssignment| {
            targets.as_ref().is_none_or(|targets| targets.contains(&line.target))
                && filter.role_id.as_ref().is_none_or(|id| *id == line.role_id)
                && own.is_none_or(|own| in_domain(&snapshot, &line.target, own.as_str()))
        };
        let lines = if filter.effective {
            effective(&snapshot, filter)
        } else {
            direct(&snapshot, filter, targets.as_ref())
        };
        Ok(lines.into_iter().filter(seen).collect())
    }
}

fn allow_listing(caller: &Caller, filter: &AssignmentFilter, snapshot: &Snapshot) -> Result<()> {
    if !filter.include_subtree {
        let own = caller.domain_id().map(|id| PolicyTarget::none().attr("target.domain_id", id.to_string()));
        return allow(caller, &policy::LIST_ROLE_ASSIGNMENTS, &own.unwrap_or_default());
    }
    let project = filter.project_id.as_deref().and_then(|id| snapshot.projects.get(id));
    let domain_id =
        project.and_then(|project| project.domain_id.clone()).unwrap_or_else(|| "None".to_owned());
    let target = PolicyTarget::none().attr("target.domain_id", domain_id);
    allow(caller, &policy::LIST_ROLE_ASSIGNMENTS_FOR_TREE, &target)?;
    match (&filter.project_id, project) {
        (Some(id), None) => Err(Error::not_found("project", id)),
        _ => Ok(()),
    }
}

fn in_domain(snapshot: &Snapshot, target: &Target, domain_id: &str) -> bool {
    match target {
        Target::Domain(id) => id == domain_id,
        Target::Project(id) => snapshot.projects.get(id).is_some_and(|project| project.domain() == domain_id),
        Target::System => false,
    }
}

/// The assignments as given, ordered by key: only those of `actors` or on `targets` are looked at where these are known.
fn given<'s>(
    snapshot: &'s Snapshot,
    actors: Option<&[Actor]>,
    targets: Option<&BTreeSet<Target>>,
) -> Box<dyn Iterator<Item = &'s Arc<Assignment>> + 's> {
    let rows: Vec<_> = match (actors, targets) {
        (Some(actors), _) => {
            let of = |actor: &Actor| snapshot.assignments.with_prefix(&actor.prefix());
            actors.iter().flat_map(of).collect()
        }
        (None, Some(targets)) => {
            let on = |target: &Target| snapshot.assignments.among("target", &target.prefix(), "");
            targets.iter().flat_map(on).collect()
        }
        (None, None) => return Box::new(snapshot.assignments.iter()),
    };
    let ordered: BTreeMap<String, _> = rows.into_iter().map(|row| (row.key(), row)).collect();
    Box::new(ordered.into_values())
}

fn direct(
    snapshot: &Snapshot,
    filter: &AssignmentFilter,
    targets: Option<&BTreeSet<Target>>,
) -> Vec<ListedAssignment> {
    let user = filter.user_id.clone().map(Actor::User);
    let actor = user.or_else(|| filter.group_id.clone().map(Actor::Group));
    let rows = given(snapshot, actor.as_ref().map(std::slice::from_ref), targets);
    let rows = rows.filter(|row| filter.inherited.is_none_or(|inherited| inherited == row.inherited));
    rows.map(|row| ListedAssignment {
        actor: row.actor.clone(),
        target: row.target.clone(),
        role_id: row.role_id.clone(),
        inherited: row.inherited,
        source: (**row).clone(),
    })
    .collect()
}

fn effective(snapshot: &Snapshot, filter: &AssignmentFilter) -> Vec<ListedAssignment> {
    let actors = filter.user_id.as_ref().map(|id| snapshot.actors_of(id));
    let sources = given(snapshot, actors.as_deref(), None);
    let sources = sources.filter(|row| filter.inherited.is_none_or(|inherited| inherited == row.inherited));
    let all = snapshot.effective(sources, filter.user_id.as_deref());
    // a domain's role counts only by what it implies
    let counts = |found: &EffectiveAssignment| {
        snapshot.roles.get(&found.role_id).is_some_and(|role| role.domain_id.is_none())
    };
    all.into_iter()
        .filter(counts)
        .map(|found| ListedAssignment {
            actor: Actor::User(found.user_id),
            target: found.target,
            role_id: found.role_id,
            inherited: found.source.inherited,
            source: found.source,
        })
        .collect()
}
