//! Server groups: servers that should share a host, or should not. Neither name nor policy ever changes.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::{Whose, by};
use kogge_db::{DbError, Direction, Executor, Query, Record, Row, Select, Tx};
use kogge_ids::{ServerGroupId, ServerId};
use kogge_resource::{
    Body, Call, Create, Delete, Field, Holder, List, Listing, Names, Pages, Question, Quota, Quotas,
    Resource, Schema, Service, Type, Verb,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::server_group::{Company, GroupPolicy, ServerGroup};
use crate::service::flavors::is_admin;
use crate::{Compute, microversion as v, policy};

const QUOTA: Quota = Quota {
    resource: "server_groups",
    count: "SELECT COUNT(*) AS n FROM server_groups WHERE project_id = $1",
    most: bounds::SERVER_GROUPS,
    exceeded: "Quota exceeded, too many server groups.",
};

/// Server groups.
pub(crate) struct ServerGroups;

impl Resource for ServerGroups {
    type Service = Compute;
    type Row = ServerGroup;
    /// Its members.
    type More = Vec<ServerId>;

    const NAMES: Names = Names {
        one: "server_group",
        many: "server_groups",
        all: "/v2.1/os-server-groups",
        each: "/v2.1/os-server-groups/{id}",
    };
    const READ: Rule = policy::SERVER_GROUPS_SHOW;
    const QUESTION: Question = Question { words: &[], strict_since: Some(v::FLAVOR_CLEANUP) };

    fn missing(_: &Call<Compute>, id: &str) -> Error {
        Error::NotFound(format!("Instance group {id} could not be found."))
    }

    fn id(row: &ServerGroup) -> String {
        row.id.to_string()
    }

    fn target(row: &ServerGroup) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    async fn more(call: &Call<Compute>, rows: &[ServerGroup]) -> Result<Vec<Vec<ServerId>>> {
        let query = Select::new("group_id, server_id", "server_group_members")
            .and_in("group_id", rows.iter().map(|row| row.id))
            .order_by("server_id", Direction::Ascending);
        let pair = |row: &Row| Ok((row.parse("group_id")?, row.parse("server_id")?));
        let mut members: BTreeMap<ServerGroupId, Vec<ServerId>> = BTreeMap::new();
        for (group, server) in call.service.db().list("server_group_members", query.query(), pair).await? {
            members.entry(group).or_default().push(server);
        }
        Ok(rows.iter().map(|row| members.remove(&row.id).unwrap_or_default()).collect())
    }

    fn view(call: &Call<Compute>, row: &ServerGroup, members: &Vec<ServerId>, _: Verb) -> Value {
        let mut view = json!({ "id": row.id, "name": row.name, "members": members });
        if call.version.has(v::SERVER_GROUP_OWNER) {
            view["project_id"] = json!(row.project_id);
            view["user_id"] = json!(row.user_id);
        }
        if call.version.has(v::SERVER_GROUP_RULES) {
            view["policy"] = json!(row.policy);
            view["rules"] = row.max_per_host.map_or(json!({}), |most| json!({ "max_server_per_host": most }));
        } else {
            // metadata never was used
            view["policies"] = json!([row.policy]);
            view["metadata"] = json!({});
        }
        view
    }
}

impl List for ServerGroups {
    const RULE: Rule = policy::SERVER_GROUPS_INDEX;
    /// The oldest first.
    const LIST: Listing = Listing {
        sort: &[by("created_at")],
        order: &[("created_at", Direction::Ascending), ("id", Direction::Ascending)],
        words: &["all_projects"],
        pages: Pages::Offset,
        strict_since: Some(v::STRICT_QUERY),
        ..Listing::OWN
    };

    /// Those of all projects, where an admin asks for them; others get those of their own, as in Nova.
    fn whose<'c>(call: &'c Call<Compute>) -> Result<Whose<'c>> {
        let own = Compute::whose(call, &<Self as List>::RULE)?;
        if call.query.has("all_projects") && is_admin(&call.caller) {
            call.caller.allow_on_own(&policy::SERVER_GROUPS_INDEX_ALL)?;
            return Ok(Whose::Everybodys);
        }
        Ok(own)
    }
}

impl Create for ServerGroups {
    const RULE: Rule = policy::SERVER_GROUPS_CREATE;
    const BODY: Schema = Schema::new(
        "server_group",
        &[&[
            Field::required("name", Type::Name),
            Field::required("policies", Type::Items(&Type::Word(GroupPolicy::HARD), 1, 1))
                .until(v::SOFT_POLICIES),
            Field::required("policies", Type::Items(&Type::Word(GroupPolicy::WORDS), 1, 1))
                .since(v::SOFT_POLICIES)
                .until(v::SERVER_GROUP_RULES),
            Field::required("policy", Type::Word(GroupPolicy::WORDS)).since(v::SERVER_GROUP_RULES),
            Field::optional(
                "rules",
                Type::Object(&[&[Field::optional("max_server_per_host", Type::Int(1, i64::MAX))]]),
            )
            .since(v::SERVER_GROUP_RULES),
        ]],
    );

