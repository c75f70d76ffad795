//! A resource, and its verbs.

use http::{HeaderMap, StatusCode};
use kogge_auth::{Denied, Rule, Target};
use kogge_db::Paged;
use kogge_db::filter::Whose;
use kogge_http::{ApiError, VersionRange};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    At, Body, Call, Dialect, Judgement, Listing, Loaded, Question, Schema, Service, Sight, Stored, Wanted,
};

/// What can go wrong with a resource: its service's error.
pub type Error<R> = <<R as Resource>::Service as Service>::Error;

/// What a resource is called.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// In bodies: `server_group`.
    pub one: &'static str,
    /// In lists: `server_groups`.
    pub many: &'static str,
    /// The path of all: `/v2.1/os-server-groups`.
    pub all: &'static str,
    /// The path of one: `/v2.1/os-server-groups/{id}`.
    pub each: &'static str,
}

impl Names {
    /// These.
    #[must_use]
    pub const fn new(one: &'static str, many: &'static str, all: &'static str, each: &'static str) -> Self {
        Self { one, many, all, each }
    }
}

/// For which verb something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A list.
    List,
    /// A list with everything, where there is a brief one too.
    Details,
    /// One.
    Show,
    /// What was made.
    Create,
    /// What was changed.
    Update,
}

/// A resource: what it is, who may see one, and how it looks. With only this it can be shown.
pub trait Resource: Sized + Send + Sync + 'static {
    /// Whose it is.
    type Service: Service;
    /// What is kept of one.
    type Row: Stored<Self::Service>;
    /// What a view needs besides its row; `()` for nothing.
    type More: Default + Send + Sync;

    /// Its names.
    const NAMES: Names;
    /// Microversions that have it.
    const VERSIONS: VersionRange = VersionRange { since: None, until: None };
    /// Who may look at one.
    const READ: Rule;
    /// What may be asked when one is looked at.
    const QUESTION: Question = Question::NONE;
    /// Attributes that only those see whom the rule allows.
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[];

    /// That there is none called `key`.
    fn missing(call: &Call<Self::Service>, key: &str) -> Error<Self>;

    /// What its id is, for paths and markers.
    fn id(row: &Self::Row) -> String;

    /// What one is to the policy: nobody's, unless it says whose.
    fn target(row: &Self::Row) -> Target<'_> {
        let _ = row;
        Target::none()
    }

    /// What the caller learns of this one, or of there being none, where it asks for what `rule` guards.
    fn judge(call: &Call<Self::Service>, rule: &Rule, found: Option<&Self::Row>) -> Judgement {
        Self::Service::judge(&call.caller, rule, &Self::READ, found.map(Self::target).as_ref())
    }

    /// How a refusal is worded.
    fn refusal(
        call: &Call<Self::Service>,
        key: &str,
        rule: &Rule,
        judgement: Judgement,
        found: Option<&Self::Row>,
    ) -> Error<Self> {
        let _ = found;
        match judgement {
            Judgement::Denied => Denied { rule: rule.name }.into(),
            Judgement::Missing | Judgement::Allowed => Self::missing(call, key),
        }
    }

    /// Refuses where the caller may not do what `rule` guards to what `key` named. A resource for which more than a rule
    /// decides says so here, in the place of `judge` and `refusal`.
    ///
    /// # Errors
    /// "Not found" or 403.
    fn allow(
        call: &Call<Self::Service>,
        key: &str,
        rule: &Rule,
        found: Option<&Self::Row>,
    ) -> Result<(), Error<Self>> {
        match Self::judge(call, rule, found) {
            Judgement::Allowed => Ok(()),
            judgement => Err(Self::refusal(call, key, rule, judgement, found)),
        }
    }

    /// The one that `key` names, whoever asks. [`Loaded::get`] is what asks the policy.
    fn load(
        call: &Call<Self::Service>,
        at: &mut At<'_, Self::Service>,
        key: &str,
    ) -> impl Future<Output = Result<Option<Self::Row>, Error<Self>>> + Send {
        let _ = call;
        Self::Row::find(at, key)
    }

    /// What the views of these rows need besides them: read once for all of them, in their order.
    fn more(
        call: &Call<Self::Service>,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<Vec<Self::More>, Error<Self>>> + Send {
        let _ = call;
        let more = rows.iter().map(|_| Self::More::default()).collect();
        std::future::ready(Ok(more))
    }

    /// How it looks; null for an answer without body.
    fn view(call: &Call<Self::Service>, row: &Self::Row, more: &Self::More, verb: Verb) -> Value;

    /// Headers of an answer that shows these.
    fn headers(call: &Call<Self::Service>, rows: &[Self::Row], verb: Verb) -> HeaderMap {
        let _ = (call, rows, verb);
        HeaderMap::new()
    }
}

/// A resource that is listed.
pub trait List: Resource {
    /// Who may list.
    const RULE: Rule;
    /// What the list can be asked for.
    const LIST: Listing;

