//! Keypairs. They belong to users; admins may name another user.

use axum::http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::by;
use kogge_db::{Direction, Paged, Record, SortKey, Tx};
use kogge_ids::UserId;
use kogge_resource::nova::{self, repr};
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, Holder, Judgement, List, Listing, Names, Question, Quota, Quotas,
    Refused, Resource, Schema, Sight, Type, Verb, Wanted,
};
use serde::{Serialize as _, Serializer};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::keypair::{
    BadKey, KeyType, Keypair, generate, generate_x509, ssh_fingerprint, x509_fingerprint,
};
use crate::store::numbers;
use crate::{Compute, microversion as v, policy};

const QUOTA: Quota = Quota {
    resource: "key_pairs",
    count: "SELECT COUNT(*) AS n FROM keypairs WHERE user_id = $1",
    most: bounds::KEYPAIRS,
    exceeded: "Quota exceeded, too many key pairs.",
};
const BY_NAME: &[SortKey] = &[by("name")];
const QUESTION: Question = Question { words: &["user_id"], strict_since: Some(v::STRICT_QUERY) };

/// RSA keys that are made at the same time: each takes a core for a while.
static RSA_KEYS: Semaphore = Semaphore::const_new(2);

/// Keypairs.
pub(crate) struct Keypairs;

/// Whose keypairs the request is about.
fn user(call: &Call<Compute>, named: Option<&str>) -> Result<UserId> {
    match named.filter(|_| call.version.has(v::KEYPAIR_USER)) {
        Some(id) => id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a user."))),
        None => Ok(call.caller.user.id.clone()),
    }
}

impl Resource for Keypairs {
    type Service = Compute;
    type Row = Keypair;
    /// The private half of one that was just made; it is kept nowhere.
    type More = Option<String>;

    const NAMES: Names = Names {
        one: "keypair",
        many: "keypairs",
        all: "/v2.1/os-keypairs",
        each: "/v2.1/os-keypairs/{name}",
    };
    const READ: Rule = policy::KEYPAIRS_SHOW;
    const QUESTION: Question = QUESTION;

    fn missing(call: &Call<Compute>, name: &str) -> Error {
        let user = user(call, call.query.get("user_id")).unwrap_or_else(|_| call.caller.user.id.clone());
        Error::NotFound(format!("Keypair {name} not found for user {user}"))
    }

    fn id(row: &Keypair) -> String {
        row.name.clone()
    }

    fn target(row: &Keypair) -> Target<'_> {
        Target::none().user(row.user_id.as_str())
    }

    /// Who may not ask about a user learns nothing of its keypairs.
    fn judge(call: &Call<Compute>, rule: &Rule, found: Option<&Keypair>) -> Judgement {
        let user = user(call, call.query.get("user_id")).ok();
        let target = user.as_ref().map_or_else(Target::none, |user| Target::none().user(user.as_str()));
        match found {
            _ if !call.caller.may(rule, &target) => Judgement::Denied,
            Some(_) => Judgement::Allowed,
            None => Judgement::Missing,
        }
    }

    async fn load(call: &Call<Compute>, at: &mut At<'_, Compute>, name: &str) -> Result<Option<Keypair>> {
        let key = (user(call, call.query.get("user_id"))?, name.to_owned());
        Ok(match at {
            At::Now(compute) => Keypair::get(compute.db(), &key).await?,
            At::In(tx) => Keypair::lock(tx, &key).await?,
        })
    }

    fn view(call: &Call<Compute>, row: &Keypair, private: &Option<String>, verb: Verb) -> Value {
        let mut view = json!({
            "name": row.name, "public_key": row.public_key, "fingerprint": row.fingerprint,
        });
        if call.version.has(v::KEYPAIR_TYPE) {
            view["type"] = json!(row.kind);
        }
        if verb != Verb::List {
            view["user_id"] = json!(row.user_id);
        }
        if let Some(private) = private {
            view["private_key"] = json!(private);
        }
        if verb == Verb::Show {
            view["created_at"] = json!(row.created_at.micros());
            view["deleted"] = json!(false);
            view["deleted_at"] = Value::Null;
            view["id"] = json!(row.number);
            view["updated_at"] = Value::Null;
        }
        view
    }
}

impl List for Keypairs {
    const RULE: Rule = policy::KEYPAIRS_INDEX;
    const LIST: Listing = Listing {
        words: &["user_id"],
        pages_since: Some(v::KEYPAIR_PAGES),
        strict_since: Some(v::STRICT_QUERY),
        ..Listing::OWN
    };

    /// Those of a user, by name; the marker is a name.
    async fn page(call: &Call<Compute>, wanted: &Wanted) -> Result<Paged<Keypair>> {
        let user = user(call, call.query.get("user_id"))?;
        call.caller.allow(&<Self as List>::RULE, &Target::none().user(user.as_str()))?;
        let (db, mut page) = (call.service.db(), wanted.query.page.clone());
        let marker = page.marker.take();
        if let Some(marker) = &marker
            && Keypair::get(db, &(user.clone(), marker.clone())).await?.is_none()
        {
            return Err(Error::Invalid(format!("Marker {marker} could not be found.")));
        }
        let select = Keypair::select().and("user_id = ?", &user).and_some("name > ?", marker);
        let select = select.page(&page, BY_NAME, &[("name", Direction::Ascending)], "name");
        Ok(select.fetch(db, Keypair::from_row).await?)
    }

