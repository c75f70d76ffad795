//! Resources on the kit (`kogge_resource`), and what is Keystone's about all of them.

pub(crate) mod endpoints;
pub(crate) mod regions;
pub(crate) mod roles;
pub(crate) mod services;

use std::sync::Arc;

use kogge_auth::{Caller, Denied, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{ListError, Paged};
use kogge_http::Patch;
use kogge_resource::keystone::{self, Attributes, Keystone};
use kogge_resource::{At, Body, Call, Judgement, Listing, Service, Stored, Wanted};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::{self, Extra, Record};
use crate::service::{Draft, Identity, own_domain};
use crate::snapshot::{Snapshot, Table};

impl Service for Identity {
    type Error = Error;
    type Write = Draft;
    type Dialect = Keystone;

    async fn begin(&self) -> Result<Draft> {
        self.draft().await
    }

    async fn commit(&self, write: Draft) -> Result<()> {
        self.publish(write).await
    }

    /// A caller who may not see it learns the same whether it is there or not: Keystone answers 403 for an unknown id
    /// too, and 404 to those who could have seen it.
    fn judge(caller: &Caller, rule: &Rule, _: &Rule, found: Option<&Target<'_>>) -> Judgement {
        match found {
            Some(target) if caller.may(rule, target) => Judgement::Allowed,
            None if caller.may(rule, &Target::none()) => Judgement::Missing,
            _ => Judgement::Denied,
        }
    }

    /// Lists are the whole cloud's: a resource whose rows are not for everybody says so itself.
    fn whose<'c>(call: &'c Call<Self>, rule: &Rule) -> Result<Whose<'c>> {
        call.caller.allow(rule, &own_domain(&call.caller))?;
        Ok(Whose::Everybodys)
    }

    fn permit_new(caller: &Caller, rule: &Rule) -> Result<()> {
        Ok(caller.allow(rule, &Target::none())?)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Forbidden { action: denied.rule.to_owned() }
    }
}

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Db(error) => error.into(),
            ListError::Filter(bad) => Self::Invalid(bad.to_string()),
        }
    }
}

/// A kind of record with a table of its own in the snapshot.
pub(crate) trait Kept: Record + Attributes {
    /// Its table.
    fn table(snapshot: &Snapshot) -> &Table<Self>;
}

macro_rules! kept {
    ($($kind:ident $table:ident;)*) => {$(
        impl Kept for model::$kind {
            fn table(snapshot: &Snapshot) -> &Table<Self> {
                &snapshot.$table
            }
        }
    )*};
}
kept! {
    Region regions;
    Service services;
    Endpoint endpoints;
    Role roles;
}

impl<T: Kept> Stored<Identity> for Arc<T> {
    async fn find(at: &mut At<'_, Identity>, id: &str) -> Result<Option<Self>> {
        Ok(match at {
            At::Now(identity) => T::table(&identity.snapshot()).get(id).cloned(),
            At::In(draft) => T::table(draft).get(id).cloned(),
        })
    }

    async fn listed(
        identity: &Identity,
        rules: &Listing,
        _: Whose<'_>,
        wanted: &Wanted,
    ) -> Result<Paged<Self>> {
        let rows = T::table(&identity.snapshot()).iter().cloned().collect();
        page(identity, rules, rows, wanted)
    }

    async fn remove(&self, draft: &mut Draft) -> Result<bool> {
        draft.delete(T::KIND, &Record::id(&**self));
        Ok(true)
    }
}

/// The page of these rows, which are ordered by id, that is asked for.
pub(crate) fn page<T: Kept>(
    identity: &Identity,
    rules: &Listing,
    rows: Vec<Arc<T>>,
    wanted: &Wanted,
) -> Result<Paged<Arc<T>>> {
    keystone::page(rows, wanted, rules.names, identity.config().list_limit)
        .map_err(|marker| Error::Missing(format!("Marker {marker} could not be found.")))
}

/// A view with the attributes that no schema knows; they never hide one that it does.
pub(crate) fn with_extra(mut view: Value, extra: &Extra) -> Value {
    if let Value::Object(members) = &mut view {
        for (name, value) in extra {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
    view
}

/// An id in the body of an update must be the one in the path.
pub(crate) fn same_id(call: &Call<Identity>, body: &Body) -> Result<()> {
    if body.str("id").is_none_or(|id| id == call.key()) {
        return Ok(());
    }
    Err(Error::invalid("Cannot change ID"))
}

/// A text of an update that is never null: null empties it.
pub(crate) fn emptied(patch: Patch<String>) -> Option<String> {
    match patch {
        Patch::Absent => None,
        Patch::Null => Some(String::new()),
        Patch::Set(text) => Some(text),
    }
}
