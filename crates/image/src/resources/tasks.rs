//! Imports, which the API calls tasks: to be read only, by administrators; those of an image by whoever asked for them.

use kogge_auth::Rule;
use kogge_db::Paged;
use kogge_http::{ApiError, Json};
use kogge_resource::{Call, Judgement, List, Listing, Names, Resource, Verb, Wanted};
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::task::{Import, Method};
use crate::{Images, policy, store};

/// Tasks.
pub(crate) struct Tasks;

impl Resource for Tasks {
    type Service = Images;
    type Row = Import;
    type More = ();

    const NAMES: Names = Names::new("task", "tasks", "/v2/tasks", "/v2/tasks/{id}");
    const READ: Rule = policy::TASKS_API_ACCESS;

    fn missing(_: &Call<Images>, id: &str) -> Error {
        Error::NotFound { because: format!("Task with the given id {id} was not found") }
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

impl List for Tasks {
    const RULE: Rule = policy::TASKS_API_ACCESS;
    const LIST: Listing = Listing { own: "", ..Listing::OWN };

    /// The newest thousand.
    async fn page(call: &Call<Images>, _: &Wanted) -> Result<Paged<Import>, Error> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        Ok(Paged { items: store::tasks::list(call.service.db()).await?, more: false })
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
