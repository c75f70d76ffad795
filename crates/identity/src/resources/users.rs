//! Users, and what belongs to one. Passwords are `service/passwords.rs`. Upstream: `keystone/identity/core.py`.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_clock::Timestamp;
use kogge_db::Paged;
use kogge_http::{ApiError, Json, Patch};
use kogge_resource::keystone::{Keystone, links};
use kogge_resource::{
    Absent, At, Body, Call, Create, Delete, Dialect as _, Field, List, Listing, Loaded, Names, Resource,
    Schema, Type, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::{of_domain, page, seen};
use super::projects::Projects;
use super::user_options::changed;
use super::{GIVEN, NULLABLE, TEXT, collection, kept_as, permit_in, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::{User, UserOptions};
use crate::policy;
use crate::secret::Secret;
use crate::service::{
    Client, Draft, Identity, NAME, checked_extra, checked_id, checked_name, domain_for_new, is_seen, merge,
    new_id, with_user,
};

/// Users.
pub(crate) struct Users;

impl Resource for Users {
    kept_as!(User, "user");
    type More = ();

    const NAMES: Names = Names::new("user", "users", "/v3/users", "/v3/users/{user_id}");
    const READ: Rule = policy::GET_USER;

    fn target(row: &Arc<User>) -> Target<'_> {
        with_user(Target::none(), row)
    }

    fn view(call: &Call<Identity>, row: &Arc<User>, (): &(), _: Verb) -> Value {
        let expires = row.password().and_then(|password| password.expires_at);
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain_id,
            "enabled": row.enabled,
            "password_expires_at": expires.map(|end| Timestamp::from_micros(end).micros()),
            "options": row.options,
            "links": links(call, &format!("/v3/users/{}", row.id)),
        });
        if let Some(id) = &row.default_project_id {
            view["default_project_id"] = id.as_str().into();
        }
        with_extra(view, &row.extra)
    }
}

impl List for Users {
    const RULE: Rule = policy::LIST_USERS;
    const LIST: Listing = Listing {
        names: &["domain_id", "enabled", "name", "unique_id", "idp_id", "protocol_id"],
        ..Listing::OWN
    };

    /// With a domain's token those of that domain.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<User>>> {
        let is_shown = |user: &User| is_seen(&call.caller, &user.domain_id);
        seen(call, &<Self as List>::RULE, &Self::LIST, wanted, of_domain(call), is_shown)
    }
}

/// Ours or secret: never kept as attributes that nobody knows.
const NEVER_KEPT: [Field; 4] = [
    Field::optional("password_expires_at", Type::Any),
    Field::optional("original_password", Type::Any),
    Field::optional("federated", Type::Any),
    Field::optional("tenantId", Type::Any),
];

/// Where the body has the hash that was made of its password.
const HASH: &str = "hash of the password";

async fn with_hash(call: &Call<Identity>, mut body: Body) -> Result<Body> {
    if let Some(password) = body.text("password").map(Secret::new) {
        let hash = call.service.hash_new(Client::of(&call.caller), &password).await?;
        body.put(HASH, hash);
    }
    Ok(body)
}

fn checked_user_name(body: &Body) -> Result<Option<String>> {
    body.str("name").map(|name| checked_name("name", name, NAME)).transpose()
}

const BODY: Schema = Schema::open(
    "user",
    &[
        &[
            Field::required("name", TEXT),
            Field::optional("domain_id", NULLABLE),
            Field::both("enabled", Absent::Bool(true), Type::Bool),
            Field::optional("default_project_id", NULLABLE),
            Field::optional("password", NULLABLE),
            Field::optional("options", Type::Pairs),
        ],
        &GIVEN,
        &NEVER_KEPT,
    ],
);

