//! Flavors. Admins make them and see all; others see the public ones, and private ones that their project has access to.

pub(crate) mod access;
pub(crate) mod extra_specs;

use axum::http::StatusCode;
use kogge_auth::{Caller, Rule};
use kogge_db::filter::by;
use kogge_db::record::{Json, Real};
use kogge_db::{Direction, Paged, Record, SortKey, Tx};
use kogge_ids::FlavorId;
use kogge_resource::nova::{self, query, repr};
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, Judgement, Known, List, Listing, Loaded, Names, Question, Refused,
    Resource, Schema, Stored, Type, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::flavor::{Flavor, Shape};
use crate::service::flavors::is_admin;
use crate::{Compute, links, microversion as v, policy};

/// Nova has no rule for looking at flavors: whoever has a token of a project may, and the policy is not asked.
const ANYBODY: Rule = Rule::new("compute", "os_compute_api:flavors", "@");
/// Largest number of Nova's columns.
const MOST: i64 = 0x7fff_ffff;
const DESCRIPTION: Type = Type::Nullable(&Type::Check(description));
/// What can be asked of a list, but `name` before microversion 2.102.
const WORDS: &[&str] = &["is_public", "minRam", "minDisk", "name"];
const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "flavorid", expression: "id" },
    by("id"),
    by("name"),
    SortKey { name: "memory_mb", expression: "ram_mib" },
    by("vcpus"),
    SortKey { name: "root_gb", expression: "disk_gib" },
    SortKey { name: "ephemeral_gb", expression: "ephemeral_gib" },
    SortKey { name: "swap", expression: "swap_mib" },
    by("rxtx_factor"),
    by("is_public"),
    SortKey { name: "description", expression: "COALESCE(description, '')" },
    by("created_at"),
    SortKey { name: "updated_at", expression: "COALESCE(updated_at, 0)" },
];

/// Flavors.
pub(crate) struct Flavors;

/// The flavor that `id` names, and whether the caller may know of it.
async fn find(at: &mut At<'_, Compute>, caller: &Caller, id: &str) -> Result<Option<Known<Flavor, bool>>> {
    let Some(row) = <Flavor as Stored<Compute>>::find(at, id).await? else { return Ok(None) };
    let facts = row.is_public
        || is_admin(caller)
        || match caller.project_id() {
            Some(project) => access::has(&mut at.source(), &row.id, project).await?,
            None => false,
        };
    Ok(Some(Known { row, facts }))
}

impl Compute {
    /// The figures of a flavor that the caller may know of.
    pub(crate) async fn flavor(&self, caller: &Caller, id: &str) -> Result<Shape> {
        let found = find(&mut At::Now(self), caller, id).await?.filter(|found| found.facts);
        found.map(|found| found.row.shape()).ok_or_else(|| Error::no_flavor(id))
    }
}

impl Resource for Flavors {
    type Service = Compute;
    type Row = Known<Flavor, bool>;
    type More = ();

    const NAMES: Names = Names::new("flavor", "flavors", "/v2.1/flavors", "/v2.1/flavors/{id}");
    const READ: Rule = ANYBODY;
    const QUESTION: Question = Question { words: &[], strict_since: Some(v::FLAVOR_CLEANUP) };
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[("extra_specs", &policy::EXTRA_SPECS_INDEX)];

    fn missing(_: &Call<Compute>, id: &str) -> Error {
        Error::no_flavor(id)
    }

    fn id(row: &Self::Row) -> String {
        row.id.to_string()
    }

    fn judge(call: &Call<Compute>, rule: &Rule, found: Option<&Self::Row>) -> Judgement {
        match (*rule == ANYBODY, found.is_some_and(|flavor| flavor.facts)) {
            (true, true) => Judgement::Allowed,
            (true, false) => Judgement::Missing,
            (false, known) => Judgement::shared(&call.caller, rule, known),
        }
    }

    async fn load(call: &Call<Compute>, at: &mut At<'_, Compute>, id: &str) -> Result<Option<Self::Row>> {
        find(at, &call.caller, id).await
    }

