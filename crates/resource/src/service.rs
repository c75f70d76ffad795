//! What differs between services, and is the same for all resources of one.

use kogge_auth::{Caller, Denied, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{Db, ListError, Source, Tx};
use kogge_http::ApiError;

use crate::{Call, Dialect};

/// A service: its handle, which is cheap to clone.
pub trait Service: Clone + Send + Sync + 'static {
    /// What can go wrong.
    type Error: Into<ApiError> + From<Denied> + From<ListError> + Send;
    /// A transaction that writes.
    type Write: Send;
    /// Its manners.
    type Dialect: Dialect;

    /// Opens a transaction.
    fn begin(&self) -> impl Future<Output = Result<Self::Write, Self::Error>> + Send;

    /// Makes a transaction last, and wakes whoever acts on what was written.
    fn commit(&self, write: Self::Write) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Whether the caller may do what `rule` guards to something as `target` describes it, or `found` is `None` where
    /// there is nothing; `read` guards looking at it. The one place where a service tells 404 from 403.
    fn judge(caller: &Caller, rule: &Rule, read: &Rule, found: Option<&Target<'_>>) -> Judgement;

    /// Whose rows the lists show that `rule` guards.
    ///
    /// # Errors
    /// 403 where the rule says no.
    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>, Self::Error>;

    /// Asks whether the caller may make things at all, before anything is looked at: something of its own.
    ///
    /// # Errors
    /// 403.
    fn permit_new(caller: &Caller, rule: &Rule) -> Result<(), Self::Error> {
        Ok(caller.allow_on_own(rule)?)
    }

    /// Most items of a page.
    fn most_per_page(&self) -> u32 {
        1000
    }
}

/// What a caller learns of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The caller may.
    Allowed,
    /// The caller may know of it but not do this: 403.
    Denied,
    /// It is not there, or not for this caller: 404.
    Missing,
}

impl Judgement {
    /// Of what belongs to a project: its members and administrators (`is_admin`) know of it, and the rule decides for them.
    /// To others it is not there.
    #[must_use]
    pub fn of_project(caller: &Caller, rule: &Rule, found: Option<&Target<'_>>, is_admin: bool) -> Self {
        let own = caller.project_id().map(|project| project.as_str());
        match found {
            Some(target) if is_admin || (own.is_some() && target.get("project_id") == own) => {
                if caller.may(rule, target) { Self::Allowed } else { Self::Denied }
            }
            _ => Self::Missing,
        }
    }

    /// Of what belongs to no project: whom the rule allows knows of all of it, and others learn nothing.
    #[must_use]
    pub fn shared(caller: &Caller, rule: &Rule, is_there: bool) -> Self {
        match is_there {
            _ if !caller.may_on_own(rule) => Self::Denied,
            true => Self::Allowed,
            false => Self::Missing,
        }
    }
}

/// A service whose rows are in tables.
pub trait Sql: Service<Write = Tx> {
    /// Its database.
    fn db(&self) -> &Db;
}

/// When something is read: now, or as part of a transaction that is under way.
pub enum At<'a, S: Service> {
    /// Now.
    Now(&'a S),
    /// In a transaction; what is read for a change is locked until it ends.
    In(&'a mut S::Write),
}

impl<S: Sql> At<'_, S> {
    /// Where to read from.
    pub fn source(&mut self) -> Source<'_> {
        match self {
            Self::Now(service) => service.db().into(),
            Self::In(tx) => Source::Tx(tx),
        }
    }
}