    async fn create(call: &Call<Compute>, tx: &mut Tx, body: Body) -> Result<(ServerGroup, Vec<ServerId>)> {
        let policy = body.read("policy").or_else(|| body.read::<Vec<_>>("policies")?.pop());
        let policy: GroupPolicy = policy.ok_or_else(|| Error::Invalid("a policy is needed".to_owned()))?;
        let max_per_host = body.get("rules").and_then(|rules| rules.get("max_server_per_host")?.as_i64());
        if max_per_host.is_some() && policy != GroupPolicy::AntiAffinity {
            return Err(Error::Invalid("Only anti-affinity policy supports rules.".to_owned()));
        }
        let project = call.caller.require_project(&<Self as Create>::RULE)?;
        let holder = Holder { id: project.as_str(), project: project.as_str() };
        call.service.charge(tx, &QUOTA, holder).await?;
        let row = ServerGroup {
            id: ServerGroupId::random(),
            project_id: project.clone(),
            user_id: call.caller.user.id.clone(),
            name: body.name("name"),
            policy,
            max_per_host,
            created_at: call.service.now(),
        };
        row.insert(tx).await?;
        Ok((row, Vec::new()))
    }
}

/// Its members stay where they are.
impl Delete for ServerGroups {
    const RULE: Rule = policy::SERVER_GROUPS_DELETE;
}

fn is_visible(group: &ServerGroup, caller: &Caller) -> bool {
    caller.project_id() == Some(&group.project_id) || is_admin(caller)
}

fn no_group(id: impl std::fmt::Display) -> Error {
    Error::NotFound(format!("Instance group {id} could not be found."))
}

impl Compute {
    /// The group of a server, as far as the caller may know of it.
    pub(crate) async fn group_of_server(
        &self,
        caller: &Caller,
        server: ServerId,
    ) -> Result<Option<ServerGroupId>> {
        let group = of_server(self.db(), server).await?;
        Ok(group.filter(|group| is_visible(group, caller)).map(|group| group.id))
    }

    /// The group that a new server is to be in. One that the caller may not see is not there.
    pub(crate) async fn wanted_group(&self, caller: &Caller, id: &str) -> Result<ServerGroup> {
        let Ok(key) = id.parse() else { return Err(no_group(id)) };
        let found = ServerGroup::get(self.db(), &key).await?;
        found.filter(|group| is_visible(group, caller)).ok_or_else(|| no_group(id))
    }

    /// Locks a group for `count` servers that the caller is about to make in it, if it has room for them.
    pub(crate) async fn open_group_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        group: &ServerGroup,
        limit: i64,
        count: u32,
    ) -> Result<()> {
        ServerGroup::lock(tx, &group.id).await?.ok_or_else(|| no_group(group.id))?;
        let members = Query::new(
            "SELECT COUNT(*) AS n FROM server_group_members m JOIN servers s ON s.id = m.server_id \
             WHERE m.group_id = $1 AND s.user_id = $2",
        );
        let members = tx.one(members.bind(group.id).bind(&caller.user.id)).await?.int("n")?;
        if members.saturating_add(i64::from(count)) > limit {
            return Err(Error::Forbidden("Quota exceeded, too many servers in group".to_owned()));
        }
        Ok(())
    }

    /// The group of a server that needs a host, with the places of the other members. The group stays locked until
    /// the transaction ends: two members that are placed at the same time see each other.
    pub(crate) async fn company_in(&self, tx: &mut Tx, server: ServerId) -> Result<Option<Company>> {
        let Some(group) = of_server(&mut *tx, server).await? else { return Ok(None) };
        if ServerGroup::lock(tx, &group.id).await?.is_none() {
            return Ok(None);
        }
        let members = Query::new(
            "SELECT s.placed_host AS host, COUNT(*) AS n FROM server_group_members m \
             JOIN servers s ON s.id = m.server_id \
             WHERE m.group_id = $1 AND s.id <> $2 AND s.placed_host IS NOT NULL GROUP BY s.placed_host",
        );
        let rows = tx.all(members.bind(group.id).bind(server)).await?;
        let members = rows.iter().map(|row| Ok((row.text("host")?, row.int("n")?)));
        Ok(Some(Company { members: members.collect::<Result<_, DbError>>()?, group }))
    }
}

/// Puts a server that is in no group yet into one.
pub(crate) async fn join(tx: &mut Tx, group: ServerGroupId, server: ServerId) -> Result<(), DbError> {
    let join = Query::new("INSERT INTO server_group_members (server_id, group_id) VALUES ($1, $2)");
    tx.execute(join.bind(server).bind(group)).await.map(drop)
}

/// Takes a server out of its group, if it is in one.
pub(crate) async fn leave(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    let leave = Query::new("DELETE FROM server_group_members WHERE server_id = $1");
    tx.execute(leave.bind(server)).await.map(drop)
}

/// The group that a server is in.
async fn of_server(db: impl Executor, server: ServerId) -> Result<Option<ServerGroup>, DbError> {
    let select = ServerGroup::select()
        .and("id = (SELECT group_id FROM server_group_members WHERE server_id = ?)", server);
    db.find(ServerGroup::TABLE, select.query(), ServerGroup::from_row).await
}

#[cfg(test)]
mod tests;
