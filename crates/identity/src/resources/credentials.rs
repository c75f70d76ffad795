//! Credentials of any kind: `/v3/credentials`. Blobs are sealed on the disk. Upstream: `keystone/api/credentials.py`.
//!
//! EC2 key pairs are credentials too, and `key_pairs` gives them a face of their own.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_http::ApiError;
use kogge_resource::keystone::{Keystone, links};
use kogge_resource::{
    Body, Call, Create, Delete, Dialect as _, Field, List, Listing, Loaded, Names, Resource, Schema, Update,
    Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::{page, rows};
use super::{NULLABLE, TEXT, kept_as, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::Credential;
use crate::policy;
use crate::secret::Secret;
use crate::service::{
    Draft, Ec2Blob, Identity, checked_blob, checked_extra, checked_id, id_of_access_key, in_scope, is_ec2,
    is_seen, merge, new_id, refuse_restricted, with_owner,
};

/// Credentials.
pub(crate) struct Credentials;

impl Resource for Credentials {
    kept_as!(Credential, "credential");
    /// The blob, as far as it is shown.
    type More = Option<Secret>;

    const NAMES: Names =
        Names::new("credential", "credentials", "/v3/credentials", "/v3/credentials/{credential_id}");
    const READ: Rule = policy::GET_CREDENTIAL;

    fn target(row: &Arc<Credential>) -> Target<'_> {
        with_owner(Target::none(), &row.user_id)
    }

    /// What the rule says, and what bounds tokens that stand for less than their user.
    fn allow(call: &Call<Identity>, _: &str, rule: &Rule, found: Option<&Arc<Credential>>) -> Result<()> {
        call.caller.allow(rule, &found.map(Self::target).unwrap_or_default())?;
        refuse_restricted(&call.caller, "credentials")?;
        found.map_or(Ok(()), |row| call.service.within_reach(&call.caller, row))
    }

    async fn more(call: &Call<Identity>, rows: &[Arc<Credential>]) -> Result<Vec<Option<Secret>>> {
        rows.iter().map(|row| call.service.shown_blob(row).map(Some)).collect()
    }

    fn view(call: &Call<Identity>, row: &Arc<Credential>, blob: &Option<Secret>, _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "user_id": row.user_id,
            "project_id": row.project_id,
            "type": row.kind,
            "blob": blob.as_ref().map(Secret::reveal),
            "links": links(call, &format!("/v3/credentials/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Credentials {
    const RULE: Rule = policy::LIST_CREDENTIALS;
    const LIST: Listing = Listing { names: &["user_id", "type"], ..Listing::OWN };

    /// Those that the caller may see; with a domain's token those of its users, and the caller's own. One whose blob cannot be
    /// opened is left out and noted.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<Credential>>> {
        let (identity, caller) = (&call.service, &call.caller);
        caller.allow(&<Self as List>::RULE, &with_owner(Target::none(), caller.user.id.as_str()))?;
        refuse_restricted(caller, "credentials")?;
        let snapshot = identity.snapshot();
        let in_view = |row: &Credential| match snapshot.users.get(&row.user_id) {
            Some(user) => user.id == caller.user.id.as_str() || is_seen(caller, &user.domain_id),
            None => caller.domain_id().is_none(),
        };
        let rows = rows(&snapshot, wanted, None);
        let rows =
            rows.filter(|row| in_view(row) && Self::allow(call, &row.id, &Self::READ, Some(row)).is_ok());
        let mut page = page(identity, &Self::LIST, rows.cloned(), wanted)?;
        page.items.retain(|row| identity.readable(row, identity.shown_blob(row)).is_some());
        Ok(page)
    }
}

/// What stands beside a credential in a body is passed over, as Keystone does for this one kind.
fn alone(mut body: Value) -> Value {
    if let Value::Object(members) = &mut body {
        members.retain(|name, _| name == Credentials::NAMES.one);
    }
    body
}

/// What is kept of a credential as it is given.
fn checked_ids(row: &Credential) -> Result<()> {
    checked_id("type", &row.kind)?;
    checked_id("user_id", &row.user_id)?;
    row.project_id.as_deref().map_or(Ok(()), |id| checked_id("project_id", id))
}

const BODY: Schema = Schema::open(
    "credential",
    &[
        &[
            Field::required("user_id", TEXT),
            Field::optional("project_id", NULLABLE),
            Field::required("type", TEXT),
            Field::required("blob", TEXT),
        ],
        &super::GIVEN,
    ],
);

impl Create for Credentials {
    const RULE: Rule = policy::CREATE_CREDENTIAL;
    const BODY: Schema = BODY;

    fn bodies(body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        Keystone::items(&Self::NAMES, alone(body))
    }

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        call.caller.allow(&<Self as Create>::RULE, &with_owner(Target::none(), &body.name("user_id")))?;
        refuse_restricted(&call.caller, "credentials")?;
        in_scope(&call.caller, body.str("project_id"))
    }

    /// The answer has the blob as given.
    async fn create(
        call: &Call<Identity>,
        draft: &mut Draft,
        body: Body,
    ) -> Result<(Arc<Credential>, Option<Secret>)> {
        let mut blob = Secret::new(body.name("blob"));
        let mut row = Credential {
            id: new_id(),
            user_id: body.name("user_id"),
            project_id: body.text("project_id"),
            kind: body.name("type"),
            sealed_blob: String::new(),
            extra: checked_extra(body.others)?,
        };
        checked_ids(&row)?;
        if is_ec2(&row.kind) {
            let mut parsed = Ec2Blob::parse(&blob)?;
            row.id = id_of_access_key(parsed.access());
            if row.project_id.is_none() {
                return Err(Error::expecting("project_id", "credential"));
            }
            if let Some(credential) = &call.caller.token.application_credential {
                parsed.bind_to(credential.as_str());
                blob = parsed.into_text();
            }
        }
        checked_blob(&blob)?;
        row.sealed_blob = call.service.seal_blob(&blob);
        let most = call.service.config().security.credentials_per_user;
        Ok((draft.insert_credential(row, most)?, Some(blob)))
    }
}

impl Update for Credentials {
    const RULE: Rule = policy::UPDATE_CREDENTIAL;
    const BODY: Schema = BODY;

    fn body(body: Value) -> Result<Value, ApiError> {
        Keystone::item(&Self::NAMES, alone(body))
    }

    /// What it was before and what it becomes must both be the caller's to change. The blob of a key pair without a secret
    /// keeps the one that it has.
    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Credential>, Option<Secret>)> {
        same_id(call, &body)?;
        let (identity, before) = (&call.service, loaded.into_row());
        let told = body.text("blob").map(Secret::new);
        let mut row = (*before).clone();
        row.user_id = body.text("user_id").unwrap_or(row.user_id);
        row.project_id = body.text("project_id").or(row.project_id);
        row.kind = body.text("type").unwrap_or(row.kind);
        row.extra = merge(&row.extra, body.others)?;
        call.caller.allow(&<Self as Update>::RULE, &with_owner(Target::none(), &row.user_id))?;
        in_scope(&call.caller, row.project_id.as_deref())?;
        if is_ec2(&before.kind) != is_ec2(&row.kind) {
            // else what binds a key pair could be taken off while it is none
            return Err(Error::invalid("type can not be updated for credential"));
        }
        let blob = match (told.clone(), is_ec2(&row.kind)) {
            (Some(blob), false) => blob,
            (Some(blob), true) => {
                Ec2Blob::parse(&blob)?.replacing(&identity.open_blob(&before)?)?.into_text()
            }
            (None, _) => identity.open_blob(&before)?,
        };
        checked_ids(&row)?;
        checked_blob(&blob)?;
        row.sealed_blob = identity.seal_blob(&blob);
        let row = draft.put(row);
        let shown = if told.is_some() { blob } else { identity.shown_blob(&row)? };
        Ok((row, Some(shown)))
    }
}

impl Delete for Credentials {
    const RULE: Rule = policy::DELETE_CREDENTIAL;
}
