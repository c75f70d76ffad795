//! Projects. Where they may lie is `service/projects.rs`. Upstream: `keystone/resource/core.py`.

mod family;
mod tag_filter;

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_resource::{
    Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::{is_filtered, of_domain, seen};
use super::project_body::{self, FIELDS};
use super::{kept_as, permit_in, refuse_immutable};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::policy;
use crate::service::{Draft, Identity, domain_for_new, is_seen, new_id, with_project};
use family::Family;
use tag_filter::TagFilter;

/// Projects.
pub(crate) struct Projects;

impl Resource for Projects {
    kept_as!(Project, "project");
    type More = Family;

    const NAMES: Names = Names::new("project", "projects", "/v3/projects", "/v3/projects/{project_id}");
    const READ: Rule = policy::GET_PROJECT;

    fn target(row: &Arc<Project>) -> Target<'_> {
        with_project(Target::none(), row)
    }

    /// Those above and below are shown where one is looked at.
    async fn more(call: &Call<Identity>, rows: &[Arc<Project>]) -> Result<Vec<Family>> {
        let alone = call.param("project_id").is_empty();
        let one =
            |row: &Arc<Project>| if alone { Ok(Family::default()) } else { Family::of(call, row, shown) };
        rows.iter().map(one).collect()
    }

    fn view(call: &Call<Identity>, row: &Arc<Project>, more: &Family, _: Verb) -> Value {
        more.beside(shown(call, row))
    }
}

fn shown(call: &Call<Identity>, row: &Project) -> Value {
    let place = json!({ "domain_id": row.domain_id, "parent_id": row.parent_id, "is_domain": row.is_domain });
    project_body::view(call, row, "projects", place)
}

impl List for Projects {
    const RULE: Rule = policy::LIST_PROJECTS;
    const LIST: Listing =
        Listing { names: &["domain_id", "enabled", "name", "parent_id", "is_domain"], ..Listing::OWN };

    /// Without domains unless `is_domain` asks for them; with a domain's token its own.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<Project>>> {
        let (tags, domains, caller) =
            (TagFilter::of(&call.query), is_filtered(wanted, "is_domain"), &call.caller);
        let is_own = |row: &Project| match &row.domain_id {
            Some(id) => is_seen(caller, id),
            None => caller.domain_id().is_none(),
        };
        let is_shown = |row: &Project| is_own(row) && (domains || !row.is_domain) && tags.fits(&row.tags);
        seen(call, &<Self as List>::RULE, &Self::LIST, wanted, of_domain(call), is_shown)
    }
}

impl Create for Projects {
    const RULE: Rule = policy::CREATE_PROJECT;
    const BODY: Schema = Schema::open("project", FIELDS);

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        permit_in(call, &<Self as Create>::RULE, "target.project.domain_id", body)
    }

    /// With `is_domain` a domain. Where no domain is named it is that of the token, and a parent elsewhere is refused, as
    /// in Keystone.
    async fn create(call: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Project>, Family)> {
        let is_domain = body.truth("is_domain") == Some(true);
        let asked = body.text("domain_id");
        let domain_id = if is_domain { asked } else { Some(domain_for_new(&call.caller, asked)) };
        let parent_id = body.text("parent_id").or_else(|| domain_id.clone());
        let project = Project { domain_id, parent_id, is_domain, ..project_body::made(new_id(), body)? };
        draft.check_place(&project)?;
        Ok((draft.put_project(project)?, Family::default()))
    }
}

impl Update for Projects {
    const RULE: Rule = policy::UPDATE_PROJECT;
    const BODY: Schema = Schema::open("project", FIELDS);

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Project>, Family)> {
        let (row, ()) = project_body::change(call, draft, &loaded, body)?;
        Ok((row, Family::default()))
    }
}

/// Only without projects below; its tokens end.
impl Delete for Projects {
    const RULE: Rule = policy::DELETE_PROJECT;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, project: Loaded<Self>) -> Result<()> {
        let id = &project.id;
        refuse_immutable(project_body::kind(&project), id, project.immutable, "delete", false)?;
        if project.is_domain && project.enabled {
            let because =
                format!("Cannot delete a project acting as a domain {id} that is enabled. Disable it first.");
            return Err(Error::Refused(because));
        }
        if !draft.children(id).is_empty() {
            let because = format!(
                "Cannot delete the project {id} since it is not a leaf in the hierarchy. Delete the projects below first."
            );
            return Err(Error::Refused(because));
        }
        draft.remove_project(id);
        Ok(())
    }
}
