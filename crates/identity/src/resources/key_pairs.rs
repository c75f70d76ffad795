//! EC2 key pairs: `/v3/users/{user_id}/credentials/OS-EC2`. Upstream: `keystone/api/users.py`, `_UserOSEC2CredBaseResource`.
//!
//! A pair is a credential whose blob has `access` and `secret`. The secret is shown when the pair is made and not again, as
//! that of an application credential; `show_ec2_secrets` shows it always, as Keystone does.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_http::{ApiError, Json};
use kogge_resource::keystone::{Keystone, links};
use kogge_resource::{
    At, Body, Call, Create, Delete, Dialect as _, Field, List, Listing, Names, Resource, Schema, Stored,
    Verb, Wanted, make,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Object, TEXT, WHOLE, kept_as};
use crate::error::{Error, Result};
use crate::model::{Credential, Extra};
use crate::policy;
use crate::secret::Secret;
use crate::service::{
    Draft, EC2, Ec2Blob, Identity, KeyPair, id_of_access_key, in_scope, new_id, refuse_restricted, with_owner,
};

/// EC2 key pairs. Their keys in paths are their access keys.
pub(crate) struct KeyPairs;

fn missing(access: &str) -> Error {
    Error::not_found("credential", access)
}

impl Resource for KeyPairs {
    kept_as!(Credential, "credential");
    /// The pair, as far as it is shown.
    type More = Option<KeyPair>;

    const NAMES: Names = Names::new(
        "credential",
        "credentials",
        "/v3/users/{user_id}/credentials/OS-EC2",
        "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}",
    );
    const READ: Rule = policy::EC2_GET_CREDENTIAL;

    fn target(row: &Arc<Credential>) -> Target<'_> {
        with_owner(Target::none(), &row.user_id)
    }

    async fn load(
        _: &Call<Identity>,
        at: &mut At<'_, Identity>,
        access: &str,
    ) -> Result<Option<Arc<Credential>>> {
        let found = Arc::<Credential>::find(at, &id_of_access_key(access)).await?;
        Ok(found.filter(|row| row.kind == EC2))
    }

    /// An unknown access key is 404 for everybody, as in Keystone: keys cannot be guessed.
    fn allow(
        call: &Call<Identity>,
        access: &str,
        rule: &Rule,
        found: Option<&Arc<Credential>>,
    ) -> Result<()> {
        let row = found.ok_or_else(|| missing(access))?;
        call.caller.allow(rule, &Self::target(row))?;
        refuse_restricted(&call.caller, "credentials")?;
        if row.user_id != call.param("user_id") {
            return Err(missing(access));
        }
        call.service.within_reach(&call.caller, row)
    }

    async fn more(call: &Call<Identity>, rows: &[Arc<Credential>]) -> Result<Vec<Option<KeyPair>>> {
        rows.iter().map(|row| call.service.shown_key_pair(row).map(Some)).collect()
    }

    fn view(call: &Call<Identity>, row: &Arc<Credential>, pair: &Option<KeyPair>, _: Verb) -> Value {
        let access = pair.as_ref().map_or("", |pair| pair.access.as_str());
        let itself = format!("/v3/users/{}/credentials/OS-EC2/{access}", row.user_id);
        json!({
            "user_id": row.user_id,
            "tenant_id": row.project_id,
            "access": access,
            "secret": pair.as_ref().and_then(|pair| pair.secret.as_ref()).map(Secret::reveal),
            "trust_id": null,
            "links": links(call, &itself),
        })
    }
}

impl List for KeyPairs {
    const RULE: Rule = policy::EC2_LIST_CREDENTIALS;
    const LIST: Listing = WHOLE;

    /// All of the user. One that cannot be opened is left out and noted.
    async fn page(call: &Call<Identity>, _: &Wanted) -> Result<Paged<Arc<Credential>>> {
        let (identity, user_id) = (&call.service, call.param("user_id"));
        call.caller.allow(&<Self as List>::RULE, &Target::none().user(user_id))?;
        refuse_restricted(&call.caller, "credentials")?;
        let snapshot = identity.snapshot();
        snapshot.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
        let own = snapshot.credentials.among("user_id", user_id, "");
        let is_shown = |row: &&Arc<Credential>| {
            row.kind == EC2
                && identity.within_reach(&call.caller, row).is_ok()
                && identity.readable(row, identity.shown_key_pair(row)).is_some()
        };
        Ok(Paged { items: own.filter(is_shown).cloned().collect(), more: false })
    }
}

impl Create for KeyPairs {
    const RULE: Rule = policy::EC2_CREATE_CREDENTIAL;
    const BODY: Schema = Schema::open("credential", &[&[Field::required("tenant_id", TEXT)]]);

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        let owner = call.param("user_id");
        call.caller.allow(&<Self as Create>::RULE, &with_owner(Target::none(), owner))?;
        refuse_restricted(&call.caller, "credentials")?;
        in_scope(&call.caller, body.str("tenant_id"))
    }

    /// The answer alone has the secret.
    async fn create(
        call: &Call<Identity>,
        draft: &mut Draft,
        body: Body,
    ) -> Result<(Arc<Credential>, Option<KeyPair>)> {
        let (user_id, project_id) = (call.param("user_id"), body.name("tenant_id"));
        draft.users.get(user_id).ok_or_else(|| Error::not_found("user", user_id))?;
        draft.projects.get(&project_id).ok_or_else(|| Error::not_found("project", &project_id))?;
        let access = new_id();
        let mut blob = Ec2Blob::new(&access, &new_id());
        if let Some(credential) = &call.caller.token.application_credential {
            blob.bind_to(credential.as_str());
        }
        let row = Credential {
            id: id_of_access_key(&access),
            user_id: user_id.to_owned(),
            project_id: Some(project_id),
            kind: EC2.to_owned(),
            sealed_blob: call.service.seal_blob(&blob.into_text()),
            extra: Extra::new(),
        };
        let row = draft.insert_credential(row, call.service.config().security.credentials_per_user)?;
        let pair = call.service.key_pair(&row)?;
        Ok((row, Some(pair)))
    }
}

impl Delete for KeyPairs {
    const RULE: Rule = policy::EC2_DELETE_CREDENTIAL;
}

/// The body of a create, which no name wraps.
#[derive(Deserialize)]
pub(crate) struct New {
    tenant_id: String,
}

/// `POST`.
pub(crate) async fn create(
    call: Call<Identity>,
    Json(Object(New { tenant_id })): Json<Object<New>>,
) -> Result<Response, ApiError> {
    let mut body = Body::default();
    body.put("tenant_id", tenant_id);
    let made = make::<KeyPairs>(&call, vec![body]).await?.pop().unwrap_or_default();
    Ok((StatusCode::CREATED, Json(Keystone::member(&KeyPairs::NAMES, made))).into_response())
}
