//! Creating things so that they are found again: the journal first, then the call.

mod order;

use kogge_conform::{Context, NewEntry, Problem};
use serde_json::Value;

use kogge_client::{Client, Token};

pub(crate) use self::order::{Order, is_refusal};

/// A kind of thing that checks create.
#[derive(Debug)]
pub(crate) struct Thing {
    /// Its word in the journal.
    pub(crate) word: &'static str,
    /// The service that keeps it.
    pub(crate) service: &'static str,
    /// Path of the collection.
    pub(crate) path: &'static str,
    /// Path of the list that shows names.
    pub(crate) list: &'static str,
    /// Key of the array in the list.
    pub(crate) many: &'static str,
    /// Key of the object in request and answer; empty where there is none.
    pub(crate) one: &'static str,
}

const fn thing(
    word: &'static str,
    service: &'static str,
    path: &'static str,
    list: &'static str,
    many: &'static str,
    one: &'static str,
) -> Thing {
    Thing { word, service, path, list, many, one }
}

pub(crate) const NETWORK: Thing = thing("network", "network", "networks", "networks", "networks", "network");
pub(crate) const SUBNET: Thing = thing("subnet", "network", "subnets", "subnets", "subnets", "subnet");
pub(crate) const ROUTER: Thing = thing("router", "network", "routers", "routers", "routers", "router");
pub(crate) const GROUP: Thing = thing(
    "security group",
    "network",
    "security-groups",
    "security-groups",
    "security_groups",
    "security_group",
);
pub(crate) const SERVER: Thing = thing("server", "compute", "servers", "servers/detail", "servers", "server");
pub(crate) const VOLUME: Thing =
    thing("volume", "block-storage", "volumes", "volumes/detail", "volumes", "volume");
pub(crate) const BACKUP: Thing =
    thing("backup", "block-storage", "backups", "backups/detail", "backups", "backup");
pub(crate) const SECRET: Thing = thing("secret", "key-manager", "secrets", "secrets", "secrets", "");

pub(crate) const PORT: Thing = thing("port", "network", "ports", "ports", "ports", "port");
/// It has no name: one whose answer was lost goes with its network.
pub(crate) const RBAC_POLICY: Thing =
    thing("RBAC policy", "network", "rbac-policies", "rbac-policies", "rbac_policies", "rbac_policy");
pub(crate) const USER: Thing = thing("user", "identity", "users", "users", "users", "user");
pub(crate) const USER_GROUP: Thing = thing("user group", "identity", "groups", "groups", "groups", "group");
pub(crate) const PROJECT: Thing = thing("project", "identity", "projects", "projects", "projects", "project");
pub(crate) const ROLE: Thing = thing("role", "identity", "roles", "roles", "roles", "role");

/// All kinds.
pub(crate) const THINGS: [&Thing; 14] = [
    &NETWORK,
    &SUBNET,
    &ROUTER,
    &GROUP,
    &SERVER,
    &VOLUME,
    &BACKUP,
    &SECRET,
    &PORT,
    &RBAC_POLICY,
    &USER,
    &USER_GROUP,
    &PROJECT,
    &ROLE,
];

/// A thing that this run made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Its place in the journal.
    pub(crate) number: u64,
    /// Its id.
    pub(crate) id: String,
    /// The object in the answer.
    pub(crate) object: Value,
}

/// Where a token's things live, as the journal has it: the id of a project, or of a domain with a word before it.
pub(crate) fn place(token: &Token) -> Option<String> {
    let domain = || token.domain.as_ref().map(|domain| format!("domain {}", domain.id));
    token.project.as_ref().map(|project| project.id.clone()).or_else(domain)
}

/// Notes in the journal that a user is about to make a thing of this name.
pub(crate) async fn announce_as(
    context: &Context,
    client: &Client,
    word: &str,
    name: &str,
) -> Result<u64, Problem> {
    let config = client.config();
    let token = client.token().await?;
    let entry = NewEntry {
        cloud: config.name.clone(),
        auth_url: config.auth_url.to_string(),
        project: place(&token),
        run: context.run.to_string(),
        kind: word.to_owned(),
        name: name.to_owned(),
    };
    Ok(context.journal.intend(entry)?)
}

/// Announces a thing, creates it, and notes its id. `body` is the object without its wrapping.
pub(crate) async fn create(
    context: &Context,
    thing: &Thing,
    name: &str,
    body: Value,
) -> Result<Made, Problem> {
    Ok(try_create(context, &context.client, thing, name, body).await??)
}

/// As [`create`], by any user. The inner error is the service's refusal.
pub(crate) async fn try_create(
    context: &Context,
    client: &Client,
    thing: &Thing,
    name: &str,
    body: Value,
) -> Result<Result<Made, kogge_client::Error>, Problem> {
    let body = if thing.one.is_empty() { body } else { Value::from_iter([(thing.one, body)]) };
    let order =
        Order { context, client, thing, name, path: thing.path, body: &body, key: thing.one, id: id_of };
    order.place().await
}

/// An object's id; the key manager gives a reference instead, whose last part it is.
pub(crate) fn id_of(object: &Value) -> Option<String> {
    if let Some(id) = object.get("id").and_then(Value::as_str) {
        return Some(id.to_owned());
    }
    let reference = object.get("secret_ref")?.as_str()?;
    reference.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty()).map(str::to_owned)
}

/// Fetches a thing; `None` if the cloud says that it is not there.
pub(crate) async fn show(context: &Context, thing: &Thing, id: &str) -> Result<Option<Value>, Problem> {
    show_by(&context.client, thing, id).await
}

/// As [`show`], with a client only.
pub(crate) async fn show_by(
    client: &kogge_client::Client,
    thing: &Thing,
    id: &str,
) -> Result<Option<Value>, Problem> {
    let path = format!("{}/{}", thing.path, kogge_client::encode_segment(id));
    let answer = client.get(thing.service, &path).await?;
    if answer.status.as_u16() == 404 {
        return Ok(None);
    }
    let body: Value = answer.success()?.json()?;
    Ok(Some(if thing.one.is_empty() { body } else { body.get(thing.one).cloned().unwrap_or(Value::Null) }))
}
