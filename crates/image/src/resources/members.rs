//! Sharing: the members of an image and what they say to it. Who may do what with them depends on the image.

use kogge_auth::{Caller, Rule};
use kogge_db::{Direction, Paged, Record, Tx};
use kogge_ids::ImageId;
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, Judgement, List, Listing, Loaded, Names, Refused, Resource,
    Schema, Stored, Type, Update, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::member::{Answer, Member};
use crate::model::visibility::Visibility;
use crate::service::access::{Seen, viewer};
use crate::{Images, policy};

/// Longest id of a project.
const LONGEST: usize = 255;

/// Members of images.
pub(crate) struct Members;

/// An image that the caller sees, and the membership that the path names, if there is one.
#[derive(Clone)]
pub(crate) struct Membership {
    seen: Seen,
    member: Option<Member>,
    named: String,
}

impl Membership {
    /// Why the caller may not do this with the members of the image.
    fn objection(&self, caller: &Caller, rule: &Rule) -> Result<(), Error> {
        if self.seen.image.visibility != Visibility::Shared {
            return Err(Error::forbidden("Only shared images have members."));
        }
        // who takes a member away is asked about the image, not about the member
        if *rule == policy::DELETE_MEMBER || *rule == policy::ADD_MEMBER || *rule == policy::GET_MEMBERS {
            return self.seen.allow(caller, rule);
        }
        self.seen.allow_member(caller, rule, &self.named)
    }

    /// True where there is such a member, and the caller may know of it.
    fn is_known(&self, caller: &Caller) -> bool {
        self.member.as_ref().is_some_and(|member| knows_of(caller, &self.seen, &member.member_id))
    }
}

fn knows_of(caller: &Caller, seen: &Seen, member: &str) -> bool {
    let viewer = viewer(caller);
    let project = viewer.project.as_deref();
    viewer.admin || (project.is_some() && project == seen.image.owner.as_deref()) || project == Some(member)
}

/// The image that the path names, if the caller sees it; locked in a transaction.
async fn image(call: &Call<Images>, at: &mut At<'_, Images>) -> Result<Seen, Error> {
    let text = call.param("id");
    let id: ImageId = text.parse().map_err(|_| Error::no_image(text))?;
    let missing = || Error::NotFound(format!("Image {id} not found."));
    call.service.look(at, &call.caller, id).await?.ok_or_else(missing)
}

/// Only [`Members`], which knows who asks, finds one.
impl Stored<Images> for Membership {
    async fn remove(&self, tx: &mut Tx) -> Result<bool, Error> {
        match &self.member {
            Some(member) => Ok(Member::delete(tx, &member.key()).await?),
            None => Ok(false),
        }
    }
}

impl Resource for Members {
    type Service = Images;
    type Row = Membership;
    type More = ();

    const NAMES: Names =
        Names::new("member", "members", "/v2/images/{id}/members", "/v2/images/{id}/members/{member}");
    const READ: Rule = policy::GET_MEMBER;

    fn missing(call: &Call<Images>, member: &str) -> Error {
        let image = call.param("id");
        Error::NotFound(format!("{member} not found in the member list of the image {image}."))
    }

    fn id(row: &Membership) -> String {
        row.named.clone()
    }

    fn judge(call: &Call<Images>, rule: &Rule, found: Option<&Membership>) -> Judgement {
        let Some(found) = found else { return Judgement::Missing };
        let may = found.objection(&call.caller, rule).is_ok();
        // the owner learns that there is no such member, also where it may not answer for one
        let hides = *rule == policy::MODIFY_MEMBER && found.seen.image.visibility == Visibility::Shared;
        match (may, found.is_known(&call.caller)) {
            (true, true) => Judgement::Allowed,
            (false, known) if known || !hides => Judgement::Denied,
            _ => Judgement::Missing,
        }
    }

    fn refusal(
        call: &Call<Images>,
        key: &str,
        rule: &Rule,
        judgement: Judgement,
        found: Option<&Membership>,
    ) -> Error {
        let verb = match *rule {
            policy::MODIFY_MEMBER => "update",
            policy::DELETE_MEMBER => "delete",
            _ => "",
        };
        match (judgement, found.map(|found| found.objection(&call.caller, rule))) {
            // looking at one never is 403
            (Judgement::Denied, Some(Err(why))) if verb.is_empty() => Error::NotFound(why.to_string()),
            (Judgement::Denied, _) => {
                Error::forbidden(format!("Not allowed to {verb} members for image {}.", call.param("id")))
            }
            _ => Self::missing(call, key),
        }
    }

    async fn load(
        call: &Call<Images>,
        at: &mut At<'_, Images>,
        member: &str,
    ) -> Result<Option<Membership>, Error> {
        if member.contains('\0') {
            return Err(Error::invalid("A text contains the character NUL."));
        }
        let seen = image(call, at).await?;
        let key = (seen.image.id, member.to_owned());
        let found = Member::get(&mut at.source(), &key).await?;
        Ok(Some(Membership { seen, member: found, named: member.to_owned() }))
    }

