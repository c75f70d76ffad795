//! Security groups. Each project has one called `default`, which is made when it is first looked for.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, NAMED, TAGS, by, truth};
use kogge_db::{Paged, Record, Tx};
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Service as _, Stored,
    Update, Verb, Wanted,
};
use serde_json::{Value, json};

use super::security_group_rules::view as rule_view;
use super::{command, fresh, standard};
use crate::attributes::security::name;
use crate::attributes::{STANDARD, both, shown};
use crate::error::{Error, Result};
use crate::model::commands::SecurityGroupChange;
use crate::service::group_target;
use crate::service::is_admin;
use crate::store::rows::{SecurityGroup, SecurityGroupRule};
use crate::store::{groups as store, sort_keys};
use crate::{Networking, policy};

/// Security groups.
pub(crate) struct SecurityGroups;

impl Resource for SecurityGroups {
    type Service = Networking;
    type Row = SecurityGroup;
    /// Its rules, oldest first.
    type More = Vec<SecurityGroupRule>;

    const NAMES: Names = Names::new(
        "security_group",
        "security_groups",
        "/v2.0/security-groups",
        "/v2.0/security-groups/{id}",
    );
    const READ: Rule = policy::GET_SECURITY_GROUP;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::security_group_not_found(id)
    }

    fn id(row: &SecurityGroup) -> String {
        row.id.to_string()
    }

    fn target(row: &SecurityGroup) -> Target<'_> {
        group_target(row)
    }

    async fn more(call: &Call<Networking>, rows: &[SecurityGroup]) -> Result<Vec<Vec<SecurityGroupRule>>> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut rules = store::rules_of(&mut call.service.db().into(), &ids).await?;
        Ok(rows.iter().map(|row| rules.remove(&row.id).unwrap_or_default()).collect())
    }

    fn view(_: &Call<Networking>, row: &SecurityGroup, rules: &Vec<SecurityGroupRule>, _: Verb) -> Value {
        let rules: Vec<Value> = rules.iter().map(|rule| rule_view(rule, row.is_default)).collect();
        standard!(row).add(json!({
            "id": row.id,
            "name": row.name,
            "stateful": row.stateful,
            "shared": false,
            "security_group_rules": rules,
        }))
    }
}

impl List for SecurityGroups {
    const RULE: Rule = policy::GET_SECURITY_GROUP;
    const LIST: Listing = Listing {
        filters: &[
            BASIC,
            NAMED,
            DESCRIBED,
            TAGS,
            &[truth("stateful", "stateful = ?"), truth("shared", "FALSE = ?")],
        ],
        sort: sort_keys![by("name"), by("stateful")],
        ..Listing::OWN
    };

    async fn page(call: &Call<Networking>, wanted: &Wanted) -> Result<Paged<SecurityGroup>> {
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        call.service.make_default_group(&call.caller, &wanted.query).await?;
        let whose = Networking::whose(call, &<Self as List>::RULE)?;
        SecurityGroup::listed(&call.service, &Self::LIST, whose, wanted).await
    }
}

const BODY: Schema = Schema::new(
    "security_group",
    &[
        STANDARD,
        &[
            both("name", Absent::Text(""), name),
            both("stateful", Absent::Bool(true), check::boolean),
            shown("security_group_rules"),
            shown("shared"),
        ],
    ],
);

async fn with_rules(tx: &mut Tx, row: SecurityGroup) -> Result<(SecurityGroup, Vec<SecurityGroupRule>)> {
    let rules = store::rules_of(&mut tx.into(), &[row.id]).await?.remove(&row.id).unwrap_or_default();
    Ok((row, rules))
}

impl Create for SecurityGroups {
    const RULE: Rule = policy::CREATE_SECURITY_GROUP;
    const BODY: Schema = BODY;

    async fn create(
        call: &Call<Networking>,
        tx: &mut Tx,
        body: Body,
    ) -> Result<(SecurityGroup, Vec<SecurityGroupRule>)> {
        let view = call.service.create_security_group_in(tx, &call.caller, command(body)?).await?;
        Ok((view.row, view.rules.into_iter().map(|rule| rule.row).collect()))
    }
}

impl Update for SecurityGroups {
    const RULE: Rule = policy::UPDATE_SECURITY_GROUP;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(SecurityGroup, Vec<SecurityGroupRule>)> {
        fresh(call, loaded.revision_number)?;
        let row = call.service.change_group(tx, loaded.into_row(), command(body)?).await?;
        with_rules(tx, row).await
    }
}

impl Networking {
    /// Changes a group.
    ///
    /// # Errors
    /// `SecurityGroupCannotUpdateDefault`, `SecurityGroupInUse`.
    pub(crate) async fn change_group(
        &self,
        tx: &mut Tx,
        mut row: SecurityGroup,
        change: SecurityGroupChange,
    ) -> Result<SecurityGroup> {
        if row.is_default && change.name.is_some() {
            return Err(Error::cannot_update_default());
        }
        let turns = change.stateful.is_some_and(|stateful| stateful != row.stateful);
        if turns && store::in_use(tx, row.id).await? {
            return Err(Error::security_group_in_use(row.id, "is in use: stateful cannot be changed"));
        }
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.stateful = change.stateful.unwrap_or(row.stateful);
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        row.save(tx).await?;
        Ok(row)
    }
}

/// With its rules.
impl Delete for SecurityGroups {
    const RULE: Rule = policy::DELETE_SECURITY_GROUP;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        fresh(call, row.revision_number)?;
        remove(tx, &row, is_admin(&call.caller)).await
    }
}

/// Deletes a group with its rules, where nothing uses it.
pub(crate) async fn remove(tx: &mut Tx, row: &SecurityGroup, as_admin: bool) -> Result<()> {
    if store::in_use(tx, row.id).await? {
        return Err(Error::security_group_in_use(row.id, "in use"));
    }
    if row.is_default && !as_admin {
        return Err(Error::cannot_remove_default());
    }
    store::remove(tx, row.id).await?;
    Ok(())
}

impl Tagged for SecurityGroups {
    const PATHS: (&'static str, &'static str) =
        ("/v2.0/security-groups/{id}/tags", "/v2.0/security-groups/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_SECURITY_GROUP_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_SECURITY_GROUP_TAGS;
    super::tags!(SecurityGroup);
}
