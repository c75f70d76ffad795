//! Resources on the kit (`kogge_resource`), and what is Keystone's about all of them.

pub(crate) mod access_rules;
pub(crate) mod application_credentials;
mod asked;
pub(crate) mod credentials;
pub(crate) mod domains;
pub(crate) mod endpoints;
pub(crate) mod groups;
mod kept;
pub(crate) mod key_pairs;
pub(crate) mod members;
mod project_body;
pub(crate) mod project_tags;
pub(crate) mod projects;
pub(crate) mod regions;
pub(crate) mod roles;
pub(crate) mod services;
mod user_options;
pub(crate) mod users;

pub(crate) use asked::{Object, is_asked, itself};

use kogge_auth::{Caller, Denied, Rule, Target};
use kogge_db::filter::Whose;
use kogge_db::{ListError, Paged};
use kogge_http::{Json, Patch};
use kogge_resource::keystone::Keystone;
use kogge_resource::{
    Body, Call, Dialect as _, Field, Judgement, Listing, Pages, Resource, Service, Shape, Type, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::Extra;
use crate::service::{Draft, Identity, own_domain};

/// What a resource is whose rows are records with an `id`: their type, and what one is called where there is none.
macro_rules! kept_as {
    ($row:ident, $kind:literal) => {
        type Service = Identity;
        type Row = Arc<$row>;

        fn missing(_: &Call<Identity>, key: &str) -> Error {
            Error::not_found($kind, key)
        }

        fn id(row: &Arc<$row>) -> String {
            row.id.clone()
        }
    };
}
use kept_as;

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
    /// too, and 404 to those who could have seen it. Where it looks before it asks, the resource says so ([`looked_up`]).
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

/// As [`Identity::judge`], where Keystone looks an object up before it asks one of `rules`: `enforce_call` without a target
/// of its own finds that of the path, so an unknown id is 404 for everybody.
pub(crate) fn looked_up<R: Resource<Service = Identity>>(
    call: &Call<Identity>,
    rule: &Rule,
    rules: &[Rule],
    found: Option<&R::Row>,
) -> Judgement {
    match found {
        None if rules.contains(rule) => Judgement::Missing,
        _ => Identity::judge(&call.caller, rule, &R::READ, found.map(R::target).as_ref()),
    }
}

/// A list of things, as the kit shows those of a resource: for lists that other things have of them.
pub(crate) async fn collection<R: Resource<Service = Identity>>(
    call: &Call<Identity>,
    rules: &Listing,
    wanted: &Wanted,
    page: Paged<R::Row>,
) -> Result<Json<Value>> {
    let more = R::more(call, &page.items).await?;
    let views = page.items.iter().zip(&more).map(|(row, more)| R::view(call, row, more, Verb::List));
    let views: Vec<Value> = views.collect();
    let ends = page.items.first().zip(page.items.last()).map(|(first, last)| (R::id(first), R::id(last)));
    let shape = Shape { count: page.items.len(), ends, more: page.more, total: None, wanted };
    let mut body = Keystone::beside(call, &R::NAMES, rules, shape);
    body.insert(R::NAMES.many.to_owned(), views.into());
    Ok(Json(body.into()))
}

/// As [`collection`], all of them.
pub(crate) async fn whole<R: Resource<Service = Identity>>(
    call: &Call<Identity>,
    items: Vec<R::Row>,
) -> Result<Json<Value>> {
    let page = Paged { items, more: false };
    collection::<R>(call, &WHOLE, &Wanted::default(), page).await
}

/// A list of what is no resource.
pub(crate) fn listed(call: &Call<Identity>, name: &str, items: Vec<Value>) -> Json<Value> {
    Json(json!({ name: items, "links": { "next": null, "self": itself(call), "previous": null } }))
}

/// A list that is not paged.
pub(crate) const WHOLE: Listing = Listing { pages: Pages::Whole, ..Listing::OWN };

/// A text, and one that may be null. How long they may be is looked at by the resources.
pub(crate) const TEXT: Type = Type::Text(0, 255);
pub(crate) const NULLABLE: Type = Type::Nullable(&TEXT);

/// What a client may repeat of an answer, and never set.
pub(crate) const GIVEN: [Field; 2] = [Field::optional("id", Type::Any), Field::optional("links", Type::Any)];

/// The options of projects, domains and roles.
pub(crate) const OPTIONS: Field =
    Field::optional("options", Type::Object(&[&[Field::optional("immutable", Type::Nullable(&Type::Bool))]]));

/// The option `immutable` in a body: absent, null or set.
pub(crate) fn immutable(body: &Body) -> Option<Option<bool>> {
    body.get("options").and_then(|options| options.get("immutable")).map(Value::as_bool)
}

/// How the options look.
pub(crate) fn options(immutable: Option<bool>) -> Value {
    immutable.map_or(json!({}), |immutable| json!({ "immutable": immutable }))
}

/// An immutable object refuses everything but the update that makes it mutable.
pub(crate) fn refuse_immutable(
    kind: &str,
    id: &str,
    immutable: Option<bool>,
    action: &str,
    unlocks: bool,
) -> Result<()> {
    if immutable != Some(true) || unlocks {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "Unable to {action} immutable {kind} resource: `{id}. Set resource option \"immutable\" to false first."
    )))
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

/// Asks whether the caller may make something in the domain that a body names; `attribute` is what the policy calls that.
/// Where it names none, the domain will be that of the token, and only administrators may: as in Keystone.
pub(crate) fn permit_in(
    call: &Call<Identity>,
    rule: &Rule,
    attribute: &'static str,
    body: &Body,
) -> Result<()> {
    let asked = body.text("domain_id").unwrap_or_else(|| "None".to_owned());
    Ok(call.caller.allow(rule, &Target::none().attr(attribute, asked))?)
}

/// An id in the body of an update must be the one in the path.
pub(crate) fn same_id(call: &Call<Identity>, body: &Body) -> Result<()> {
    if body.get("id").is_none_or(|id| id.is_null() || id == call.key()) {
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

#[cfg(test)]
mod tests;
