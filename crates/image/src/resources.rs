//! Resources on the kit (`kogge_resource`), and what is Glance's about all of them.

pub(crate) mod image_query;
pub(crate) mod images;
pub(crate) mod members;
pub(crate) mod tasks;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{Db, ListError, Tx};
use kogge_resource::glance::Glance;
use kogge_resource::{Call, Judgement, Service, Sql};

use crate::Images;
use crate::error::Error;

impl Service for Images {
    type Error = Error;
    type Write = Tx;
    type Dialect = Glance;

    async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.db().begin().await?)
    }

    async fn commit(&self, write: Tx) -> Result<(), Error> {
        Ok(write.commit().await?)
    }

    /// Who sees it gets 403, others 404.
    fn judge(caller: &Caller, rule: &Rule, read: &Rule, found: Option<&Target<'_>>) -> Judgement {
        match found {
            Some(target) if caller.may(rule, target) => Judgement::Allowed,
            Some(target) if caller.may(read, target) => Judgement::Denied,
            _ => Judgement::Missing,
        }
    }

    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>, Error> {
        call.caller.allow_on_own(rule)?;
        Ok(Whose::Of(call.caller.require_project(rule)?.as_str()))
    }
}

impl Sql for Images {
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