impl Create for Users {
    const RULE: Rule = policy::CREATE_USER;
    const BODY: Schema = BODY;

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        permit_in(call, &<Self as Create>::RULE, "target.user.domain_id", body)
    }

    async fn prepare(call: &Call<Identity>, body: Body) -> Result<Body> {
        checked_user_name(&body)?;
        changed(&UserOptions::default(), &body)?;
        with_hash(call, body).await
    }

    async fn create(call: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<User>, ())> {
        let options = changed(&UserOptions::default(), &body)?;
        let password = body.text(HASH).map(|hash| call.service.stored(hash, false, &options));
        let user = User {
            id: new_id(),
            name: checked_user_name(&body)?.unwrap_or_default(),
            domain_id: domain_for_new(&call.caller, body.text("domain_id")),
            enabled: body.truth("enabled").unwrap_or(true),
            default_project_id: body.text("default_project_id"),
            passwords: password.into_iter().collect(),
            options,
            created_at: draft.now.as_micros(),
            extra: checked_extra(body.others)?,
        };
        if draft.domain(&user.domain_id).is_none() {
            return Err(Error::not_found("domain", &user.domain_id));
        }
        Ok((draft.put_user(user)?, ()))
    }
}

impl Update for Users {
    const RULE: Rule = policy::UPDATE_USER;
    const BODY: Schema = BODY;

    async fn prepare(call: &Call<Identity>, body: Body) -> Result<Body> {
        same_id(call, &body)?;
        let moves = |user: &Arc<User>| body.str("domain_id").is_some_and(|id| id != user.domain_id);
        if call.service.snapshot().users.get(call.key()).is_some_and(moves) {
            return Err(Error::invalid("Cannot change Domain ID"));
        }
        with_hash(call, body).await
    }

    /// A new password or a disabled account ends all tokens.
    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<User>, ())> {
        let old = loaded.into_row();
        let mut user = (*old).clone();
        user.name = checked_user_name(&body)?.unwrap_or(user.name);
        user.enabled = body.truth("enabled").unwrap_or(user.enabled);
        user.default_project_id = body.patch("default_project_id").apply(user.default_project_id);
        user.options = changed(&old.options, &body)?;
        let password: Patch<Value> = body.patch("password");
        if let Some(hash) = body.text(HASH) {
            let stored = call.service.stored(hash, false, &user.options);
            user = call.service.with_password(&user, stored);
        } else if matches!(password, Patch::Null) {
            user.passwords.clear();
        }
        if !matches!(password, Patch::Absent) || (old.enabled && !user.enabled) {
            draft.revoke_user(&user.id);
        }
        user.extra = merge(&user.extra, body.others)?;
        Ok((draft.put_user(user)?, ()))
    }
}

/// With all that is theirs here; their tokens end.
impl Delete for Users {
    const RULE: Rule = policy::DELETE_USER;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, user: Loaded<Self>) -> Result<()> {
        draft.remove_user(&user.id);
        Ok(())
    }
}

/// `GET /v3/users/{user_id}/projects`: those on which a user has a role; of somebody else with a domain's token those of that
/// domain.
pub(crate) async fn projects(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    const LIST: Listing = Listing { names: &["domain_id", "enabled", "name"], ..Listing::OWN };
    let wanted = Keystone::wanted(&LIST, &call)?;
    let (id, rule) = (call.key(), &policy::LIST_USER_PROJECTS);
    let user = Loaded::<Users>::get(&call, &mut At::Now(&call.service), id, rule).await?;
    let snapshot = call.service.snapshot();
    let is_own = call.caller.user.id.as_str() == user.id;
    let ids = snapshot.project_ids_of(&user.id);
    let rows = ids.iter().filter_map(|id| snapshot.projects.get(id));
    let rows = rows.filter(|project| is_own || is_seen(&call.caller, project.domain())).cloned();
    let page = page(&call.service, &LIST, rows, &wanted)?;
    Ok(collection::<Projects>(&call, &LIST, &wanted, page).await?)
}

impl Draft {
    /// Writes a user after looking at the name and the default project.
    fn put_user(&mut self, user: User) -> Result<Arc<User>> {
        if self.user_named(&user.domain_id, &user.name).is_some_and(|other| other.id != user.id) {
            return Err(Error::duplicate("user", &user.name));
        }
        let default = user.default_project_id.as_deref();
        if let Some(domain) = default.and_then(|id| self.domain(id)) {
            let because = format!("User's default project ID cannot be a domain ID: {}", domain.id);
            return Err(Error::Invalid(because));
        }
        default.map_or(Ok(()), |id| checked_id("default_project_id", id))?;
        Ok(self.put(user))
    }
}
