//! Credentials and EC2 key pairs.

use serde::{Deserialize, Serialize};

use super::Links;
use crate::api::place::{Place, Placed as _};
use crate::model::Extra;
use crate::secret::Secret;
use crate::service::{CredentialUpdate, KeyPair, NewCredential, OpenCredential};

#[derive(Serialize)]
pub(in crate::api) struct Credential<'a> {
    id: &'a str,
    user_id: &'a str,
    project_id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    blob: &'a str,
    links: Links,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl<'a> Credential<'a> {
    pub(in crate::api) fn of(open: &'a OpenCredential, place: &Place) -> Self {
        let row = &open.row;
        Self {
            id: &row.id,
            user_id: &row.user_id,
            project_id: row.project_id.as_deref(),
            kind: &row.kind,
            blob: open.blob.reveal(),
            links: Links { itself: place.link(&format!("credentials/{}", row.id)) },
            extra: &row.extra,
        }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct Create {
    pub(in crate::api) credential: CreateCredential,
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateCredential {
    user_id: String,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    blob: Secret,
    #[serde(flatten)]
    extra: Extra,
}

fn kept(mut extra: Extra) -> Extra {
    ["id", "links"].iter().for_each(|key| drop(extra.remove(*key)));
    extra
}

impl From<CreateCredential> for NewCredential {
    fn from(wire: CreateCredential) -> Self {
        let (user_id, project_id) = (wire.user_id, wire.project_id);
        Self { user_id, project_id, kind: wire.kind, blob: wire.blob, extra: kept(wire.extra) }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct Update {
    pub(in crate::api) credential: UpdateCredential,
}

#[derive(Deserialize)]
pub(in crate::api) struct UpdateCredential {
    #[serde(default)]
    pub(in crate::api) id: Option<String>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    blob: Option<Secret>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<UpdateCredential> for CredentialUpdate {
    fn from(wire: UpdateCredential) -> Self {
        let (user_id, project_id) = (wire.user_id, wire.project_id);
        Self { user_id, project_id, kind: wire.kind, blob: wire.blob, extra: kept(wire.extra) }
    }
}

#[derive(Deserialize)]
pub(in crate::api) struct CreateKeyPair {
    pub(in crate::api) tenant_id: String,
}

#[derive(Serialize)]
pub(in crate::api) struct Ec2<'a> {
    user_id: &'a str,
    tenant_id: Option<&'a str>,
    access: &'a str,
    /// `null` but where the pair was just made.
    secret: Option<&'a str>,
    trust_id: Option<&'a str>,
    links: Links,
}

impl<'a> Ec2<'a> {
    pub(in crate::api) fn of(pair: &'a KeyPair, place: &Place) -> Self {
        let itself = place.link(&format!("users/{}/credentials/OS-EC2/{}", pair.user_id, pair.access));
        Self {
            user_id: &pair.user_id,
            tenant_id: pair.project_id.as_deref(),
            access: &pair.access,
            secret: pair.secret.as_ref().map(Secret::reveal),
            trust_id: None,
            links: Links { itself },
        }
    }
}
