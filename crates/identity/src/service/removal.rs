//! What goes along when something goes.

use std::sync::Arc;

use super::Draft;
use crate::model::{Actor, ApplicationCredential, Kind, Record, Target, User};

impl Draft {
    /// Removes records of these ids.
    fn remove_all(&mut self, kind: Kind, ids: &[String]) {
        ids.iter().for_each(|id| self.delete(kind, id));
    }

    /// Removes all assignments of a user or group.
    fn remove_assignments_of(&mut self, actor: &Actor) {
        let keys = ids(self.assignments.with_prefix(&actor.prefix()));
        self.remove_all(Kind::Assignment, &keys);
    }

    /// Removes a project (or domain) itself with assignments and credentials; its tokens end.
    pub(crate) fn remove_project(&mut self, id: &str) {
        for target in [Target::Project(id.to_owned()), Target::Domain(id.to_owned())] {
            let keys = ids(self.assignments.among("target", &target.prefix(), ""));
            self.remove_all(Kind::Assignment, &keys);
        }
        self.remove_secrets("project_id", id);
        let defaulted: Vec<_> = self.users.among("default_project_id", id, "").cloned().collect();
        for user in defaulted {
            self.put(User { default_project_id: None, ..(*user).clone() });
        }
        self.delete(Kind::Project, id);
        self.revoke_project(id);
    }

    /// Removes all credentials of a user or project.
    fn remove_secrets(&mut self, owner: &str, id: &str) {
        let applications = ids(self.application_credentials.among(owner, id, ""));
        self.remove_all(Kind::ApplicationCredential, &applications);
        let others = ids(self.credentials.among(owner, id, ""));
        self.remove_all(Kind::Credential, &others);
    }

    /// Removes a user: memberships, assignments, credentials, access rules; tokens end.
    pub(crate) fn remove_user(&mut self, id: &str) {
        let memberships = ids(self.memberships.with_prefix(&format!("{id}|")));
        self.remove_all(Kind::Membership, &memberships);
        self.remove_assignments_of(&Actor::User(id.to_owned()));
        self.remove_secrets("user_id", id);
        let rules = ids(self.access_rules.among("user_id", id, ""));
        self.remove_all(Kind::AccessRule, &rules);
        self.delete(Kind::User, id);
        self.revoke_user(id);
    }

    /// Removes a group with memberships and assignments.
    pub(crate) fn remove_group(&mut self, id: &str) {
        self.remove_assignments_of(&Actor::Group(id.to_owned()));
        let memberships = ids(self.memberships.among("group_id", id, ""));
        self.remove_all(Kind::Membership, &memberships);
        self.delete(Kind::Group, id);
    }

    /// Removes a role with assignments and implications. Looks at all of them: roles are few and rarely go.
    pub(crate) fn remove_role(&mut self, id: &str) {
        let assignments = ids(self.assignments.iter().filter(|row| row.role_id == id));
        self.remove_all(Kind::Assignment, &assignments);
        let implications = ids(self.implications.iter().filter(|row| row.prior == id || row.implied == id));
        self.remove_all(Kind::Implication, &implications);
        let has = |row: &&Arc<ApplicationCredential>| row.roles.iter().any(|role| role == id);
        let applications = ids(self.application_credentials.iter().filter(has));
        self.remove_all(Kind::ApplicationCredential, &applications);
        self.delete(Kind::Role, id);
    }

    /// Removes a domain with everything in it.
    pub(crate) fn remove_domain(&mut self, id: &str) {
        ids(self.projects.among("domain_id", id, "")).iter().for_each(|id| self.remove_project(id));
        ids(self.users.among("domain_id", id, "")).iter().for_each(|id| self.remove_user(id));
        ids(self.groups.among("domain_id", id, "")).iter().for_each(|id| self.remove_group(id));
        let roles = ids(self.roles.iter().filter(|role| role.domain_id.as_deref() == Some(id)));
        roles.iter().for_each(|id| self.remove_role(id));
        self.remove_project(id);
    }
}

fn ids<'a, T: Record>(rows: impl Iterator<Item = &'a Arc<T>>) -> Vec<String> {
    rows.map(|row| row.id()).collect()
}
