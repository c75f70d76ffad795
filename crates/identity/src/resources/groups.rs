//! Groups of users. Who is in which is `members`.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_resource::keystone::links;
use kogge_resource::{
    Body, Call, Create, Delete, Field, Judgement, List, Listing, Loaded, Names, Resource, Schema, Update,
    Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::{of_domain, seen};
use super::{GIVEN, NULLABLE, TEXT, emptied, kept_as, looked_up, permit_in, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::Group;
use crate::policy;
use crate::service::{
    Draft, Identity, NAME, checked_description, checked_extra, checked_name, described, domain_for_new,
    is_seen, merge, new_id, with_group,
};

/// Groups.
pub(crate) struct Groups;

impl Resource for Groups {
    kept_as!(Group, "group");
    type More = ();

    const NAMES: Names = Names::new("group", "groups", "/v3/groups", "/v3/groups/{group_id}");
    const READ: Rule = policy::GET_GROUP;

    fn target(row: &Arc<Group>) -> Target<'_> {
        with_group(Target::none(), row)
    }

    fn judge(call: &Call<Identity>, rule: &Rule, found: Option<&Arc<Group>>) -> Judgement {
        looked_up::<Self>(call, rule, &[policy::DELETE_GROUP], found)
    }

    fn view(call: &Call<Identity>, row: &Arc<Group>, (): &(), _: Verb) -> Value {
        let view = json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain_id,
            "description": row.description,
            "links": links(call, &format!("/v3/groups/{}", row.id)),
        });
        with_extra(view, &row.extra)
    }
}

impl List for Groups {
    const RULE: Rule = policy::LIST_GROUPS;
    const LIST: Listing = Listing { names: &["domain_id", "name"], ..Listing::OWN };

    /// With a domain's token those of that domain.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<Group>>> {
        let is_shown = |group: &Group| is_seen(&call.caller, &group.domain_id);
        seen(call, &<Self as List>::RULE, &Self::LIST, wanted, of_domain(call), is_shown)
    }
}

const BODY: Schema = Schema::open(
    "group",
    &[
        &[
            Field::required("name", TEXT),
            Field::optional("domain_id", NULLABLE),
            Field::optional("description", NULLABLE),
        ],
        &GIVEN,
    ],
);

impl Create for Groups {
    const RULE: Rule = policy::CREATE_GROUP;
    const BODY: Schema = BODY;

    fn permit(call: &Call<Identity>, body: &Body) -> Result<()> {
        permit_in(call, &<Self as Create>::RULE, "target.group.domain_id", body)
    }

    async fn create(call: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Group>, ())> {
        let group = Group {
            id: new_id(),
            name: checked_name("name", &body.name("name"), NAME)?,
            domain_id: domain_for_new(&call.caller, body.text("domain_id")),
            description: checked_description(body.name("description"))?,
            extra: checked_extra(body.others)?,
        };
        if draft.domain(&group.domain_id).is_none() {
            return Err(Error::not_found("domain", &group.domain_id));
        }
        Ok((draft.put_group(group)?, ()))
    }
}

impl Update for Groups {
    const RULE: Rule = policy::UPDATE_GROUP;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Group>, ())> {
        same_id(call, &body)?;
        let mut group = (**loaded).clone();
        if body.str("domain_id").is_some_and(|id| id != group.domain_id) {
            return Err(Error::invalid("Cannot change Domain ID"));
        }
        if let Some(name) = body.str("name") {
            group.name = checked_name("name", name, NAME)?;
        }
        group.description = described(group.description, emptied(body.patch("description")))?;
        group.extra = merge(&group.extra, body.others)?;
        Ok((draft.put_group(group)?, ()))
    }
}

/// With its memberships and assignments.
impl Delete for Groups {
    const RULE: Rule = policy::DELETE_GROUP;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, group: Loaded<Self>) -> Result<()> {
        draft.remove_group(&group.id);
        Ok(())
    }
}

impl Draft {
    fn put_group(&mut self, group: Group) -> Result<Arc<Group>> {
        if self.group_named(&group.domain_id, &group.name).is_some_and(|other| other.id != group.id) {
            return Err(Error::duplicate("group", &group.name));
        }
        Ok(self.put(group))
    }
}
