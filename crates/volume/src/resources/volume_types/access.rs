//! `/types/{id}/os-volume-type-access` and its actions: which projects see a private type.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::VolumeTypes;
use crate::error::{Error, Result};
use crate::store::types as store;
use crate::{Volumes, policy};

/// `GET …/os-volume-type-access`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let kind = Loaded::<VolumeTypes>::now(&call, call.key(), &call.rule).await?;
    if kind.is_public {
        let why = "Access list not available for public volume types.";
        return Err(Error::NotFound(why.to_owned()).into());
    }
    let projects = store::with_access(call.service.db(), kind.id).await.map_err(Error::from)?;
    let one = |project: String| json!({ "volume_type_id": kind.id, "project_id": project });
    Ok(Json(json!({ "volume_type_access": projects.into_iter().map(one).collect::<Vec<_>>() })))
}

/// `POST /types/{id}/action`
pub(crate) async fn action(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    let give = fields.has("addProjectAccess");
    let (key, rule) = if give {
        ("addProjectAccess", policy::VOLUME_TYPE_ACCESS_ADD_PROJECT_ACCESS)
    } else {
        ("removeProjectAccess", policy::VOLUME_TYPE_ACCESS_REMOVE_PROJECT_ACCESS)
    };
    if !fields.has(key) {
        return Err(fields.no_action());
    }
    let project = project(&fields, key)?;
    let (kind, mut tx) = Loaded::<VolumeTypes>::open(&call, call.key(), &rule).await?;
    change(&mut tx, &kind, &project, give).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

fn project(fields: &Fields<'_>, key: &str) -> Read<String> {
    let change = fields.object(key)?;
    let project = change.required("project", change.text("project", 1, 255)?)?;
    change.finish()?;
    fields.finish()?;
    Ok(project)
}

async fn change(tx: &mut kogge_db::Tx, kind: &Loaded<VolumeTypes>, project: &str, give: bool) -> Result<()> {
    if kind.is_public {
        let why = "Type access modification is not applicable to public volume type.";
        return Err(Error::Invalid(format!("Invalid volume type: {why}")));
    }
    let id = kind.id;
    match give {
        true if !store::give_access(tx, id, project).await? => {
            let why = format!("Volume type access for {id} / {project} combination already exists.");
            Err(Error::Conflict(why))
        }
        false if !store::take_access(tx, id, project).await? => {
            Err(Error::NotFound(format!("Volume type access not found for {id} / {project} combination.")))
        }
        _ => Ok(()),
    }
}
