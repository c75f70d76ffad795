//! The manners of a family of OpenStack's services: how refusals read, how lists are asked for, what answers are
//! wrapped in.

use http::{Method, StatusCode};
use kogge_db::filter::Filter;
use kogge_db::{Direction, ListQuery, SortKey};
use kogge_http::{ApiError, Microversion};
use serde_json::{Map, Value};

use crate::{Call, Field, Names, Op, Service, Type};

/// How a list pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// Not at all.
    Whole,
    /// Behind a marker.
    Marker,
    /// From a position.
    Offset,
}

/// What a list can be asked for. Whatever is accepted here takes effect: there is no filter without its condition.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Filters with their conditions in SQL.
    pub filters: &'static [&'static [Filter]],
    /// Filters by name, where rows are in memory.
    pub names: &'static [&'static str],
    /// What it can be sorted by.
    pub sort: &'static [SortKey],
    /// How it is sorted unless asked otherwise.
    pub order: &'static [(&'static str, Direction)],
    /// The condition for what belongs to a project, with `?` for it.
    pub own: &'static str,
    /// What decides where sorting ties, and what markers are.
    pub id: &'static str,
    /// Parameters that the resource reads itself.
    pub words: &'static [&'static str],
    /// How it pages.
    pub pages: Pages,
    /// The first version that has pages.
    pub pages_since: Option<Microversion>,
    /// The first version that refuses unknown parameters, where not all do.
    pub strict_since: Option<Microversion>,
    /// What links to other pages are called, where that is not what the service's manners say.
    pub links: Option<&'static str>,
}

impl Listing {
    /// Everything of the project, in the order of ids.
    pub const OWN: Self = Self {
        filters: &[],
        names: &[],
        sort: &[],
        order: &[],
        own: "project_id = ?",
        id: "id",
        words: &[],
        pages: Pages::Marker,
        pages_since: None,
        strict_since: None,
        links: None,
    };
    /// Everything there is, at once.
    pub const WHOLE: Self = Self { own: "", pages: Pages::Whole, ..Self::OWN };
}

/// What may be asked when one thing is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question {
    /// Parameters that the resource reads itself.
    pub words: &'static [&'static str],
    /// The first version that refuses unknown parameters, where not all do.
    pub strict_since: Option<Microversion>,
}

impl Question {
    /// Nothing.
    pub const NONE: Self = Self { words: &[], strict_since: None };
}

/// What a client asks of a list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Filters and page.
    pub query: ListQuery,
    /// Position of the first, where the list pages by position.
    pub offset: Option<u64>,
    /// The fields that are to be shown; none for all.
    pub fields: Vec<String>,
}

/// Which page is shown.
#[derive(Debug)]
pub struct Shape<'a> {
    /// How many items it has.
    pub count: usize,
    /// Ids of the first and the last.
    pub ends: Option<(String, String)>,
    /// True where the list goes on.
    pub more: bool,
    /// How many there are on all pages, where the client asked.
    pub total: Option<i64>,
    /// What was asked for.
    pub wanted: &'a Wanted,
}

/// See the module's text.
pub trait Dialect: Send + Sync + 'static {
    /// Unknown fields are refused before known ones are looked at.
    const UNKNOWN_FIRST: bool = false;
    /// A required field must stand in updates too.
    const DEMANDS_IN_UPDATES: bool = false;
    /// The policy is asked, and what is changed looked up, before anything is said of the body.
    const ASKS_BEFORE_READING: bool = false;
    /// The policy is asked before a transaction is opened, and once more in it: where looking costs nothing, and writers
    /// wait for each other.
    const ASKS_FIRST: bool = false;
    /// A marker names something that is there and may be seen; where this is false, the page itself says what is wrong
    /// with it.
    const LOOKS_MARKERS_UP: bool = true;
    /// The method of updates.
    const UPDATE: Method = Method::PUT;
    /// The status of what was created.
    const CREATED: StatusCode = StatusCode::CREATED;

    /// Checks a value and makes it canonical.
    ///
    /// # Errors
    /// 400.
    fn check(name: &str, kind: &Type, version: Microversion, value: &Value) -> Result<Value, ApiError>;

    /// Whether a value is taken as it is, whatever its field says.
    fn passes(field: &Field, op: Op, value: &Value) -> bool {
        let _ = (field, op, value);
        false
    }

    /// What a field is called in refusals.
    fn place(object: &str, name: &str) -> String {
        let _ = object;
        name.to_owned()
    }

    /// A field is not there that must be.
    fn missing(object: &str, whole: &Value, name: &str) -> ApiError;

    /// Fields are there that may not be.
    fn unexpected(object: &str, whole: &Value, names: &[&str]) -> ApiError;

    /// As [`Dialect::unexpected`], where the fields of the schema are said too.
    fn unknown(object: &str, whole: &Value, names: &[&str], known: &[&str]) -> ApiError {
        let _ = known;
        Self::unexpected(object, whole, names)
    }

    /// A field may not stand in bodies of this verb.
    fn misplaced(name: &str, _: Op) -> ApiError {
        ApiError::bad_request(format!("'{name}' cannot be set."))
    }

    /// The members of what must be an object.
    ///
    /// # Errors
    /// 400.
    fn object<'v>(name: &str, value: &'v Value)
    -> Result<std::borrow::Cow<'v, Map<String, Value>>, ApiError>;

    /// The objects in the body of a create, and whether they came as a list.
    ///
    /// # Errors
    /// 400 where there is none.
    fn items(names: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError>;

    /// The object in the body of an update.
    ///
    /// # Errors
    /// 400 where there is none.
    fn item(names: &Names, body: Value) -> Result<Value, ApiError> {
        Self::items(names, body).map(|(mut items, _)| items.pop().unwrap_or_default())
    }

    /// What is asked of a list.
    ///
    /// # Errors
    /// 400.
    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError>;

    /// The fields of one thing that are to be shown; none for all.
    ///
    /// # Errors
    /// 400.
    fn fields<S: Service>(rules: &Question, call: &Call<S>) -> Result<Vec<String>, ApiError> {
        let _ = (rules, call);
        Ok(Vec::new())
    }

    /// What stands beside the items of a page: links.
    fn beside<S: Service>(
        call: &Call<S>,
        names: &Names,
        rules: &Listing,
        page: Shape<'_>,
    ) -> Map<String, Value>;

    /// One thing.
    fn member(names: &Names, view: Value) -> Value {
        named(names.one, view).into()
    }
}

/// An object with one member. It takes the value as it is; `json!` would copy all of it.
pub(crate) fn named(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