    fn item<S: Serializer>(
        call: &Call<Compute>,
        row: &Keypair,
        more: &Option<String>,
        (sight, verb): (&Sight<'_>, Verb),
        to: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        json!({ "keypair": sight.view::<Self>(call, row, more, verb) }).serialize(to)
    }
}

/// A name; which characters it has depends on the version.
fn name(value: &Value, more: &[char]) -> Result<Value, Refused> {
    let name = nova::name("name", value)?;
    if name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c)) {
        return Ok(name.into());
    }
    Err(Refused::Because(format!("{} does not match '^[_\\- a-zA-Z0-9]+$'", repr(value))))
}

impl Create for Keypairs {
    const RULE: Rule = policy::KEYPAIRS_CREATE;
    const BODY: Schema = Schema::new(
        "keypair",
        &[&[
            Field::required("name", Type::Check(|value| name(&value, &['_', '-', ' '])))
                .until(v::IMPORT_ONLY),
            Field::required("name", Type::Check(|value| name(&value, &['_', '-', ' ', '@', '.'])))
                .since(v::IMPORT_ONLY),
            Field::optional("type", Type::Word(KeyType::WORDS)).since(v::KEYPAIR_TYPE),
            Field::optional("public_key", Type::Text(0, bounds::PUBLIC_KEY)).until(v::IMPORT_ONLY),
            Field::required("public_key", Type::Text(0, bounds::PUBLIC_KEY)).since(v::IMPORT_ONLY),
            Field::optional("user_id", Type::Text(0, 255)).since(v::KEYPAIR_USER),
        ]],
    );

    fn permit(call: &Call<Compute>, body: &Body) -> Result<()> {
        let user = user(call, body.str("user_id"))?;
        Ok(call.caller.allow(&<Self as Create>::RULE, &Target::none().user(user.as_str()))?)
    }

    /// Makes a pair, where no public key came.
    async fn prepare(call: &Call<Compute>, mut body: Body) -> Result<Body> {
        let bad = |error: BadKey| Error::Invalid(format!("Keypair data is invalid: {error}"));
        let kind = body.read("type").unwrap_or(KeyType::Ssh);
        if body.get("public_key").is_none() {
            let (private, public) = match kind {
                KeyType::Ssh => generate().map_err(bad)?,
                KeyType::X509 => certificate(call).await?.map_err(bad)?,
            };
            body.put("public_key", public);
            body.put("private_key", private);
        }
        let public = body.str("public_key").unwrap_or_default();
        let fingerprint = match kind {
            KeyType::Ssh => ssh_fingerprint(public),
            KeyType::X509 => x509_fingerprint(public),
        };
        body.put("fingerprint", fingerprint.map_err(bad)?);
        Ok(body)
    }

    async fn create(call: &Call<Compute>, tx: &mut Tx, body: Body) -> Result<(Keypair, Option<String>)> {
        let user_id = user(call, body.str("user_id"))?;
        let project = call.caller.require_project(&<Self as Create>::RULE)?.as_str();
        call.service.charge(tx, &QUOTA, Holder { id: user_id.as_str(), project }).await?;
        let row = Keypair {
            user_id,
            name: body.name("name"),
            number: numbers::next(tx, "keypair").await?,
            kind: body.read("type").unwrap_or(KeyType::Ssh),
            fingerprint: body.name("fingerprint"),
            public_key: body.name("public_key"),
            created_at: call.service.now(),
        };
        if !row.insert(tx).await? {
            return Err(Error::Conflict(format!("Key pair '{}' already exists.", row.name)));
        }
        Ok((row, body.text("private_key")))
    }

    fn created(call: &Call<Compute>) -> StatusCode {
        if call.version.has(v::KEYPAIR_TYPE) { StatusCode::CREATED } else { StatusCode::OK }
    }
}

/// An RSA key takes a while: not on the threads that serve others, and few at the same time.
async fn certificate(call: &Call<Compute>) -> Result<Result<(String, String), BadKey>> {
    let (user, now) = (call.caller.user.name.clone(), call.service.now());
    let _turn = RSA_KEYS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(move || generate_x509(&user, now)).await.map_err(Error::internal)
}

/// Servers keep their copy of the public half.
impl Delete for Keypairs {
    const RULE: Rule = policy::KEYPAIRS_DELETE;
    const QUESTION: Question = QUESTION;

    fn deleted(call: &Call<Compute>) -> StatusCode {
        if call.version.has(v::KEYPAIR_TYPE) { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED }
    }
}

#[cfg(test)]
mod tests;
