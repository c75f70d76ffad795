//! What callers see of things, and how that is written into an answer.

use kogge_auth::{Caller, Target};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::{Call, List, Resource, Verb};

type ValueMap = <serde_json::value::Serializer as Serializer>::SerializeMap;

/// What a caller sees of things: without what is guarded, and only the fields that are asked for.
#[derive(Debug)]
pub struct Sight<'a> {
    hidden: Vec<&'static str>,
    fields: &'a [String],
}

impl<'a> Sight<'a> {
    /// All there is.
    const ALL: Self = Self { hidden: Vec::new(), fields: &[] };

    /// What this caller sees. Asks the rules once, for no rule about attributes looks at the row.
    pub(crate) fn of<R: Resource>(caller: &Caller, fields: &'a [String]) -> Self {
        let is_hidden = |rule| !caller.may_on_own(rule) && !caller.may(rule, &Target::none());
        let hidden = R::GUARDED.iter().filter(|(_, rule)| is_hidden(rule)).map(|(name, _)| *name).collect();
        Self { hidden, fields }
    }

    /// All that this caller sees, for a handler of a resource's own.
    #[must_use]
    pub fn whole<R: Resource>(caller: &Caller) -> Self {
        Self::of::<R>(caller, &[])
    }

    fn shows(&self, name: &str) -> bool {
        !self.hidden.contains(&name)
            && (self.fields.is_empty() || self.fields.iter().any(|field| field == name))
    }

    /// One as the caller sees it.
    pub fn view<R: Resource>(
        &self,
        call: &Call<R::Service>,
        row: &R::Row,
        more: &R::More,
        verb: Verb,
    ) -> Value {
        let mut view = R::view(call, row, more, verb);
        if let Value::Object(members) = &mut view
            && !(self.hidden.is_empty() && self.fields.is_empty())
        {
            members.retain(|name, _| self.shows(name));
        }
        view
    }
}

/// A resource that writes its view straight into an answer. Lists of thousands are worth it: a [`Value`] of every attribute
/// costs more than reading the row. Its [`Resource::view`] is [`whole`], its [`List::item`] is [`write`].
pub trait Written: Resource {
    /// Writes all members of a view.
    ///
    /// # Errors
    /// Those of the serializer.
    fn members<M: SerializeMap>(
        call: &Call<Self::Service>,
        row: &Self::Row,
        more: &Self::More,
        to: &mut Members<'_, M>,
    ) -> Result<(), M::Error>;
}

/// Takes the members of a view, and passes on those that the caller sees.
#[derive(Debug)]
pub struct Members<'a, M> {
    map: M,
    sight: &'a Sight<'a>,
}

impl<M: SerializeMap> Members<'_, M> {
    /// A member.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), M::Error> {
        if self.sight.shows(name) { self.map.serialize_entry(name, value) } else { Ok(()) }
    }
}

/// Writes one as the caller sees it.
///
/// # Errors
/// Those of the serializer.
pub fn write<R: Written, S: Serializer>(
    call: &Call<R::Service>,
    row: &R::Row,
    more: &R::More,
    sight: &Sight<'_>,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut members = Members { map: to.serialize_map(None)?, sight };
    R::members(call, row, more, &mut members)?;
    members.map.end()
}

/// Members as an object by themselves.
pub fn object(
    put: impl FnOnce(&mut Members<'_, ValueMap>) -> Result<(), serde_json::Error>,
) -> Map<String, Value> {
    let whole = serde_json::value::Serializer.serialize_map(None).and_then(|map| {
        let mut members = Members { map, sight: &Sight::ALL };
        put(&mut members)?;
        members.map.end()
    });
    match whole {
        Ok(Value::Object(members)) => members,
        // texts and numbers are never refused
        _ => Map::new(),
    }
}

/// One with all its members.
pub fn whole<R: Written>(call: &Call<R::Service>, row: &R::Row, more: &R::More) -> Value {
    object(|to| R::members(call, row, more, to)).into()
}

/// The answer to a list: its items, and what stands beside them.
pub(crate) struct Page<'a, R: List> {
    pub(crate) call: &'a Call<R::Service>,
    pub(crate) sight: &'a Sight<'a>,
    pub(crate) verb: Verb,
    pub(crate) rows: &'a [R::Row],
    pub(crate) more: &'a [R::More],
    pub(crate) beside: Map<String, Value>,
}

impl<R: List> Serialize for Page<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.beside.len() + 1))?;
        map.serialize_entry(R::NAMES.many, &Items(self))?;
        self.beside.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

struct Items<'a, R: List>(&'a Page<'a, R>);

impl<R: List> Serialize for Items<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.0;
        serializer.collect_seq(page.rows.iter().zip(page.more).map(|(row, more)| Item::<R> {
            page,
            row,
            more,
        }))
    }
}

struct Item<'a, R: List> {
    page: &'a Page<'a, R>,
    row: &'a R::Row,
    more: &'a R::More,
}

impl<R: List> Serialize for Item<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        R::item(self.page.call, self.row, self.more, (self.page.sight, self.page.verb), serializer)
    }
}
