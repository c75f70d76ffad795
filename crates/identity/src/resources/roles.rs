//! Roles: the cloud's, and those of single domains. What implies what is `service/roles.rs`.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_resource::keystone::links;
use kogge_resource::{
    Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Resource, Schema, Service as _, Update,
    Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::{is_filtered, page};
use super::{
    GIVEN, NULLABLE, OPTIONS, TEXT, immutable, kept_as, options, refuse_immutable, same_id, with_extra,
};
use crate::error::{Error, Result};
use crate::model::Role;
use crate::policy;
use crate::service::{
    Draft, Identity, NAME, checked_description, checked_extra, checked_name, merge, new_id, own_domain,
    with_role,
};

/// Roles.
pub(crate) struct Roles;

/// The rule that holds for a domain's role, in the place of that for one of the cloud.
fn rule_for(rule: &Rule, of_domain: bool) -> Rule {
    let pairs = [
        (policy::GET_ROLE, policy::GET_DOMAIN_ROLE),
        (policy::LIST_ROLES, policy::LIST_DOMAIN_ROLES),
        (policy::CREATE_ROLE, policy::CREATE_DOMAIN_ROLE),
        (policy::UPDATE_ROLE, policy::UPDATE_DOMAIN_ROLE),
        (policy::DELETE_ROLE, policy::DELETE_DOMAIN_ROLE),
    ];
    pairs.into_iter().find(|(global, _)| of_domain && global == rule).map_or(*rule, |(_, domain)| domain)
}

impl Resource for Roles {
    kept_as!(Role, "role");
    type More = ();

    const NAMES: Names = Names::new("role", "roles", "/v3/roles", "/v3/roles/{role_id}");
    const READ: Rule = policy::GET_ROLE;

    fn target(row: &Arc<Role>) -> Target<'_> {
        with_role(Target::none(), row)
    }

    /// An unknown id is 404 for everybody: Keystone looks a role up before it knows which rule holds for it.
    fn allow(call: &Call<Identity>, id: &str, rule: &Rule, found: Option<&Arc<Role>>) -> Result<()> {
        let role = found.ok_or_else(|| Self::missing(call, id))?;
        Ok(call.caller.allow(&rule_for(rule, role.domain_id.is_some()), &Self::target(role))?)
    }

    fn view(call: &Call<Identity>, row: &Arc<Role>, (): &(), _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain_id,
            "description": row.description,
            "options": options(row.immutable),
            "links": links(call, &format!("/v3/roles/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Roles {
    const RULE: Rule = policy::LIST_ROLES;
    const LIST: Listing = Listing { names: &["name", "domain_id"], ..Listing::OWN };

    /// Those of the cloud, or with `domain_id` those of that domain.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<Role>>> {
        let of_domain = is_filtered(wanted, "domain_id");
        let rule = rule_for(&<Self as List>::RULE, of_domain);
        call.caller.allow(&rule, &own_domain(&call.caller))?;
        let snapshot = call.service.snapshot();
        let seen = snapshot.roles.iter().filter(|role| of_domain || role.domain_id.is_none());
        page(&call.service, &Self::LIST, seen.cloned(), wanted)
    }
}

const BODY: Schema = Schema::open(
    "role",
    &[
        &[
            Field::required("name", TEXT),
            Field::optional("domain_id", NULLABLE),
            Field::optional("description", NULLABLE),
            OPTIONS,
        ],
        &GIVEN,
    ],
);

impl Create for Roles {
    const RULE: Rule = policy::CREATE_ROLE;
    const BODY: Schema = BODY;

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        Identity::permit_new(
            &call.caller,
            &rule_for(&<Self as Create>::RULE, body.str("domain_id").is_some()),
        )
    }

    async fn create(_: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Role>, ())> {
        let role = Role {
            id: new_id(),
            name: checked_name("name", &body.name("name"), NAME)?,
            domain_id: body.text("domain_id"),
            description: body.text("description").map(checked_description).transpose()?,
            immutable: immutable(&body).flatten(),
            extra: checked_extra(body.others)?,
        };
        if let Some(domain_id) = role.domain_id.as_deref().filter(|id| draft.domain(id).is_none()) {
            return Err(Error::not_found("domain", domain_id));
        }
        Ok((draft.put_role(role)?, ()))
    }
}

impl Update for Roles {
    const RULE: Rule = policy::UPDATE_ROLE;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Role>, ())> {
        same_id(call, &body)?;
        let mut role = (**loaded).clone();
        let name = body.str("name").map(|name| checked_name("name", name, NAME)).transpose()?;
        let unlocks = immutable(&body).is_some_and(|value| value != Some(true)) && name.is_none();
        refuse_immutable("role", &role.id, role.immutable, "update", unlocks)?;
        if body.str("domain_id").is_some_and(|id| Some(id) != role.domain_id.as_deref()) {
            return Err(Error::invalid("Update of `domain_id` is not allowed."));
        }
        role.name = name.unwrap_or(role.name);
        if let Some(description) = body.text("description") {
            checked_description(description)?;
        }
        role.description = body.patch("description").apply(role.description);
        role.immutable = immutable(&body).unwrap_or(role.immutable);
        role.extra = merge(&role.extra, body.others)?;
        Ok((draft.put_role(role)?, ()))
    }
}

/// With its assignments and implications.
impl Delete for Roles {
    const RULE: Rule = policy::DELETE_ROLE;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, role: Loaded<Self>) -> Result<()> {
        refuse_immutable("role", &role.id, role.immutable, "delete", false)?;
        draft.remove_role(&role.id);
        Ok(())
    }
}

impl Draft {
    fn put_role(&mut self, role: Role) -> Result<Arc<Role>> {
        let key = crate::model::name_key(role.domain_id.as_deref(), &role.name);
        if self.roles.by_key(&key).is_some_and(|other| other.id != role.id) {
            return Err(Error::duplicate("role", &role.name));
        }
        Ok(self.put(role))
    }
}
