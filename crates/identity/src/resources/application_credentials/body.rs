//! What may stand in the body of an application credential.

use kogge_clock::Timestamp;
use kogge_resource::{Body, Field, Refused, Type};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::resources::{NULLABLE, Object, TEXT};
use crate::secret::Secret;
use crate::service::{checked_count, checked_name, checked_text};

/// The fields.
pub(super) const FIELDS: &[&[Field]] = &[&[
    Field::required("name", TEXT),
    Field::optional("description", NULLABLE),
    Field::optional("secret", NULLABLE),
    Field::optional("roles", Type::Check(typed::<Vec<Object<Role>>>)),
    Field::optional("expires_at", NULLABLE),
    Field::optional("unrestricted", Type::Nullable(&Type::Bool)),
    Field::optional("access_rules", Type::Check(typed::<Vec<Object<AccessRule>>>)),
    Field::optional("id", NULLABLE),
    Field::optional("project_id", NULLABLE),
    Field::optional("system", NULLABLE),
]];

/// Most access rules and most roles that are asked for.
const MOST: usize = 128;
/// Most characters of a secret that a user chose.
const SECRET: usize = 255;

const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct AccessRule {
    id: Option<String>,
    service: Option<String>,
    path: Option<String>,
    method: Option<String>,
}

/// Which role is meant.
pub(super) enum RoleSpec {
    Id(String),
    Name(String),
}

/// An access rule: one that is there, or a new one.
pub(super) enum RuleSpec {
    Existing(String),
    New { service: String, path: String, method: String },
}

/// A value that is null or can be read as `T`.
fn typed<T: DeserializeOwned>(value: Value) -> Result<Value, Refused> {
    match serde_json::from_value::<Option<T>>(value.clone()) {
        Ok(_) => Ok(value),
        Err(error) => Err(Refused::Because(error.to_string())),
    }
}

fn items<T: DeserializeOwned>(body: &Body, field: &str) -> Vec<T> {
    let all: Vec<Object<T>> = body.read(field).unwrap_or_default();
    all.into_iter().map(|Object(item)| item).collect()
}

/// The roles that are asked for; none for all.
pub(super) fn chosen(body: &Body) -> Result<Vec<RoleSpec>> {
    let asked: Vec<Role> = items(body, "roles");
    checked_count("roles", asked.len(), MOST)?;
    let spec = |role: Role| match (role.id, role.name) {
        (Some(id), None) => Ok(RoleSpec::Id(id)),
        (None, Some(name)) => Ok(RoleSpec::Name(name)),
        _ => Err(Error::invalid("Invalid input for field 'roles': each has either an id or a name")),
    };
    asked.into_iter().map(spec).collect()
}

/// The access rules; `None` where everything is allowed. The openstack client sends an empty list where it means none, and
/// Keystone takes it so.
pub(super) fn restrictions(body: &Body) -> Result<Option<Vec<RuleSpec>>> {
    let asked: Vec<AccessRule> = items(body, "access_rules");
    checked_count("access_rules", asked.len(), MOST)?;
    let rules = asked.into_iter().map(AccessRule::into_spec).collect::<Result<Vec<_>>>()?;
    Ok((!rules.is_empty()).then_some(rules))
}

impl AccessRule {
    fn into_spec(self) -> Result<RuleSpec> {
        match (self.id, self.service, self.path, self.method) {
            (_, Some(service), Some(path), Some(method)) => {
                check(&service, &path, &method)?;
                Ok(RuleSpec::New { service, path, method })
            }
            (Some(id), None, None, None) => Ok(RuleSpec::Existing(id)),
            _ => Err(Error::invalid(
                "Invalid input for field 'access_rules': each has an id, or service, path and method",
            )),
        }
    }
}

fn check(service: &str, path: &str, method: &str) -> Result<()> {
    checked_name("service", service, 64)?;
    if !path.starts_with('/') || path.len() > 225 || path.chars().any(char::is_control) {
        return Err(Error::invalid("Invalid input for field 'path': it is no path of at most 225 bytes"));
    }
    if METHODS.contains(&method) {
        return Ok(());
    }
    Err(Error::Invalid(format!("Invalid input for field 'method': it is not one of {METHODS:?}")))
}

/// The secret, if the client chose one.
pub(super) fn secret(body: &Body) -> Result<Option<Secret>> {
    let chosen = body.text("secret").filter(|secret| !secret.is_empty());
    chosen.as_deref().map_or(Ok(()), |secret| checked_text("secret", secret, SECRET))?;
    Ok(chosen.map(Secret::new))
}

/// When it ends, which is not before `now`.
pub(super) fn expiry(body: &Body, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(text) = body.str("expires_at") else { return Ok(None) };
    let malformed = |what: &str| {
        Error::Invalid(format!(
            "{what}. The server could not comply with the request since it is either malformed or otherwise incorrect. \
             The client is assumed to be in error."
        ))
    };
    let end: Timestamp = text.parse().map_err(|_| malformed("Timestamp not in expected format"))?;
    if end <= now { Err(malformed("The 'expires_at' must not be before now")) } else { Ok(Some(end)) }
}
