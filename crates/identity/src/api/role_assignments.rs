//! `/v3/role_assignments`. Shape: Keystone's `role_assignments.py`, `_format_entity`.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::model::{Actor, Project, Target};
use crate::resources::{is_asked, listed};
use crate::service::{AssignmentFilter, Identity, ListedAssignment};
use crate::snapshot::Snapshot;

/// `GET`.
pub(super) async fn list(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let get = |name: &str| call.query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let filter = AssignmentFilter {
        user_id: get("user.id"),
        group_id: get("group.id"),
        role_id: get("role.id"),
        project_id: get("scope.project.id"),
        domain_id: get("scope.domain.id"),
        system: get("scope.system").is_some(),
        inherited: call.query.get("scope.OS-INHERIT:inherited_to").map(|value| value == "projects"),
        effective: is_asked(&call.query, "effective"),
        include_subtree: is_asked(&call.query, "include_subtree"),
    };
    let lines = call.service.list_assignments(&call.caller, &filter)?;
    let snapshot = call.service.snapshot();
    let renderer =
        Renderer { snapshot: &snapshot, names: is_asked(&call.query, "include_names"), call: &call };
    Ok(listed(&call, "role_assignments", lines.iter().map(|line| renderer.line(line)).collect()))
}

/// Shows assignments, with names or without.
struct Renderer<'a> {
    snapshot: &'a Snapshot,
    names: bool,
    call: &'a Call<Identity>,
}

impl Renderer<'_> {
    fn line(&self, line: &ListedAssignment) -> Value {
        let role = self.snapshot.roles.get(&line.role_id);
        let role = role.map(|row| (row.name.as_str(), row.domain_id.as_deref()));
        let mut shown = json!({
            "scope": self.scope(line),
            "role": self.named(&line.role_id, role),
            "links": self.links(line),
        });
        match &line.actor {
            Actor::User(id) => {
                let row = self.snapshot.users.get(id);
                shown["user"] =
                    self.named(id, row.map(|row| (row.name.as_str(), Some(row.domain_id.as_str()))));
            }
            Actor::Group(id) => {
                let row = self.snapshot.groups.get(id);
                shown["group"] =
                    self.named(id, row.map(|row| (row.name.as_str(), Some(row.domain_id.as_str()))));
            }
        }
        shown
    }

    /// An object by id; with its name and its domain where they are asked for.
    fn named(&self, id: &str, row: Option<(&str, Option<&str>)>) -> Value {
        let mut shown = json!({ "id": id });
        if let Some((name, domain_id)) = row.filter(|_| self.names) {
            shown["name"] = name.into();
            if let Some(domain) = domain_id.and_then(|id| self.snapshot.projects.get(id)) {
                shown["domain"] = json!({ "id": domain.id, "name": domain.name });
            }
        }
        shown
    }

    fn scope(&self, line: &ListedAssignment) -> Value {
        let project = |id: &str| self.snapshot.projects.get(id);
        let mut scope = match &line.target {
            Target::System => json!({ "system": { "all": true } }),
            Target::Domain(id) => {
                json!({ "domain": self.named(id, project(id).map(|row| (row.name.as_str(), None))) })
            }
            Target::Project(id) => {
                let row = project(id).map(|row| (row.name.as_str(), Some(Project::domain(row))));
                json!({ "project": self.named(id, row) })
            }
        };
        if line.inherited {
            scope["OS-INHERIT:inherited_to"] = "projects".into();
        }
        scope
    }

    fn links(&self, line: &ListedAssignment) -> Value {
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
        let link = |path: &str| self.call.base.join(&format!("/v3/{path}"));
        let mut links = json!({ "assignment": link(&path) });
        if let (Actor::Group(group), Actor::User(user)) = (&source.actor, &line.actor) {
            links["membership"] = link(&format!("groups/{group}/users/{user}")).into();
        }
        if line.role_id != source.role_id {
            let prior = format!("prior_role/{}/implies/{}", line.role_id, source.role_id);
            links["prior_role"] = link(&prior).into();
        }
        links
    }
}
