//! Role assignments. Shape: Keystone's `role_assignments.py`, `_format_entity`.

use serde::Serialize;

use crate::api::place::{Place, Placed as _};
use crate::model::{Actor, Project, Target};
use crate::service::ListedAssignment;
use crate::snapshot::Snapshot;

#[derive(Serialize)]
pub(in crate::api) struct Assignment {
    scope: Scope,
    role: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Named>,
    links: Links,
}

#[derive(Serialize, Default)]
struct Scope {
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System>,
    #[serde(rename = "OS-INHERIT:inherited_to", skip_serializing_if = "Option::is_none")]
    inherited_to: Option<&'static str>,
}

#[derive(Serialize)]
struct System {
    all: bool,
}

/// An object by id; with names where they are asked for.
#[derive(Serialize, Default)]
struct Named {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Box<Named>>,
}

#[derive(Serialize)]
struct Links {
    assignment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prior_role: Option<String>,
}

/// Shows assignments, with names or without.
pub(in crate::api) struct Renderer<'a> {
    pub(in crate::api) snapshot: &'a Snapshot,
    pub(in crate::api) names: bool,
    pub(in crate::api) place: &'a Place,
}

impl Renderer<'_> {
    pub(in crate::api) fn render(&self, line: &ListedAssignment) -> Assignment {
        let (user, group) = match &line.actor {
            Actor::User(id) => (Some(self.user(id)), None),
            Actor::Group(id) => (None, Some(self.group(id))),
        };
        Assignment {
            scope: self.scope(line),
            role: self.role(&line.role_id),
            user,
            group,
            links: self.links(line),
        }
    }

    fn named(&self, id: &str, name: Option<&str>, domain_id: Option<&str>) -> Named {
        let name = name.filter(|_| self.names).map(str::to_owned);
        let domain = domain_id.filter(|_| self.names).and_then(|id| self.snapshot.projects.get(id));
        let domain = domain.map(|domain| {
            Box::new(Named { id: domain.id.clone(), name: Some(domain.name.clone()), domain: None })
        });
        Named { id: id.to_owned(), name, domain }
    }

    fn user(&self, id: &str) -> Named {
        let row = self.snapshot.users.get(id);
        self.named(id, row.map(|row| row.name.as_str()), row.map(|row| row.domain_id.as_str()))
    }

    fn group(&self, id: &str) -> Named {
        let row = self.snapshot.groups.get(id);
        self.named(id, row.map(|row| row.name.as_str()), row.map(|row| row.domain_id.as_str()))
    }

    fn role(&self, id: &str) -> Named {
        let row = self.snapshot.roles.get(id);
        self.named(id, row.map(|row| row.name.as_str()), row.and_then(|row| row.domain_id.as_deref()))
    }

    fn scope(&self, line: &ListedAssignment) -> Scope {
        let inherited_to = line.inherited.then_some("projects");
        let name = |id: &str| self.snapshot.projects.get(id).map(|row| row.name.as_str());
        match &line.target {
            Target::System => Scope { system: Some(System { all: true }), inherited_to, ..Scope::default() },
            Target::Domain(id) => {
                Scope { domain: Some(self.named(id, name(id), None)), inherited_to, ..Scope::default() }
            }
            Target::Project(id) => {
                let domain_id = self.snapshot.projects.get(id).map(|row| Project::domain(row));
                Scope { project: Some(self.named(id, name(id), domain_id)), inherited_to, ..Scope::default() }
            }
        }
    }

    fn links(&self, line: &ListedAssignment) -> Links {
        let source = &line.source;
        let target = match &source.target {
            Target::Project(id) => format!("projects/{id}"),
            Target::Domain(id) => format!("domains/{id}"),
            Target::System => "system".to_owned(),
        };
        let actor = match &source.actor {
            Actor::User(id) => format!("users/{id}"),
            Actor::Group(id) => format!("groups/{id}"),
        };
        let path = format!("{target}/{actor}/roles/{}", source.role_id);
        let path = if line.inherited { format!("OS-INHERIT/{path}/inherited_to_projects") } else { path };
        let membership = match (&source.actor, &line.actor) {
            (Actor::Group(group), Actor::User(user)) => {
                Some(self.place.link(&format!("groups/{group}/users/{user}")))
            }
            _ => None,
        };
        let implied = line.role_id != source.role_id;
        let prior = format!("prior_role/{}/implies/{}", line.role_id, source.role_id);
        Links {
            assignment: self.place.link(&path),
            membership,
            prior_role: implied.then(|| self.place.link(&prior)),
        }
    }
}