    fn view(call: &Call<Compute>, row: &Self::Row, (): &(), verb: Verb) -> Value {
        let links = links::of(&call.base, "flavors", row.id.as_str());
        let mut view = json!({ "id": row.id, "name": row.name, "links": links });
        if call.version.has(v::FLAVOR_DESCRIPTION) {
            view["description"] = json!(row.description);
        }
        if verb == Verb::List {
            return view;
        }
        view["ram"] = json!(row.ram_mib);
        view["disk"] = json!(row.disk_gib);
        let no_swap = row.swap_mib == 0 && call.version.before(v::STRICT_QUERY);
        view["swap"] = if no_swap { json!("") } else { json!(row.swap_mib) };
        view["OS-FLV-EXT-DATA:ephemeral"] = json!(row.ephemeral_gib);
        view["vcpus"] = json!(row.vcpus);
        view["os-flavor-access:is_public"] = json!(row.is_public);
        if call.version.before(v::FLAVOR_CLEANUP) {
            view["OS-FLV-DISABLED:disabled"] = json!(false);
            view["rxtx_factor"] = json!(row.rxtx_factor);
        }
        if call.version.has(v::FLAVOR_EXTRA_SPECS) {
            view["extra_specs"] = json!(row.extra_specs.0);
        }
        view
    }
}

impl List for Flavors {
    const RULE: Rule = ANYBODY;
    const LIST: Listing = Listing {
        sort: SORT_KEYS,
        order: &[("flavorid", Direction::Ascending)],
        words: WORDS,
        strict_since: Some(v::STRICT_QUERY),
        ..Listing::OWN
    };

    async fn page(call: &Call<Compute>, wanted: &Wanted) -> Result<Paged<Self::Row>> {
        let (db, page) = (call.service.db(), &wanted.query.page);
        check_words(call)?;
        let public = public(call)?;
        let mut select = Flavor::select()
            .and_some("ram_mib >= ?", least(call, "minRam")?)
            .and_some("disk_gib >= ?", least(call, "minDisk")?)
            .and_some("name = ?", call.query.get("name").filter(|_| call.version.has(v::FLAVOR_CLEANUP)));
        if let Some(marker) = &page.marker
            && find(&mut At::Now(&call.service), &call.caller, marker).await?.is_none()
        {
            return Err(Error::Invalid(format!("marker [{marker}] not found")));
        }
        select = if is_admin(&call.caller) {
            select.and_some("is_public = ?", public)
        } else {
            let own = call.caller.project_id().map_or("", |project| project.as_str());
            select.and(access::VISIBLE, own)
        };
        let found = select.page(page, SORT_KEYS, Self::LIST.order, "id").fetch(db, Flavor::from_row).await?;
        Ok(found.map(Known::from))
    }
}

/// Refuses a list that is asked for what its version does not have.
fn check_words(call: &Call<Compute>) -> Result<()> {
    let cleaned = call.version.has(v::FLAVOR_CLEANUP);
    if !cleaned && call.version.has(v::STRICT_QUERY) && call.query.has("name") {
        return Err(Error::Invalid(nova::additional(&["name"])));
    }
    for key in call.query.all("sort_key") {
        let known = SORT_KEYS.iter().any(|one| one.name == key) || matches!(key, "disabled" | "vcpu_weight");
        if !known || (key == "rxtx_factor" && cleaned) {
            let why = "No flavor is sorted by it.";
            return Err(Error::Invalid(format!(
                "Invalid input for query parameters sort_key. Value: {key}. {why}"
            )));
        }
    }
    Ok(())
}

/// Whether public flavors are wanted, or private ones; nothing for both.
fn public(call: &Call<Compute>) -> Result<Option<bool>> {
    match call.query.get("is_public") {
        None => Ok(Some(true)),
        Some(word) if word.eq_ignore_ascii_case("none") => Ok(None),
        Some(word) => query::boolean("is_public", word)
            .map(Some)
            .map_err(|_| Error::Invalid(format!("Invalid is_public filter [{word}]"))),
    }
}

fn least(call: &Call<Compute>, name: &str) -> Result<Option<i64>> {
    let bad = |text: &str| Error::Invalid(format!("Invalid {name} filter [{text}]"));
    call.query.get(name).map(|text| text.trim().parse().map_err(|_| bad(text))).transpose()
}

