//! Imports, which the API calls tasks: to be read only, by administrators; those of an image by whoever asked for them.

use kogge_auth::Rule;
use kogge_db::filter::{Whose, by, text};
use kogge_db::{Direction, SortKey};
use kogge_http::{ApiError, Json};
use kogge_resource::{Call, Judgement, List, Listing, Names, Resource, Verb};
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::task::{Import, Method, Progress};
use crate::{Images, policy};

const EXPIRES: SortKey = SortKey { name: "expires_at", expression: "COALESCE(expires_at, 0)" };

/// Tasks.
pub(crate) struct Tasks;

impl Resource for Tasks {
    type Service = Images;
    type Row = Import;
    type More = ();

    const NAMES: Names = Names::new("task", "tasks", "/v2/tasks", "/v2/tasks/{id}");
    const READ: Rule = policy::TASKS_API_ACCESS;

    fn missing(_: &Call<Images>, id: &str) -> Error {
        Error::NotFound(format!("Task with the given id {id} was not found"))
    }

    fn id(row: &Import) -> String {
        row.id.clone()
    }

    fn judge(call: &Call<Images>, rule: &Rule, found: Option<&Import>) -> Judgement {
        Judgement::shared(&call.caller, rule, found.is_some())
    }

    fn view(_: &Call<Images>, row: &Import, (): &(), verb: Verb) -> Value {
        let mut view = json!({
            "id": row.id,
            "type": "api_image_import",
            "status": row.progress,
            "owner": row.owner,
            "created_at": row.created_at.seconds_z(),
            "updated_at": row.updated_at.seconds_z(),
            "self": format!("/v2/tasks/{}", row.id),
            "schema": "/v2/schemas/task",
        });
        if let Some(expires) = row.expires_at {
            view["expires_at"] = json!(expires.seconds_z());
        }
        if verb == Verb::List {
            return view;
        }
        let mut method = json!({ "name": row.method });
        if row.method == Method::WebDownload {
            method["uri"] = json!(row.uri);
        }
        view["input"] =
            json!({ "image_id": row.image_id, "import_req": { "method": method }, "backend": [null] });
        view["result"] = Value::Null;
        view["message"] = json!(row.message);
        view["image_id"] = json!(row.image_id);
        view["request_id"] = json!(row.request_id);
        view["user_id"] = json!(row.user_id);
        view
    }
}

/// The newest first; all are of one type.
impl List for Tasks {
    const RULE: Rule = policy::TASKS_API_ACCESS;
    const LIST: Listing = Listing {
        filters: &[&[text("status", "status = ?"), text("type", "'api_image_import' = ?")]],
        sort: &[by("id"), by("status"), by("owner"), by("created_at"), by("updated_at"), EXPIRES],
        order: &[("created_at", Direction::Descending)],
        own: "",
        ..Listing::OWN
    };

    fn whose<'c>(call: &'c Call<Images>) -> Result<Whose<'c>, Error> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        match call.query.get("status").filter(|status| !Progress::WORDS.contains(status)) {
            Some(status) => Err(Error::invalid(format!("Invalid status value: {status}"))),
            None => Ok(Whose::Everybodys),
        }
    }
}

/// `GET /v2/images/{id}/tasks`
pub(crate) async fn of_image(call: Call<Images>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let id = id.parse().map_err(|_| Error::no_image(id))?;
    let imports = call.service.imports_of(&call.caller, id).await?;
    let views: Vec<Value> =
        imports.iter().map(|import| Tasks::view(&call, import, &(), Verb::Show)).collect();
    Ok(Json(json!({ "tasks": views })))
}
