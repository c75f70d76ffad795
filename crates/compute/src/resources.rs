//! Resources on the kit (`kogge_resource`), and what is Nova's about all of them.

pub(crate) mod aggregates;
pub(crate) mod changes;
pub(crate) mod flavors;
pub(crate) mod keypairs;
pub(crate) mod migrations;
pub(crate) mod server_filter;
pub(crate) mod server_groups;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{Db, Executor, Query, Tx};
use kogge_resource::nova::Nova;
use kogge_resource::{Call, Holder, Judgement, Quota, Quotas, Service, Sql};

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::bounds;
use crate::service::flavors::is_admin;
use crate::store::quotas;

impl Service for Compute {
    type Error = Error;
    type Write = Tx;
    type Dialect = Nova;

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

    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>> {
        call.caller.allow_on_own(rule)?;
        Ok(Whose::Of(call.caller.require_project(rule)?.as_str()))
    }

    fn most_per_page(&self) -> u32 {
        self.config().max_limit
    }
}

impl Sql for Compute {
    fn db(&self) -> &Db {
        Self::db(self)
    }
}

impl Quotas for Compute {
    async fn charge(&self, tx: &mut Tx, quota: &Quota, holder: Holder<'_>) -> Result<()> {
        quotas::take_turn(tx, holder.id).await?;
        let limits = quotas::limits(&mut *tx, holder.project, &self.config().quota).await?;
        let limit = bounds::capped(limits.get(quota.resource).copied(), quota.most);
        if tx.one(Query::new(quota.count).bind(holder.id)).await?.int("n")? >= limit {
            return Err(Error::Forbidden(quota.exceeded.to_owned()));
        }
        Ok(())
    }
}
