//! `/usages`

use std::collections::BTreeMap;

use axum::response::Response;
use kogge_http::ApiError;
use kogge_resource::nova::additional;
use kogge_resource::placement::Manners;
use kogge_resource::{Call, Dialect as _, Type};
use serde_json::{Map, Value, json};

use crate::Placement;
use crate::microversion::CONSUMER_TYPE;
use crate::model::inventory::Resources;
use crate::model::names::{NAME, is_name};
use crate::reply::reply;
use crate::service::consumers::ByType;

/// What a project uses.
pub(super) async fn of_project(call: Call<Placement>) -> Result<Response, ApiError> {
    let typed = call.version.has(CONSUMER_TYPE);
    let value = |name: &str| call.query.get(name);
    let (project, kind) = (value("project_id"), value("consumer_type").filter(|_| typed));
    call.service.may_see_usage(&call.caller, project.unwrap_or_default())?;
    for (name, text) in call.query.iter() {
        let known = matches!(name, "project_id" | "user_id") || (typed && name == "consumer_type");
        if !known {
            return Err(invalid(&additional(&[name])));
        }
        Manners::check(name, &Type::Text(1, 255), call.version, &text.into())
            .map_err(|error| invalid(error.message().trim_start_matches("JSON does not validate: ")))?;
    }
    if let Some(kind) = kind.filter(|kind| !is_name(kind) && !matches!(*kind, "all" | "unknown")) {
        return Err(invalid(&format!("'{kind}' does not match '{NAME}|^all|^unknown$'")));
    }
    let project = project.ok_or_else(|| invalid("'project_id' is a required property"))?;
    let usages = call.service.project_usages(project, value("user_id")).await?;
    let view = if typed { by_type(&usages, kind) } else { json!(sum(usages.values()).0) };
    Ok(reply(&call, json!({ "usages": view })))
}

/// A refusal in the words of upstream's validator of queries.
fn invalid(why: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid query string parameters: {why}"))
}

fn sum<'u>(usages: impl Iterator<Item = &'u (Resources, i64)>) -> (Resources, i64) {
    usages.fold((Resources::new(), 0), |(mut all, consumers), (resources, count)| {
        for (class, amount) in resources {
            *all.entry(class.clone()).or_default() += amount;
        }
        (all, consumers + count)
    })
}

fn by_type(usages: &ByType, wanted: Option<&str>) -> Value {
    let view = |(resources, count): &(Resources, i64)| {
        let mut view: Map<String, Value> =
            resources.iter().map(|(class, n)| (class.clone(), json!(n))).collect();
        view.insert("consumer_count".to_owned(), json!(count));
        Value::Object(view)
    };
    if wanted == Some("all") {
        return if usages.is_empty() { json!({}) } else { json!({ "all": view(&sum(usages.values())) }) };
    }
    let name = |kind: &Option<String>| kind.clone().unwrap_or_else(|| "unknown".to_owned());
    let chosen = usages.iter().filter(|(kind, _)| wanted.is_none_or(|wanted| wanted == name(kind)));
    json!(chosen.map(|(kind, usage)| (name(kind), view(usage))).collect::<BTreeMap<String, Value>>())
}
