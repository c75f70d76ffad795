//! SCS-0116: an ordinary member can keep a secret in the key manager.

use kogge_client::Error;
use kogge_conform::{Context, Problem};
use kogge_standards::Judgement;
use kogge_standards::key_manager::{Outcome, SERVICE_TYPE, judge_permissions};
use serde_json::{Value, json};

use crate::created::{Made, SECRET, announce, id_of, is_refusal};
use crate::remove::remove;

/// `None` if the catalogue has no key manager.
pub(crate) async fn run(context: &Context) -> Result<Option<Judgement>, Problem> {
    let token = context.client.token().await?;
    if !token.catalog.has_exactly(SERVICE_TYPE) {
        return Ok(None);
    }
    let outcome = walk(context).await?;
    Ok(Some(judge_permissions(token.roles.iter().map(String::as_str), Some(&outcome))))
}

/// What a step that went wrong comes to: 403 is the finding, anything else leaves the question open.
fn stop(step: &str, error: Error) -> Outcome {
    match error.status() {
        Some(403) => Outcome::Forbidden(step.to_owned()),
        _ => Outcome::Broken(format!("{step}: {}", kogge_client::chain(&error))),
    }
}

async fn walk(context: &Context) -> Result<Outcome, Problem> {
    if let Err(error) = secrets(context).await {
        return Ok(stop("list secrets", error));
    }
    let name = context.object_name("0116", "secret");
    let number = announce(context, &SECRET, &name).await?;
    let made = match make(context, &name).await {
        Ok(id) => Made { number, id, object: Value::Null },
        Err(error) => {
            if is_refusal(&error) {
                context.journal.gone(number)?;
            }
            return Ok(stop("create a secret", error));
        }
    };
    context.journal.made(number, &made.id)?;
    let listed = match secrets(context).await {
        Ok(all) => all.iter().any(|secret| id_of(secret).as_ref() == Some(&made.id)),
        Err(error) => return Ok(stop("list secrets again", error)),
    };
    if let Err(problem) = remove(context, &SECRET, &made).await {
        let forbidden = problem.0.contains("answered 403");
        let text = format!("delete the secret: {problem}");
        return Ok(if forbidden { Outcome::Forbidden(text) } else { Outcome::Broken(text) });
    }
    Ok(if listed { Outcome::Worked } else { Outcome::NotListed })
}

async fn secrets(context: &Context) -> Result<Vec<Value>, Error> {
    context
        .client
        .list(SECRET.service, SECRET.list, SECRET.many)
        .with(|call| call.query("limit", "100"))
        .collect()
        .await
}

async fn make(context: &Context, name: &str) -> Result<String, Error> {
    let body = json!({"name": name, "payload": "foo", "payload_content_type": "text/plain", "secret_type": "opaque"});
    let call = context.client.call(kogge_client::Method::POST, SECRET.service, SECRET.path).json(&body);
    let answer = call.send().await?.success()?;
    let object: Value = answer.json()?;
    id_of(&object).ok_or_else(|| answer.shape("secret_ref is missing"))
}
