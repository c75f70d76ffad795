//! Users.

use kogge_clock::Timestamp;
use kogge_http::Patch;
use serde::{Deserialize, Serialize};

use super::{Links, set};
use crate::api::place::{Place, Placed as _};
use crate::error::Error;
use crate::model::{self, Extra, UserOptions};
use crate::secret::Secret;
use crate::service::{NewUser, UserUpdate, changed_options};

#[derive(Serialize)]
pub(in crate::api) struct User<'a> {
    id: &'a str,
    name: &'a str,
    domain_id: &'a str,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_project_id: Option<&'a str>,
    password_expires_at: Option<String>,
    options: &'a UserOptions,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> User<'a> {
    pub(in crate::api) fn of(row: &'a model::User, place: &Place) -> Self {
        let expires = row.password().and_then(|password| password.expires_at);
        Self {
            id: &row.id,
            name: &row.name,
            domain_id: &row.domain_id,
            enabled: row.enabled,
            default_project_id: row.default_project_id.as_deref(),
            password_expires_at: expires.map(|end| Timestamp::from_micros(end).micros()),
            options: &row.options,
            links: Links { itself: place.link(&format!("users/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Create {
    pub(in crate::api) user: CreateUser,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateUser {
    name: String,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    default_project_id: Option<String>,
    #[serde(default)]
    password: Option<Secret>,
    #[serde(default)]
    options: Extra,
    #[serde(flatten)]
    extra: Extra,
}

const fn yes() -> bool {
    true
}

/// Keys that are ours or secret, never kept as unknown attributes.
const NOT_EXTRA: [&str; 6] =
    ["id", "links", "password_expires_at", "original_password", "federated", "tenantId"];

fn kept(mut extra: Extra) -> Extra {
    NOT_EXTRA.iter().for_each(|key| drop(extra.remove(*key)));
    extra
}

impl TryFrom<CreateUser> for NewUser {
    type Error = Error;

    fn try_from(wire: CreateUser) -> Result<Self, Error> {
        Ok(Self {
            name: wire.name,
            domain_id: wire.domain_id,
            enabled: wire.enabled,
            default_project_id: wire.default_project_id,
            password: wire.password,
            options: changed_options(&UserOptions::default(), wire.options)?,
            extra: kept(wire.extra),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Update {
    pub(in crate::api) user: UpdateUser,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateUser {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    default_project_id: Patch<String>,
    #[serde(default)]
    password: Patch<Secret>,
    #[serde(default)]
    options: Extra,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateUser> for UserUpdate {
    fn from(wire: UpdateUser) -> Self {
        Self {
            name: wire.name,
            domain_id: wire.domain_id,
            enabled: wire.enabled,
            default_project_id: set(wire.default_project_id),
            password: set(wire.password),
            options: wire.options,
            extra: kept(wire.extra),
        }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct ChangePassword {
    pub(in crate::api) user: Passwords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Passwords {
    pub(in crate::api) original_password: Secret,
    pub(in crate::api) password: Secret,
}