    fn view(_: &Call<Images>, row: &Membership, (): &(), _: Verb) -> Value {
        let Some(member) = &row.member else { return Value::Null };
        json!({
            "member_id": member.member_id,
            "image_id": member.image_id,
            "status": member.answer,
            "created_at": member.created_at.seconds_z(),
            "updated_at": member.updated_at.seconds_z(),
            "schema": "/v2/schemas/member",
        })
    }
}

async fn all(at: &mut At<'_, Images>, image: ImageId) -> Result<Vec<Member>, Error> {
    let select = Member::select().and("image_id = ?", image);
    let select =
        select.order_by("created_at", Direction::Ascending).order_by("member_id", Direction::Ascending);
    Ok(Member::all(&mut at.source(), select).await?)
}

impl List for Members {
    const RULE: Rule = policy::GET_MEMBERS;
    const LIST: Listing = Listing::WHOLE;

    /// Those that the caller may know of: all for the owner, itself for a member.
    async fn page(call: &Call<Images>, _: &Wanted) -> Result<Paged<Membership>, Error> {
        let mut at = At::Now(&call.service);
        let seen = image(call, &mut at).await?;
        let id = seen.image.id;
        let shared = Membership { seen: seen.clone(), member: None, named: String::new() };
        shared.objection(&call.caller, &<Self as List>::RULE).map_err(|error| {
            Error::forbidden(format!("Not allowed to list members for image {id}: {error}"))
        })?;
        let known = all(&mut at, id).await?.into_iter();
        let known = known.filter(|member| knows_of(&call.caller, &seen, &member.member_id));
        let items = known.map(|member| Membership {
            seen: seen.clone(),
            named: member.member_id.clone(),
            member: Some(member),
        });
        Ok(Paged { items: items.collect(), more: false })
    }
}

fn named(value: Value) -> Result<Value, Refused> {
    let bad = |why: &str| Err(Refused::Because(why.to_owned()));
    match value.as_str() {
        None | Some("") => bad("Member can't be empty"),
        Some(text) if text.contains('\0') => bad("A text contains the character NUL."),
        Some(text) if text.chars().count() > LONGEST => {
            Err(Refused::Because(format!("A member has {LONGEST} characters at most.")))
        }
        Some(_) => Ok(value),
    }
}

impl Create for Members {
    const RULE: Rule = policy::ADD_MEMBER;
    const BODY: Schema = Schema::open(
        "member in the form: {\"member\": \"image_id\"}",
        &[&[Field::optional("member", Type::Check(named))]],
    );

    /// Asked when it is known which image this is about.
    fn permit(_: &Call<Images>, body: &Body) -> Result<(), Error> {
        match body.get("member") {
            Some(_) => Ok(()),
            None => Err(Error::invalid("Member to be added not specified")),
        }
    }

    async fn create(call: &Call<Images>, tx: &mut Tx, body: Body) -> Result<(Membership, ()), Error> {
        let mut at = At::In(tx);
        let seen = image(call, &mut at).await?;
        let (id, named) = (seen.image.id, body.name("member"));
        let shared = Membership { seen, member: None, named };
        shared
            .objection(&call.caller, &<Self as Create>::RULE)
            .map_err(|_| Error::forbidden(format!("Not allowed to create members for image {id}.")))?;
        let (members, most) = (all(&mut at, id).await?.len(), call.service.config().max_members);
        if members >= most {
            let because = format!(
                "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed \
                 image members for this image. Attempted: {}, Maximum: {most}:",
                members + 1
            );
            return Err(Error::TooLarge(because));
        }
        let now = call.service.now();
        let member = Member {
            image_id: id,
            member_id: shared.named.clone(),
            answer: Answer::Pending,
            created_at: now,
            updated_at: now,
        };
        if !member.insert(tx).await? {
            return Err(Error::conflict(format!("Member {} is duplicated for image {id}", shared.named)));
        }
        Ok((Membership { member: Some(member), ..shared }, ()))
    }
}

fn answer(value: Value) -> Result<Value, Refused> {
    if value.as_str().is_some_and(|word| Answer::WORDS.contains(&word)) {
        return Ok(value);
    }
    let refused = "Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\".";
    Err(Refused::Because(refused.to_owned()))
}

/// A member accepts or rejects.
impl Update for Members {
    const RULE: Rule = policy::MODIFY_MEMBER;
    const BODY: Schema = Schema::open(
        "status in the form: {\"status\": \"status\"}",
        &[&[Field::required("status", Type::Check(answer))]],
    );

    async fn update(
        call: &Call<Images>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Membership, ()), Error> {
        let mut row = loaded.into_row();
        if let Some(member) = &mut row.member {
            member.answer = body.read("status").unwrap_or(member.answer);
            member.updated_at = call.service.now();
            member.save(tx).await?;
        }
        Ok((row, ()))
    }
}

impl Delete for Members {
    const RULE: Rule = policy::DELETE_MEMBER;
}
