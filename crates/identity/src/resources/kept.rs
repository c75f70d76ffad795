//! Records as rows of the kit: the table of each kind, and what its lists can be filtered and sorted by.

use std::borrow::Cow;
use std::sync::Arc;

use kogge_auth::Rule;
use kogge_db::Paged;
use kogge_db::filter::Whose;
use kogge_resource::keystone::{self, Attributes};
use kogge_resource::{At, Call, Listing, Stored, Wanted};

use crate::error::{Error, Result};
use crate::model::{self, Extra, Record};
use crate::service::{Draft, Identity, own_domain};
use crate::snapshot::{Snapshot, Tabled};

/// A kind of record that is listed.
pub(crate) trait Kept: Tabled + Attributes {}

fn text(value: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(value))
}

fn truth(value: bool) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(if value { "true" } else { "false" }))
}

fn extra<'e>(extra: &'e Extra, name: &str) -> Option<Cow<'e, str>> {
    extra.get(name).and_then(serde_json::Value::as_str).map(Cow::Borrowed)
}

/// What has an index is what it is there; the rest is said here.
macro_rules! kept {
    ($($kind:ident |$row:ident, $other:ident| {
        $($name:literal => $value:expr,)* _ => $rest:expr $(,)?
    };)*) => {$(
        impl Kept for model::$kind {}

        impl Attributes for model::$kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn attribute(&self, $other: &str) -> Option<Cow<'_, str>> {
                let $row = self;
                if let Some((_, value)) = Self::INDEXES.iter().find(|(name, _)| *name == $other) {
                    return value($row);
                }
                match $other {
                    "id" => text(&$row.id),
                    $($name => $value,)*
                    _ => $rest,
                }
            }
        }
    )*};
}

kept! {
    Project |row, name| {
        "enabled" => truth(row.enabled),
        "is_domain" => truth(row.is_domain),
        _ => extra(&row.extra, name),
    };
    User |row, name| {
        "enabled" => truth(row.enabled),
        _ => extra(&row.extra, name),
    };
    Group |row, name| {
        _ => extra(&row.extra, name),
    };
    Role |row, name| {
        "name" => text(&row.name),
        "domain_id" => row.domain_id.as_deref().and_then(text),
        _ => extra(&row.extra, name),
    };
    Region |row, name| {
        "parent_region_id" => row.parent_region_id.as_deref().and_then(text),
        _ => None,
    };
    Service |row, name| {
        "name" => text(row.name()),
        "type" => text(&row.kind),
        _ => None,
    };
    Endpoint |row, name| {
        "interface" => text(row.interface.as_str()),
        "service_id" => text(&row.service_id),
        "region_id" => row.region_id.as_deref().and_then(text),
        _ => None,
    };
    ApplicationCredential |row, name| {
        "name" => text(&row.name),
        _ => None,
    };
    AccessRule |row, name| {
        "service" => text(&row.service),
        "path" => text(&row.path),
        "method" => text(&row.method),
        _ => None,
    };
    Credential |row, name| {
        "type" => text(&row.kind),
        _ => None,
    };
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
        page(identity, rules, rows(&identity.snapshot(), wanted, None).cloned(), wanted)
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
    rows: impl IntoIterator<Item = Arc<T>>,
    wanted: &Wanted,
) -> Result<Paged<Arc<T>>> {
    keystone::page(rows, wanted, rules.names, identity.config().list_limit)
        .map_err(|marker| Error::Missing(format!("Marker {marker} could not be found.")))
}

/// An attribute with an index, and what it is.
pub(crate) type By<'a> = (&'static str, &'a str);

/// The id from which on rows are looked at for a page: all of them where another order is asked for.
pub(crate) fn from(wanted: &Wanted) -> &str {
    let page = &wanted.query.page;
    page.marker.as_deref().filter(|_| page.sort.is_empty()).unwrap_or("")
}

/// The rows of a kind that a list may show, ordered by id and not before its marker: where the query names an attribute with
/// an index only what has that value, else what is `own`.
pub(crate) fn rows<'s, T: Kept>(
    snapshot: &'s Snapshot,
    wanted: &Wanted,
    own: Option<By<'_>>,
) -> Box<dyn Iterator<Item = &'s Arc<T>> + 's> {
    let from = from(wanted);
    let asked = |name: &str| wanted.query.filters.get(name).and_then(|values| values.first());
    let asked = T::INDEXES.iter().find_map(|(name, _)| Some((*name, asked(name)?.as_str())));
    match asked.or(own) {
        Some((name, value)) => Box::new(T::table(snapshot).among(name, value, from)),
        None => Box::new(T::table(snapshot).from(from)),
    }
}

/// The page of those rows of a kind that the caller sees, whom `rule` lets list them; all that it sees is `own`. With the
/// token of a domain the rule is asked for what is the domain's.
pub(crate) fn seen<T: Kept>(
    call: &Call<Identity>,
    rule: &Rule,
    rules: &Listing,
    wanted: &Wanted,
    own: Option<By<'_>>,
    is_seen: impl Fn(&T) -> bool,
) -> Result<Paged<Arc<T>>> {
    call.caller.allow(rule, &own_domain(&call.caller))?;
    let snapshot = call.service.snapshot();
    let rows = rows(&snapshot, wanted, own).filter(|row| is_seen(row)).cloned();
    page(&call.service, rules, rows, wanted)
}

/// True where a list is narrowed by that attribute.
pub(crate) fn is_filtered(wanted: &Wanted, name: &str) -> bool {
    wanted.query.filters.keys().any(|key| key.split("__").next() == Some(name))
}

/// What belongs to the domain of the caller's token, if it is one.
pub(crate) fn of_domain(call: &Call<Identity>) -> Option<By<'_>> {
    call.caller.domain_id().map(|id| ("domain_id", id.as_str()))
}
