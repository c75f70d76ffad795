//! Resources on the kit (`kogge_resource`), and what is placement's about all of them.

pub(crate) mod classes;
pub(crate) mod inventories;
pub(crate) mod names;
pub(crate) mod provider_aggregates;
pub(crate) mod provider_traits;
pub(crate) mod providers;
pub(crate) mod question;
pub(crate) mod traits;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{Db, ListError, Tx};
use kogge_http::ApiError;
use kogge_resource::handlers::{Sent, is_said};
use kogge_resource::placement::Manners;
use kogge_resource::{Call, Judgement, Service, Sql};
use serde_json::Value;

use crate::Placement;
use crate::error::Error;

impl Service for Placement {
    type Error = Error;
    type Write = Tx;
    type Dialect = Manners;

    async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.db().begin().await?)
    }

    async fn commit(&self, write: Tx) -> Result<(), Error> {
        Ok(write.commit().await?)
    }

    /// Nothing here belongs to a project: whom the rule allows knows of everything.
    fn judge(caller: &Caller, rule: &Rule, _: &Rule, found: Option<&Target<'_>>) -> Judgement {
        Judgement::shared(caller, rule, found.is_some())
    }

    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>, Error> {
        call.caller.allow_on_own(rule)?;
        Ok(Whose::Everybodys)
    }
}

/// The body of a request that the policy lets through: who may not learns nothing of what is wrong with it.
pub(crate) fn allowed(call: &Call<Placement>, body: Sent) -> Result<Value, ApiError> {
    is_said(&body)?;
    Placement::permit_new(&call.caller, &call.rule)?;
    Ok(body?.0)
}

impl Sql for Placement {
    fn db(&self) -> &Db {
        Self::db(self)
    }
}

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Db(error) => error.into(),
            ListError::Filter(bad) => Self::invalid(bad.to_string()),
        }
    }
}
