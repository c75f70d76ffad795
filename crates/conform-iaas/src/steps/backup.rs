//! SCS-0117: a volume can be backed up and restored. Contents are not compared; upstream does not either.

use std::time::Duration;

use kogge_client::{Error, chain, encode_segment};
use kogge_conform::{Context, Problem};
use kogge_standards::Judgement;
use kogge_standards::volume_backup::{Outcome, PAUSES, judge_backup};
use serde_json::{Value, json};

use crate::created::{BACKUP, Made, Order, Thing, VOLUME, create, show};
use crate::lookup::text;
use crate::remove::remove;
use crate::wait::{Look, until};

/// Upstream's patience for each state: its pauses in all.
fn patience() -> Duration {
    PAUSES.iter().sum()
}

pub(crate) async fn run(context: &Context) -> Result<Judgement, Problem> {
    if let Err(error @ Error::NoEndpoint { .. }) = context.client.endpoint(VOLUME.service).await {
        return Ok(judge_backup(&Outcome::NoService(chain(&error))));
    }
    let mut made = Vec::new();
    let walked = Box::pin(walk(context, &mut made)).await;
    // upstream ignores how its last clean-up ends; what stays is in the journal, and the runner tries again
    for (thing, made) in made.iter().rev() {
        if let Err(problem) = Box::pin(remove(context, thing, made)).await {
            tracing::info!(kind = thing.word, %problem, "not removed yet");
        }
    }
    match walked {
        Ok(()) => Ok(judge_backup(&Outcome::Worked)),
        // upstream fails whatever the cloud does wrong; what we could not do is not the cloud's
        Err(problem) if problem.is_the_clouds() => {
            Ok(judge_backup(&Outcome::Broken(problem.text().to_owned())))
        }
        Err(problem) => Err(problem),
    }
}

async fn walk(context: &Context, made: &mut Vec<(&'static Thing, Made)>) -> Result<(), Problem> {
    for thing in [&BACKUP, &VOLUME] {
        nameless(context, thing).await?;
    }
    let name = context.object_name("0117", "volume");
    let volume = create(context, &VOLUME, &name, json!({"name": name, "size": 1})).await?;
    made.push((&VOLUME, volume.clone()));
    available(context, &VOLUME, &volume.id).await?;
    let name = context.object_name("0117", "backup");
    let backup = create(context, &BACKUP, &name, json!({"name": name, "volume_id": volume.id})).await?;
    made.push((&BACKUP, backup.clone()));
    available(context, &BACKUP, &backup.id).await?;
    let restored = restore(context, &backup.id).await?;
    made.push((&VOLUME, restored.clone()));
    available(context, &VOLUME, &restored.id).await
}

/// Upstream's test compares the beginning of every name, and breaks off at one that is null.
async fn nameless(context: &Context, thing: &'static Thing) -> Result<(), Problem> {
    let all: Vec<Value> = context.client.list(thing.service, thing.list, thing.many).collect().await?;
    match all.iter().find(|object| object.get("name").is_none_or(Value::is_null)) {
        None => Ok(()),
        Some(object) => Err(Problem::cloud(format!(
            "{} {} has no name, which upstream's test breaks off at; give it one, even an empty one",
            thing.word,
            text(object, "id").unwrap_or_default()
        ))),
    }
}

async fn restore(context: &Context, backup: &str) -> Result<Made, Problem> {
    let name = context.object_name("0117", "restored");
    let path = format!("backups/{}/restore", encode_segment(backup));
    let body = json!({"restore": {"name": name}});
    let order = Order {
        context,
        client: &context.client,
        thing: &VOLUME,
        name: &name,
        path: &path,
        body: &body,
        key: "restore",
        id: |restore| text(restore, "volume_id"),
    };
    Ok(order.place().await??)
}

/// As upstream, which looks again whatever went wrong, until its patience is over.
async fn available(context: &Context, thing: &Thing, id: &str) -> Result<(), Problem> {
    until(&format!("{} {id} is available", thing.word), patience(), || async {
        let object = match show(context, thing, id).await {
            Ok(object) => object,
            Err(problem) => return Ok(Look::Unseen(problem)),
        };
        let status = object.as_ref().and_then(|o| text(o, "status")).unwrap_or_default();
        if status.starts_with("error") {
            return Err(Problem::cloud(format!("{} {id} is in status {status:?}", thing.word)));
        }
        Ok(Look::of((status == "available").then_some(())))
    })
    .await
}
