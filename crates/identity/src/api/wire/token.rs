//! A token's body. Shape: Keystone's `render_token.py`.

use kogge_clock::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::model;
use crate::service::{Resolved, ResolvedScope};

#[derive(Serialize)]
pub(in crate::api) struct Body<'a> {
    token: Token<'a>,
}

#[derive(Serialize)]
struct Token<'a> {
    methods: Vec<&'static str>,
    user: User<'a>,
    audit_ids: &'a [String],
    expires_at: String,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Project<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_domain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Named<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_credential: Option<Credential<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct User<'a> {
    domain: Named<'a>,
    id: &'a str,
    name: &'a str,
    password_expires_at: Option<String>,
}

#[derive(Serialize)]
struct Project<'a> {
    domain: Named<'a>,
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct System {
    all: bool,
}

#[derive(Serialize)]
struct Credential<'a> {
    id: &'a str,
    name: &'a str,
    restricted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_rules: Option<Vec<AccessRule<'a>>>,
}

#[derive(Serialize)]
struct AccessRule<'a> {
    id: &'a str,
    service: &'a str,
    path: &'a str,
    method: &'a str,
}

fn named(found: &model::Project) -> Named<'_> {
    Named { id: &found.id, name: &found.name }
}

impl<'a> Body<'a> {
    /// The body of a token; `catalog` is left out of unscoped ones.
    pub(in crate::api) fn of(resolved: &'a Resolved, catalog: Option<&'a RawValue>) -> Self {
        let unscoped = matches!(resolved.scope, ResolvedScope::Unscoped);
        let (project, domain, system) = match &resolved.scope {
            ResolvedScope::Unscoped => (None, None, None),
            ResolvedScope::System => (None, None, Some(System { all: true })),
            ResolvedScope::Domain(domain) => (None, Some(named(domain)), None),
            ResolvedScope::Project { project, domain } => {
                (Some(Project { domain: named(domain), id: &project.id, name: &project.name }), None, None)
            }
        };
        let roles = resolved.roles.iter().map(|role| Named { id: &role.id, name: &role.name }).collect();
        Self {
            token: Token {
                methods: resolved.token.methods.iter().map(|method| method.as_str()).collect(),
                user: user(resolved),
                audit_ids: &resolved.token.audit_ids,
                expires_at: resolved.token.expires_at.micros_z(),
                issued_at: resolved.token.issued_at.micros_z(),
                is_domain: project.is_some().then_some(false),
                project,
                domain,
                system,
                roles: (!unscoped).then_some(roles),
                catalog: catalog.filter(|_| !unscoped),
                application_credential: credential(resolved),
            },
        }
    }
}

fn user(resolved: &Resolved) -> User<'_> {
    let expires = resolved.user.password().and_then(|password| password.expires_at);
    User {
        domain: named(&resolved.user_domain),
        id: &resolved.user.id,
        name: &resolved.user.name,
        password_expires_at: expires.map(|end| Timestamp::from_micros(end).micros()),
    }
}

fn credential(resolved: &Resolved) -> Option<Credential<'_>> {
    let found = resolved.credential.as_ref()?;
    let access_rules = resolved.access_rules.as_ref().map(|rules| {
        let show = rules.iter().map(|rule| AccessRule {
            id: &rule.id,
            service: &rule.service,
            path: &rule.path,
            method: &rule.method,
        });
        show.collect()
    });
    Some(Credential { id: &found.id, name: &found.name, restricted: !found.unrestricted, access_rules })
}