fn description(value: Value) -> Result<Value, Refused> {
    if nova::is_description(&nova::text("description", &value, 0, 65_535)?) {
        return Ok(value);
    }
    Err(Refused::Because("only printable characters are possible".to_owned()))
}

/// Letters, digits, dots, dashes, underscores and inner spaces; a number is its digits.
fn id(value: Value) -> Result<Value, Refused> {
    if let Value::Number(number) = &value {
        return Ok(number.to_string().into());
    }
    let text = nova::text("id", &value, 1, 255)?;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b' ' | b'_' | b'-'));
    if plain && text.trim() == text {
        return Ok(value);
    }
    let pattern = "'^(?! )[a-zA-Z0-9. _-]+(?<! )$'";
    Err(Refused::Because(format!("{} does not match {pattern}", repr(&value))))
}

fn factor(value: Value) -> Result<Value, Refused> {
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    let good = number.filter(|number| *number > 0.0 && *number <= 3.402_82e38);
    good.map(Value::from).ok_or_else(|| Refused::Because("a number above 0 is expected".to_owned()))
}

impl Create for Flavors {
    const RULE: Rule = policy::FLAVOR_CREATE;
    const BODY: Schema = Schema::new(
        "flavor",
        &[&[
            Field::required("vcpus", Type::Int(1, MOST)),
            Field::optional("description", DESCRIPTION).since(v::FLAVOR_DESCRIPTION),
            Field::optional("id", Type::Nullable(&Type::Check(id))),
            Field::required("name", Type::Name),
            Field::required("ram", Type::Int(1, MOST)),
            Field::required("disk", Type::Int(0, MOST)),
            Field::optional("OS-FLV-EXT-DATA:ephemeral", Type::Int(0, MOST)),
            Field::optional("swap", Type::Int(0, MOST)),
            Field::optional("rxtx_factor", Type::Check(factor)).until(v::FLAVOR_CLEANUP),
            Field::optional("os-flavor-access:is_public", Type::Bool),
        ]],
    );

    async fn create(call: &Call<Compute>, tx: &mut Tx, body: Body) -> Result<(Self::Row, ())> {
        let id = body.text("id").unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let id: FlavorId = id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a flavor.")))?;
        let figure = |name: &str| body.int(name).unwrap_or(0);
        let row = Flavor {
            id,
            name: body.name("name"),
            vcpus: figure("vcpus"),
            ram_mib: figure("ram"),
            disk_gib: figure("disk"),
            ephemeral_gib: figure("OS-FLV-EXT-DATA:ephemeral"),
            swap_mib: figure("swap"),
            rxtx_factor: body.read("rxtx_factor").unwrap_or(Real(1.0)),
            is_public: body.truth("os-flavor-access:is_public").unwrap_or(true),
            description: body.text("description"),
            extra_specs: Json::default(),
            created_at: call.service.now(),
            updated_at: None,
        };
        if Flavor::get(&mut *tx, &row.id).await?.is_some() {
            return Err(Error::Conflict(format!("Flavor with ID {} already exists.", row.id)));
        }
        if !row.insert(tx).await? {
            return Err(Error::Conflict(format!("Flavor with name {} already exists.", row.name)));
        }
        Ok((row.into(), ()))
    }
}

/// Only the description changes.
impl Update for Flavors {
    const RULE: Rule = policy::FLAVOR_UPDATE;
    const BODY: Schema = Schema::new("flavor", &[&[Field::required("description", DESCRIPTION)]]);

    async fn update(
        call: &Call<Compute>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Self::Row, ())> {
        let mut flavor = loaded.into_row();
        flavor.description = body.text("description");
        flavor.updated_at = Some(call.service.now());
        flavor.save(tx).await?;
        Ok((flavor, ()))
    }
}

/// Servers keep their copy; who had access to it has none any more.
impl Delete for Flavors {
    const RULE: Rule = policy::FLAVOR_DELETE;

    fn deleted(_: &Call<Compute>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

#[cfg(test)]
mod tests;
