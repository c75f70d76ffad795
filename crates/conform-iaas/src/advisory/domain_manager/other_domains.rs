//! Other domains: neither seen nor touched.
//!
//! With the manager of another domain, things are made there that may be lost. Without one, the user and the project of
//! the run itself stand for others, if they are of another domain: they are offered the values that they have.

use kogge_client::{Client, Method, encode_segment};
use kogge_conform::{Problem, Severity};
use serde_json::{Value, json};

use super::{Desk, Notice, grant};
use crate::created::{PROJECT, Thing, USER, USER_GROUP, try_create};
use crate::lookup::text;

/// Something of another domain.
struct Foreign {
    thing: &'static Thing,
    id: String,
    domain: String,
    /// What it says of itself, to be offered again.
    description: Value,
    /// Whether a check made it, so that losing it does no harm.
    ours: bool,
}

pub(super) async fn look(desk: &mut Desk<'_>, other: Option<&Client>) -> Result<(), Problem> {
    for thing in [&USER, &USER_GROUP, &PROJECT] {
        only_own_are_listed(desk, thing).await?;
    }
    match other {
        Some(client) => {
            let mut there = Desk::new(desk.context, client).await?;
            if there.domain == desk.domain {
                return Err(Problem::setup("both domain managers are of the same domain"));
            }
            let done = Box::pin(with_other(desk, &mut there)).await;
            Box::pin(there.clear()).await?;
            desk.notices.append(&mut there.notices);
            done
        }
        None => {
            let foreign = own_of_the_run(desk).await?;
            Box::pin(keep_out(desk, &foreign, None)).await
        }
    }
}

async fn with_other(desk: &mut Desk<'_>, there: &mut Desk<'_>) -> Result<(), Problem> {
    let mut foreign = Vec::new();
    for (thing, what) in [(&USER, "other-user"), (&USER_GROUP, "other-group"), (&PROJECT, "other-project")] {
        if let Some(id) = there.make(thing, what).await? {
            let description = json!("made by a check, and removed by it");
            foreign.push(Foreign { thing, id, domain: there.domain.clone(), description, ours: true });
        }
    }
    keep_out(desk, &foreign, Some(there.client)).await
}

/// The user and the project of the run, as far as they are of another domain.
async fn own_of_the_run(desk: &mut Desk<'_>) -> Result<Vec<Foreign>, Problem> {
    let client = &desk.context.client;
    let token = client.token().await?;
    let project = token.project.as_ref().map(|project| (&PROJECT, project.id.clone()));
    let mut foreign = Vec::new();
    for (thing, id) in [Some((&USER, token.user.id.clone())), project].into_iter().flatten() {
        let answer = client.get("identity", &format!("{}/{}", thing.path, encode_segment(&id))).await?;
        let body: Value = if answer.status.is_success() { answer.json()? } else { Value::Null };
        let object = body.get(thing.one).cloned().unwrap_or_default();
        let Some(domain) = text(&object, "domain_id").filter(|domain| *domain != desk.domain) else {
            continue;
        };
        let description =
            object.get("description").filter(|d| d.is_string()).cloned().unwrap_or_else(|| json!(""));
        foreign.push(Foreign { thing, id, domain, description, ours: false });
    }
    if foreign.is_empty() {
        let object = desk.object();
        let unclear = Notice::violation(
            object,
            "something of another domain to try with",
            "the run's user and project are of the manager's own domain, or cannot be read",
            "give the manager of another domain too",
        );
        desk.notices.push(Notice { severity: Severity::Undecidable, ..unclear });
    }
    Ok(foreign)
}

/// Lists without a filter hold nothing of other domains. A refusal is as good.
async fn only_own_are_listed(desk: &mut Desk<'_>, thing: &Thing) -> Result<(), Problem> {
    let answer = desk.call(Method::GET, thing.path, None).await?;
    if !answer.status.is_success() {
        return Ok(());
    }
    let body: Value = answer.json()?;
    let listed = body.get(thing.many).and_then(Value::as_array).cloned().unwrap_or_default();
    let strange =
        listed.iter().filter(|object| text(object, "domain_id").as_deref() != Some(desk.domain.as_str()));
    let count = strange.count();
    if count > 0 {
        let expected = format!("a list of {}s holds those of the own domain only", thing.word);
        desk.notice(expected, format!("{count} of {} are of other domains", listed.len()));
    }
    Ok(())
}

async fn keep_out(desk: &mut Desk<'_>, foreign: &[Foreign], other: Option<&Client>) -> Result<(), Problem> {
    for one in foreign {
        let word = one.thing.word;
        let path = format!("{}/{}", one.thing.path, encode_segment(&one.id));
        desk.must_not(Method::GET, &path, None, &format!("showing a {word} of another domain")).await?;
        let same = Value::from_iter([(one.thing.one, json!({"description": one.description}))]);
        desk.must_not(Method::PATCH, &path, Some(&same), &format!("changing a {word} of another domain"))
            .await?;
        nothing_new_there(desk, one, other).await?;
    }
    roles_across(desk, foreign).await?;
    for one in foreign.iter().filter(|one| one.ours) {
        let path = format!("{}/{}", one.thing.path, encode_segment(&one.id));
        let what = format!("deleting a {} of another domain", one.thing.word);
        desk.must_not(Method::DELETE, &path, None, &what).await?;
    }
    Ok(())
}

/// Nothing can be made in the other domain.
async fn nothing_new_there(
    desk: &mut Desk<'_>,
    one: &Foreign,
    other: Option<&Client>,
) -> Result<(), Problem> {
    let (context, word) = (desk.context, one.thing.word);
    let name = desk.name("intruder");
    let body = desk.body(one.thing, &name, Some(&one.domain));
    if let Ok(made) = try_create(context, desk.client, one.thing, &name, body).await? {
        let path = format!("{}/{}", one.thing.path, encode_segment(&made.id));
        let mut removed = false;
        for client in [Some(desk.client), other].into_iter().flatten() {
            let answer = client.request(Method::DELETE, "identity", &path, None, None).await?;
            removed = removed || answer.status.is_success();
        }
        context.journal.gone(made.number);
        let rest = if removed { String::new() } else { format!(" and cannot be removed: {}", made.id) };
        desk.notice(format!("refused: creating a {word} in another domain"), format!("it was created{rest}"));
    }
    Ok(())
}

/// No role across the border, in neither direction; and none inside the other domain.
async fn roles_across(desk: &mut Desk<'_>, foreign: &[Foreign]) -> Result<(), Problem> {
    let Some(member) = desk.role("member").await? else { return Ok(()) };
    let Some(own) = desk.make(&USER, "user-border").await? else { return Ok(()) };
    let domain = desk.domain.clone();
    let mut grants = Vec::new();
    for one in foreign {
        let there = one.domain.as_str();
        match one.thing.word {
            "project" => grants.push(grant(("projects", &one.id), ("users", &own), &member)),
            "user" => {
                grants.push(grant(("domains", &domain), ("users", &one.id), &member));
                grants.push(grant(("domains", there), ("users", &own), &member));
            }
            _ => grants.push(grant(("domains", &domain), ("groups", &one.id), &member)),
        }
    }
    for path in grants {
        if desk.must_not(Method::PUT, &path, None, "giving a role across domains").await? {
            desk.call(Method::DELETE, &path, None).await?;
        }
    }
    Ok(())
}
