//! `/flavors/{id}/os-flavor-access` and its actions: which projects see a private flavor.

use kogge_auth::Rule;
use kogge_db::{Executor as _, Query, Source, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::{FlavorId, ProjectId};
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{At, Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::Flavors;
use crate::error::{Error, Result};
use crate::{Compute, microversion as v, policy};

/// The condition for what a project sees, with `?` for it.
pub(super) const VISIBLE: &str =
    "is_public = TRUE OR id IN (SELECT flavor_id FROM flavor_access WHERE project_id = ?)";

/// True where the project has access to the flavor.
pub(super) async fn has(from: &mut Source<'_>, flavor: &FlavorId, project: &ProjectId) -> Result<bool> {
    let query = Query::new("SELECT 1 AS x FROM flavor_access WHERE flavor_id = $1 AND project_id = $2");
    Ok(from.optional(query.bind(flavor).bind(project)).await?.is_some())
}

/// The answer of all of these: who has access.
async fn answer(mut from: Source<'_>, flavor: &FlavorId) -> Result<Json<Value>> {
    let query = Query::new("SELECT project_id FROM flavor_access WHERE flavor_id = $1 ORDER BY project_id");
    let projects = from.list("flavor_access", query.bind(flavor), |row| row.text("project_id")).await?;
    let one = |project| json!({ "flavor_id": flavor, "tenant_id": project });
    Ok(Json(json!({ "flavor_access": projects.into_iter().map(one).collect::<Vec<Value>>() })))
}

/// `GET …/os-flavor-access`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let flavor = Loaded::<Flavors>::now(&call, call.key(), &call.rule).await?;
    if flavor.is_public {
        return Err(Error::NotFound("Access list not available for public flavors.".to_owned()).into());
    }
    Ok(answer(At::Now(&call.service).source(), &flavor.id).await?)
}

/// `POST /flavors/{id}/action`
pub(crate) async fn action(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let (key, rule) = if fields.has("addTenantAccess") {
        ("addTenantAccess", &policy::FLAVOR_ACCESS_ADD)
    } else {
        ("removeTenantAccess", &policy::FLAVOR_ACCESS_REMOVE)
    };
    if !fields.has(key) {
        return Err(fields.no_action());
    }
    let project = tenant(&fields, key)?;
    Ok(change(&call, rule, &project).await?)
}

fn tenant(fields: &Fields<'_>, key: &str) -> Read<String> {
    let change = fields.object(key)?;
    let project = change.required("tenant", change.text("tenant", 1, 255)?)?;
    change.finish()?;
    fields.finish()?;
    Ok(project)
}

async fn change(call: &Call<Compute>, rule: &Rule, project: &str) -> Result<Json<Value>> {
    let (flavor, mut tx) = Loaded::<Flavors>::open(call, call.key(), rule).await?;
    let (add, id) = (*rule == policy::FLAVOR_ACCESS_ADD, &flavor.id);
    if add && call.version.has(v::NO_ACCESS_TO_PUBLIC) && flavor.is_public {
        return Err(Error::Conflict("Can not add access to a public flavor.".to_owned()));
    }
    let changed = set(&mut tx, id, project, add).await?;
    if !changed && add {
        let what = format!("flavor {id} and project {project} combination");
        return Err(Error::Conflict(format!("Flavor access already exists for {what}.")));
    }
    if !changed {
        return Err(Error::NotFound(format!("Flavor access not found for {id} / {project} combination.")));
    }
    let shown = answer(Source::Tx(&mut tx), id).await?;
    call.service.commit(tx).await?;
    Ok(shown)
}

/// False where nothing changes.
async fn set(tx: &mut Tx, id: &FlavorId, project: &str, add: bool) -> Result<bool> {
    let query = if add {
        "INSERT INTO flavor_access (flavor_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM flavor_access WHERE flavor_id = $1 AND project_id = $2"
    };
    Ok(tx.execute(Query::new(query).bind(id).bind(project)).await? == 1)
}
