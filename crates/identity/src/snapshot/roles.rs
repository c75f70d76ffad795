//! From assignments as made to roles that count: groups, inheritance, implication.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Snapshot;
use crate::model::{Actor, Assignment, Project, Target};
use crate::token::TokenScope;

/// A role as a token names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One user's role on one target, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveAssignment {
    /// The user.
    pub user_id: String,
    /// The project, domain or system.
    pub target: Target,
    /// The role.
    pub role_id: String,
    /// The assignment as made: its actor may be a group, its target a project or domain above.
    pub source: Assignment,
    /// True where an assigned role implies it; the source has that role.
    pub implied: bool,
}

impl Snapshot {
    /// `roles` and everything that they imply.
    #[must_use]
    pub fn with_implied(&self, roles: BTreeSet<String>) -> BTreeSet<String> {
        let mut queue: Vec<String> = roles.iter().cloned().collect();
        let mut all = roles;
        while let Some(prior) = queue.pop() {
            let prefix = format!("{prior}|");
            for implication in self.implications.with_prefix(&prefix) {
                if all.insert(implication.implied.clone()) {
                    queue.push(implication.implied.clone());
                }
            }
        }
        all
    }

    /// A user and the groups they are in.
    #[must_use]
    pub fn actors_of(&self, user_id: &str) -> Vec<Actor> {
        let groups = self.group_ids_of(user_id).into_iter().map(Actor::Group);
        std::iter::once(Actor::User(user_id.to_owned())).chain(groups).collect()
    }

    /// The assigned roles of `actors` on `target` itself.
    fn assigned(&self, actors: &[Actor], target: &Target, inherited: bool, into: &mut BTreeSet<String>) {
        for actor in actors {
            let prefix = format!("{}{}", actor.prefix(), target.prefix());
            let here =
                self.assignments.with_prefix(&prefix).filter(|assignment| assignment.inherited == inherited);
            into.extend(here.map(|assignment| assignment.role_id.clone()));
        }
    }

    /// Ids of the roles that a user has in a scope, domain-specific and implied ones included.
    #[must_use]
    pub fn role_ids(&self, user_id: &str, scope: &TokenScope) -> BTreeSet<String> {
        let actors = self.actors_of(user_id);
        let mut roles = BTreeSet::new();
        match scope {
            TokenScope::Unscoped => {}
            TokenScope::System => self.assigned(&actors, &Target::System, false, &mut roles),
            TokenScope::Domain(id) => self.assigned(&actors, &Target::Domain(id.clone()), false, &mut roles),
            TokenScope::Project(id) => {
                if let Some(project) = self.projects.get(id) {
                    self.assigned_on_project(&actors, project, &mut roles);
                }
            }
        }
        self.with_implied(roles)
    }

    fn assigned_on_project(&self, actors: &[Actor], project: &Project, roles: &mut BTreeSet<String>) {
        self.assigned(actors, &Target::Project(project.id.clone()), false, roles);
        if let Some(domain_id) = &project.domain_id {
            self.assigned(actors, &Target::Domain(domain_id.clone()), true, roles);
        }
        for above in self.ancestors(project) {
            self.assigned(actors, &Target::Project(above.id.clone()), true, roles);
        }
    }

    /// The roles that a token of that scope carries, ordered by name. Domain-specific roles are left out.
    #[must_use]
    pub fn token_roles(&self, user_id: &str, scope: &TokenScope) -> Vec<RoleName> {
        self.named(&self.role_ids(user_id, scope))
    }

    /// Global roles of those ids with their names, ordered by name.
    #[must_use]
    pub fn named(&self, ids: &BTreeSet<String>) -> Vec<RoleName> {
        let roles = ids.iter().filter_map(|id| self.roles.get(id)).filter(|role| role.domain_id.is_none());
        let mut named: Vec<RoleName> =
            roles.map(|role| RoleName { id: role.id.clone(), name: role.name.clone() }).collect();
        named.sort_by(|a, b| a.name.cmp(&b.name));
        named
    }

    /// The projects (not domains) on which a user has any role that counts, ordered by id.
    #[must_use]
    pub fn project_ids_of(&self, user_id: &str) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for actor in self.actors_of(user_id) {
            for assignment in self.assignments.with_prefix(&actor.prefix()) {
                ids.extend(self.projects_under(assignment));
            }
        }
        ids
    }

    /// The domains on which a user has any role, ordered by id.
    #[must_use]
    pub fn domain_ids_of(&self, user_id: &str) -> BTreeSet<String> {
        let actors = self.actors_of(user_id);
        let prefixes: Vec<String> = actors.iter().map(Actor::prefix).collect();
        let all = prefixes.iter().flat_map(|prefix| self.assignments.with_prefix(prefix));
        all.filter(|assignment| !assignment.inherited)
            .filter_map(|assignment| match &assignment.target {
                Target::Domain(id) => Some(id.clone()),
                _ => None,
            })
            .collect()
    }

    /// The projects on which an assignment counts.
    fn projects_under(&self, assignment: &Assignment) -> Vec<String> {
        match (&assignment.target, assignment.inherited) {
            (Target::Project(id), false) => vec![id.clone()],
            (Target::Project(id), true) => {
                self.subtree(id).iter().map(|project| project.id.clone()).collect()
            }
            (Target::Domain(id), true) => {
                self.projects.among("domain_id", id, "").map(|project| project.id.clone()).collect()
            }
            (Target::Domain(_), false) | (Target::System, _) => Vec::new(),
        }
    }

    /// Every role that counts by these assignments, for every user, project, domain and the system, with where it comes
    /// from; with `user` for that one only, whom they concern.
    #[must_use]
    pub fn effective<'a>(
        &self,
        sources: impl Iterator<Item = &'a Arc<Assignment>>,
        user: Option<&str>,
    ) -> Vec<EffectiveAssignment> {
        let mut all = Vec::new();
        for source in sources {
            let users = match (&source.actor, user) {
                (_, Some(user)) => vec![user.to_owned()],
                (Actor::User(id), None) => vec![id.clone()],
                (Actor::Group(id), None) => self.user_ids_in(id),
            };
            let targets = match &source.target {
                target if !source.inherited => vec![target.clone()],
                _ => self.projects_under(source).into_iter().map(Target::Project).collect(),
            };
            self.expand(source, &users, &targets, &mut all);
        }
        all
    }

    fn expand(
        &self,
        source: &Assignment,
        users: &[String],
        targets: &[Target],
        into: &mut Vec<EffectiveAssignment>,
    ) {
        let roles = self.with_implied(BTreeSet::from([source.role_id.clone()]));
        for user_id in users {
            for target in targets {
                into.extend(roles.iter().map(|role_id| EffectiveAssignment {
                    user_id: user_id.clone(),
                    target: target.clone(),
                    role_id: role_id.clone(),
                    source: source.clone(),
                    implied: *role_id != source.role_id,
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests;
