//! What goes along when something goes.

use super::Draft;
use crate::model::{Actor, ApplicationCredential, Assignment, Credential, Kind, Target, User};

impl Draft {
    /// Removes all assignments for which `gone` holds.
    pub(super) fn remove_assignments(&mut self, gone: impl Fn(&Assignment) -> bool) {
        let keys: Vec<String> =
            self.assignments.iter().filter(|row| gone(row)).map(|row| row.key()).collect();
        keys.iter().for_each(|key| self.delete(Kind::Assignment, key));
    }

    /// Removes all assignments of a user or group.
    pub(super) fn remove_assignments_of(&mut self, actor: &Actor) {
        let prefix = actor.prefix();
        let keys: Vec<String> = self.assignments.with_prefix(&prefix).map(|row| row.key()).collect();
        keys.iter().for_each(|key| self.delete(Kind::Assignment, key));
    }

    /// Removes all application credentials for which `gone` holds.
    pub(super) fn remove_application_credentials(&mut self, gone: impl Fn(&ApplicationCredential) -> bool) {
        let ids: Vec<String> =
            self.application_credentials.iter().filter(|row| gone(row)).map(|row| row.id.clone()).collect();
        ids.iter().for_each(|id| self.delete(Kind::ApplicationCredential, id));
    }

    /// Removes all other credentials for which `gone` holds.
    pub(super) fn remove_credentials(&mut self, gone: impl Fn(&Credential) -> bool) {
        let ids: Vec<String> =
            self.credentials.iter().filter(|row| gone(row)).map(|row| row.id.clone()).collect();
        ids.iter().for_each(|id| self.delete(Kind::Credential, id));
    }

    /// Removes a project (or domain) itself with assignments and credentials; its tokens end.
    pub(crate) fn remove_project(&mut self, id: &str) {
        let (project, domain) = (Target::Project(id.to_owned()), Target::Domain(id.to_owned()));
        self.remove_assignments(|row| row.target == project || row.target == domain);
        self.remove_application_credentials(|row| row.project_id == id);
        self.remove_credentials(|row| row.project_id.as_deref() == Some(id));
        let defaulted: Vec<User> = self
            .users
            .iter()
            .filter(|user| user.default_project_id.as_deref() == Some(id))
            .map(|user| User { default_project_id: None, ..(**user).clone() })
            .collect();
        defaulted.into_iter().for_each(|user| self.put(user));
        self.delete(Kind::Project, id);
        self.revoke_project(id);
    }

    /// Removes a group with memberships and assignments.
    pub(crate) fn remove_group(&mut self, id: &str) {
        self.remove_assignments_of(&Actor::Group(id.to_owned()));
        for user_id in self.user_ids_in(id) {
            self.delete(Kind::Membership, &format!("{user_id}|{id}"));
        }
        self.delete(Kind::Group, id);
    }

    /// Removes a role with assignments and implications.
    pub(crate) fn remove_role(&mut self, id: &str) {
        self.remove_assignments(|row| row.role_id == id);
        let keys: Vec<String> = self
            .implications
            .iter()
            .filter(|row| row.prior == id || row.implied == id)
            .map(|row| format!("{}|{}", row.prior, row.implied))
            .collect();
        keys.iter().for_each(|key| self.delete(Kind::Implication, key));
        self.remove_application_credentials(|row| row.roles.iter().any(|role| role == id));
        self.delete(Kind::Role, id);
    }

    /// Removes a domain with everything in it.
    pub(crate) fn remove_domain(&mut self, id: &str) {
        let projects: Vec<String> = self
            .projects
            .iter()
            .filter(|project| project.domain_id.as_deref() == Some(id))
            .map(|project| project.id.clone())
            .collect();
        projects.iter().for_each(|id| self.remove_project(id));
        let users: Vec<String> =
            self.users.iter().filter(|user| user.domain_id == id).map(|user| user.id.clone()).collect();
        users.iter().for_each(|id| self.remove_user(id));
        let groups: Vec<String> =
            self.groups.iter().filter(|group| group.domain_id == id).map(|group| group.id.clone()).collect();
        groups.iter().for_each(|id| self.remove_group(id));
        let roles: Vec<String> = self
            .roles
            .iter()
            .filter(|role| role.domain_id.as_deref() == Some(id))
            .map(|role| role.id.clone())
            .collect();
        roles.iter().for_each(|id| self.remove_role(id));
        self.remove_project(id);
    }

    /// Removes a user: memberships, assignments, credentials, access rules; tokens end.
    pub(crate) fn remove_user(&mut self, id: &str) {
        let memberships = format!("{id}|");
        let memberships: Vec<String> = self
            .memberships
            .with_prefix(&memberships)
            .map(|row| format!("{}|{}", row.user_id, row.group_id))
            .collect();
        memberships.iter().for_each(|key| self.delete(Kind::Membership, key));
        self.remove_assignments_of(&Actor::User(id.to_owned()));
        self.remove_application_credentials(|credential| credential.user_id == id);
        let rules: Vec<String> =
            self.access_rules.iter().filter(|rule| rule.user_id == id).map(|rule| rule.id.clone()).collect();
        rules.iter().for_each(|rule| self.delete(Kind::AccessRule, rule));
        self.remove_credentials(|credential| credential.user_id == id);
        self.delete(Kind::User, id);
        self.revoke_user(id);
    }
}
