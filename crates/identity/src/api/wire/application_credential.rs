//! Application credentials and access rules.

use std::sync::Arc;

use kogge_clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::Links;
use crate::api::place::{Place, Placed as _};
use crate::error::Error;
use crate::model::{self, Extra};
use crate::secret::Secret;
use crate::service::{AccessRuleSpec, NewApplicationCredential, RoleRef};

#[derive(Serialize)]
pub(in crate::api) struct Credential<'a> {
    id: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    project_id: &'a str,
    roles: Vec<Role<'a>>,
    expires_at: Option<String>,
    unrestricted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_rules: Option<Vec<Rule<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    links: Links,
}

#[derive(Serialize)]
struct Role<'a> {
    id: &'a str,
    name: &'a str,
    domain_id: Option<&'a str>,
    description: Option<&'a str>,
    options: Extra,
}

/// An access rule inside of a credential.
#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    service: &'a str,
    path: &'a str,
    method: &'a str,
}

/// An access rule of its own.
#[derive(Serialize)]
pub(in crate::api) struct AccessRule<'a> {
    #[serde(flatten)]
    rule: Rule<'a>,
    links: Links,
}

/// What a credential shows beside itself.
pub(in crate::api) struct Parts {
    pub(in crate::api) roles: Vec<Arc<model::Role>>,
    pub(in crate::api) rules: Option<Vec<Arc<model::AccessRule>>>,
}

impl<'a> Rule<'a> {
    fn of(row: &'a model::AccessRule) -> Self {
        Self { id: &row.id, service: &row.service, path: &row.path, method: &row.method }
    }
}

impl<'a> AccessRule<'a> {
    pub(in crate::api) fn of(row: &'a model::AccessRule, place: &Place) -> Self {
        let itself = place.link(&format!("users/{}/access_rules/{}", row.user_id, row.id));
        Self { rule: Rule::of(row), links: Links { itself } }
    }
}

impl<'a> Credential<'a> {
    pub(in crate::api) fn of(
        row: &'a model::ApplicationCredential,
        parts: &'a Parts,
        secret: Option<&'a Secret>,
        place: &Place,
    ) -> Self {
        let role = |role: &'a Arc<model::Role>| Role {
            id: &role.id,
            name: &role.name,
            domain_id: role.domain_id.as_deref(),
            description: role.description.as_deref(),
            options: Extra::new(),
        };
        Self {
            id: &row.id,
            name: &row.name,
            description: row.description.as_deref(),
            project_id: &row.project_id,
            roles: parts.roles.iter().map(role).collect(),
            expires_at: row.expires_at.map(|end| Timestamp::from_micros(end).micros()),
            unrestricted: row.unrestricted,
            access_rules: parts.rules.as_ref().map(|rules| rules.iter().map(|rule| Rule::of(rule)).collect()),
            secret: secret.map(Secret::reveal),
            links: Links {
                itself: place.link(&format!("users/{}/application_credentials/{}", row.user_id, row.id)),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Create {
    pub(in crate::api) application_credential: CreateCredential,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CreateCredential {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    secret: Option<Secret>,
    #[serde(default)]
    roles: Option<Vec<RoleSpec>>,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    unrestricted: Option<bool>,
    #[serde(default)]
    access_rules: Option<Vec<RuleSpec>>,
    #[serde(default, rename = "id")]
    _id: Option<String>,
    #[serde(default, rename = "project_id")]
    _project_id: Option<String>,
    #[serde(default, rename = "system")]
    _system: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSpec {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct RuleSpec {
    id: Option<String>,
    service: Option<String>,
    path: Option<String>,
    method: Option<String>,
}

impl TryFrom<CreateCredential> for NewApplicationCredential {
    type Error = Error;

    fn try_from(wire: CreateCredential) -> Result<Self, Error> {
        let roles =
            wire.roles.map(|roles| roles.into_iter().map(RoleSpec::into_ref).collect::<Result<_, _>>());
        // the openstack client sends an empty list where it means none, and Keystone takes it so
        let rules = wire
            .access_rules
            .filter(|rules| !rules.is_empty())
            .map(|rules| rules.into_iter().map(RuleSpec::into_spec).collect::<Result<_, _>>());
        Ok(Self {
            name: wire.name,
            description: wire.description,
            secret: wire.secret.filter(|secret| !secret.reveal().is_empty()),
            roles: roles.transpose()?,
            expires_at: wire.expires_at.as_deref().map(moment).transpose()?,
            unrestricted: wire.unrestricted.unwrap_or(false),
            access_rules: rules.transpose()?,
        })
    }
}

fn moment(text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|_| {
        Error::invalid(
            "Timestamp not in expected format. The server could not comply with the request since it is either malformed or \
             otherwise incorrect. The client is assumed to be in error.",
        )
    })
}

impl RoleSpec {
    fn into_ref(self) -> Result<RoleRef, Error> {
        match (self.id, self.name) {
            (Some(id), None) => Ok(RoleRef::Id(id)),
            (None, Some(name)) => Ok(RoleRef::Name(name)),
            _ => Err(Error::invalid("Invalid input for field 'roles': each has either an id or a name")),
        }
    }
}

impl RuleSpec {
    fn into_spec(self) -> Result<AccessRuleSpec, Error> {
        match (self.id, self.service, self.path, self.method) {
            (_, Some(service), Some(path), Some(method)) => Ok(AccessRuleSpec::New { service, path, method }),
            (Some(id), None, None, None) => Ok(AccessRuleSpec::Existing(id)),
            _ => Err(Error::invalid(
                "Invalid input for field 'access_rules': each has an id, or service, path and method",
            )),
        }
    }
}
