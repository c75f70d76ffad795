//! Resources on the kit (`kogge_resource`), and what is Cinder's about all of them.

pub(crate) mod attachments;
pub(crate) mod backups;
pub(crate) mod consistency_groups;
pub(crate) mod default_types;
pub(crate) mod group_snapshots;
pub(crate) mod group_types;
pub(crate) mod groups;
pub(crate) mod manageable;
pub(crate) mod messages;
pub(crate) mod qos_specs;
pub(crate) mod snapshots;
pub(crate) mod specs;
pub(crate) mod transfers;
pub(crate) mod volume_types;
pub(crate) mod volumes;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{Db, Tx};
use kogge_resource::cinder::Cinder;
use kogge_resource::{Call, Judgement, Service, Sql};

use crate::Volumes;
use crate::error::{Error, Result};

/// Who sees things of all projects.
pub(crate) fn is_admin(caller: &Caller) -> bool {
    caller.may(&crate::policy::CONTEXT_IS_ADMIN, &Target::none())
}

/// `self` and `bookmark` of a thing, with the project in their paths as Cinder has it.
pub(crate) fn links(call: &Call<Volumes>, collection: &str, id: &str) -> serde_json::Value {
    let project = call.caller.project_id().map_or("", |project| project.as_str());
    serde_json::json!([
        {"rel": "self", "href": call.base.join(&format!("/v3/{project}/{collection}/{id}"))},
        {"rel": "bookmark", "href": call.base.join(&format!("/{project}/{collection}/{id}"))},
    ])
}

impl Service for Volumes {
    type Error = Error;
    type Write = Tx;
    type Dialect = Cinder;

    async fn begin(&self) -> Result<Tx> {
        Ok(self.db().begin().await?)
    }

    async fn commit(&self, write: Tx) -> Result<()> {
        Ok(write.commit().await?)
    }

    /// Who is neither of the project nor an admin gets 404; the rule decides for the others.
    fn judge(caller: &Caller, rule: &Rule, _: &Rule, found: Option<&Target<'_>>) -> Judgement {
        Judgement::of_project(caller, rule, found, is_admin(caller))
    }

    /// Those of the project; an administrator sees all with `all_tenants`.
    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>> {
        call.caller.allow_on_own(rule)?;
        let own = call.caller.require_project(rule)?.as_str();
        let all = call.query.get("all_tenants").is_some_and(|word| !matches!(word, "0" | "false" | "False"));
        if !(all && is_admin(&call.caller)) {
            return Ok(Whose::Of(own));
        }
        Ok(call.query.get("project_id").map_or(Whose::Everybodys, Whose::Of))
    }

    fn most_per_page(&self) -> u32 {
        self.config().max_limit
    }
}

impl Sql for Volumes {
    fn db(&self) -> &Db {
        Self::db(self)
    }
}