    /// Refuses a query that makes no sense, and says whose rows are listed.
    ///
    /// # Errors
    /// 403 where the rule says no.
    fn whose<'c>(call: &'c Call<Self::Service>) -> Result<Whose<'c>, Error<Self>> {
        Self::Service::whose(call, &Self::RULE)
    }

    /// Refuses a marker that is none.
    fn marker(
        call: &Call<Self::Service>,
        marker: &str,
    ) -> impl Future<Output = Result<(), Error<Self>>> + Send {
        async move { Loaded::<Self>::get(call, &mut At::Now(&call.service), marker, &Self::READ).await.map(drop) }
    }

    /// The rows of a page.
    fn page(
        call: &Call<Self::Service>,
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Paged<Self::Row>, Error<Self>>> + Send {
        async move {
            let whose = Self::whose(call)?;
            let marker = wanted.query.page.marker.as_ref();
            let looked_up = <Self::Service as Service>::Dialect::LOOKS_MARKERS_UP;
            if let Some(marker) = marker.filter(|_| looked_up) {
                Self::marker(call, marker).await?;
            }
            Self::Row::listed(&call.service, &Self::LIST, whose, wanted).await
        }
    }

    /// How many there are on all pages, where the client asks and the resource says it.
    fn total(
        call: &Call<Self::Service>,
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Option<i64>, Error<Self>>> + Send {
        let _ = (call, wanted);
        std::future::ready(Ok(None))
    }

    /// Writes an item of a list. What is listed by thousands is [`crate::Written`].
    ///
    /// # Errors
    /// Those of the serializer.
    fn item<S: Serializer>(
        call: &Call<Self::Service>,
        row: &Self::Row,
        more: &Self::More,
        (sight, verb): (&Sight<'_>, Verb),
        to: S,
    ) -> Result<S::Ok, S::Error> {
        sight.view::<Self>(call, row, more, verb).serialize(to)
    }
}

/// A resource of which clients make more.
pub trait Create: Resource {
    /// Who may.
    const RULE: Rule;
    /// What is asked for.
    const BODY: Schema;

    /// The objects in a body, and whether they came as a list.
    ///
    /// # Errors
    /// 400 where there is none.
    fn bodies(body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        <Self::Service as Service>::Dialect::items(&Self::NAMES, body)
    }

    /// Asks the policy, before anything is looked at.
    ///
    /// # Errors
    /// 403.
    fn permit(call: &Call<Self::Service>, body: &Body) -> Result<(), Error<Self>> {
        let _ = body;
        Self::Service::permit_new(&call.caller, &Self::RULE)
    }

    /// Does what takes long, before the transaction; it may put what it made into the body.
    fn prepare(
        call: &Call<Self::Service>,
        body: Body,
    ) -> impl Future<Output = Result<Body, Error<Self>>> + Send {
        let _ = call;
        std::future::ready(Ok(body))
    }

    /// Makes one: checks, counts, writes; answers it with what its view needs.
    fn create(
        call: &Call<Self::Service>,
        write: &mut <Self::Service as Service>::Write,
        body: Body,
    ) -> impl Future<Output = Result<(Self::Row, Self::More), Error<Self>>> + Send;

    /// The status of the answer.
    fn created(call: &Call<Self::Service>) -> StatusCode {
        let _ = call;
        <Self::Service as Service>::Dialect::CREATED
    }
}

/// A resource that is changed.
pub trait Update: Resource {
    /// Who may.
    const RULE: Rule;
    /// What can be changed.
    const BODY: Schema;

    /// The object in a body.
    ///
    /// # Errors
    /// 400 where there is none.
    fn body(body: Value) -> Result<Value, ApiError> {
        <Self::Service as Service>::Dialect::item(&Self::NAMES, body)
    }

    /// Does what takes long, before the transaction; it may put what it made into the body.
    fn prepare(
        call: &Call<Self::Service>,
        body: Body,
    ) -> impl Future<Output = Result<Body, Error<Self>>> + Send {
        let _ = call;
        std::future::ready(Ok(body))
    }

    /// Changes one: checks, writes; answers it with what its view needs.
    fn update(
        call: &Call<Self::Service>,
        write: &mut <Self::Service as Service>::Write,
        loaded: Loaded<Self>,
        body: Body,
    ) -> impl Future<Output = Result<(Self::Row, Self::More), Error<Self>>> + Send;
}

/// A resource that is deleted.
pub trait Delete: Resource {
    /// Who may.
    const RULE: Rule;
    /// What may be asked.
    const QUESTION: Question = Question::NONE;

    /// Refuses where something stands in the way, and takes away what goes with it.
    fn before(
        call: &Call<Self::Service>,
        write: &mut <Self::Service as Service>::Write,
        row: &Self::Row,
    ) -> impl Future<Output = Result<(), Error<Self>>> + Send {
        let _ = (call, write, row);
        std::future::ready(Ok(()))
    }

    /// Takes it away.
    fn delete(
        call: &Call<Self::Service>,
        write: &mut <Self::Service as Service>::Write,
        loaded: Loaded<Self>,
    ) -> impl Future<Output = Result<(), Error<Self>>> + Send {
        async move {
            Self::before(call, write, &loaded).await?;
            if loaded.remove(write).await? { Ok(()) } else { Err(Self::missing(call, &Self::id(&loaded))) }
        }
    }

    /// The answer.
    fn deleted(call: &Call<Self::Service>) -> StatusCode {
        let _ = call;
        StatusCode::NO_CONTENT
    }
}
