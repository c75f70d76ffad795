//! SCS-0116: an ordinary member can keep a secret in the key manager.

use kogge_client::Error;
use kogge_conform::{Context, Problem};
use kogge_standards::Judgement;
use kogge_standards::key_manager::{Outcome, SERVICE_TYPE, judge_permissions};
use serde_json::{Value, json};

use crate::created::{Made, SECRET, id_of, try_create};
use crate::remove::{Gone, delete, vanish};

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
    let body = json!({"name": name, "payload": "foo", "payload_content_type": "text/plain", "secret_type": "opaque"});
    let made = match create(context, &name, body).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => return Ok(stop("create a secret", error)),
        Err(problem) => return broken("create a secret", problem),
    };
    let listed = match secrets(context).await {
        Ok(all) => all.iter().any(|secret| id_of(secret).as_ref() == Some(&made.id)),
        Err(error) => return Ok(stop("list secrets again", error)),
    };
    // whether the secret may be looked at afterwards is another question, and none of upstream's
    match delete(&context.client, &SECRET, &made.id).await {
        Ok(gone) => note(context, &made, gone).await,
        Err(problem) if problem.status() == Some(403) => {
            return Ok(Outcome::Forbidden(format!("delete the secret: {problem}")));
        }
        Err(problem) => return broken("delete the secret", problem),
    }
    Ok(if listed { Outcome::Worked } else { Outcome::NotListed })
}

/// What the cloud did wrong, in words; what we could not do is no outcome.
fn broken(step: &str, problem: Problem) -> Result<Outcome, Problem> {
    if problem.is_the_clouds() { Ok(Outcome::Broken(format!("{step}: {problem}"))) } else { Err(problem) }
}

async fn create(context: &Context, name: &str, body: Value) -> Result<Result<Made, Error>, Problem> {
    try_create(context, &context.client, &SECRET, name, body).await
}

/// Takes it off the journal once it is gone; what stays is removed by the runner.
async fn note(context: &Context, made: &Made, gone: Gone) {
    let vanished = match gone {
        Gone::Already => Ok(()),
        Gone::Asked => vanish(&context.client, &SECRET, &made.id).await,
    };
    match vanished {
        Ok(()) => context.journal.gone(made.number),
        Err(problem) => tracing::info!(kind = SECRET.word, %problem, "not gone yet"),
    }
}

async fn secrets(context: &Context) -> Result<Vec<Value>, Error> {
    context
        .client
        .list(SECRET.service, SECRET.list, SECRET.many)
        .with(|call| call.query("limit", "100"))
        .collect()
        .await
}
