//! Attachments, for those who use volumes without compute, and to look at those that compute made.

use axum::http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{Filter, by, text};
use kogge_db::{Direction, SortKey, Tx};
use kogge_http::{ApiError, Json, VersionRange};
use kogge_ids::AttachmentId;
use kogge_resource::body::Others;
use kogge_resource::nova::Fields;
use kogge_resource::{
    Body, Call, Create, Field, List, Listing, Loaded, Names, Pages, Refused, Resource, Schema, Type, Update,
    Verb,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::attachment::{AttachStatus, Attachment};
use crate::model::bounds;
use crate::service::attach::NewTie;
use crate::store::attachments;
use crate::{Volumes, microversion as v, policy};

/// Attachments.
pub(crate) struct Attachments;

impl Resource for Attachments {
    type Service = Volumes;
    type Row = Attachment;
    type More = ();

    const NAMES: Names = Names::new("attachment", "attachments", "/v3/attachments", "/v3/attachments/{id}");
    const VERSIONS: VersionRange = VersionRange::since(v::ATTACHMENTS);
    // whoever sees the volume sees its attachments
    const READ: Rule = policy::VOLUME_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::NotFound(format!("Volume attachment could not be found with filter: attachment_id = {id}."))
    }

    fn id(row: &Attachment) -> String {
        row.id.to_string()
    }

    fn target(row: &Attachment) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    fn view(_: &Call<Volumes>, row: &Attachment, (): &(), verb: Verb) -> Value {
        let mut view = brief(row);
        if verb != Verb::List {
            let time =
                |moment: Option<kogge_clock::Timestamp>| moment.map_or_else(String::new, |m| m.micros());
            view["attached_at"] = json!(time(row.attached_at));
            view["detached_at"] = json!("");
            view["attach_mode"] = json!(row.mode);
            view["connection_info"] = connection(row);
        }
        view
    }
}

fn brief(row: &Attachment) -> Value {
    json!({ "id": row.id, "status": row.status, "instance": row.server_id, "volume_id": row.volume_id })
}

/// What a client may know of how a volume is connected: no path, no key.
fn connection(row: &Attachment) -> Value {
    if row.status == AttachStatus::Reserved {
        return json!({});
    }
    json!({
        "driver_volume_type": "kogge",
        "volume_id": row.volume_id,
        "attachment_id": row.id,
        "access_mode": row.mode,
    })
}

const FILTERS: &[Filter] = &[
    text("volume_id", "volume_id = ?"),
    text("status", "status = ?"),
    text("attach_status", "status = ?"),
    text("instance_id", "server_id = ?"),
    text("project_id", "project_id = ?"),
];

const SORT: &[SortKey] = &[by("created_at"), by("id"), by("volume_id"), by("status")];

impl List for Attachments {
    const RULE: Rule = policy::VOLUME_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[FILTERS],
        sort: SORT,
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        pages: Pages::Marker,
        ..Listing::OWN
    };
}

/// An object of bounded size, or null.
fn connector(value: Value) -> Result<Value, Refused> {
    if value.is_null() {
        return Ok(value);
    }
    let fields = Fields::named("connector", &value).map_err(Refused::Fault)?;
    for name in ["host", "mountpoint", "mode"] {
        fields.text_or_null(name, 0, 255).map_err(Refused::Fault)?;
    }
    if value.to_string().len() > bounds::CONNECTOR {
        return Err(Refused::Because(format!("is longer than {} bytes", bounds::CONNECTOR)));
    }
    Ok(value)
}

impl Create for Attachments {
    const RULE: Rule = policy::ATTACHMENT_CREATE;
    const BODY: Schema = Schema {
        name: "attachment",
        fields: &[&[
            Field::required("volume_uuid", Type::Uuid),
            Field::optional("instance_uuid", Type::Uuid),
            Field::optional("connector", Type::Check(connector)),
            Field::optional("mode", Type::Word(&["rw", "ro"])).since(v::ATTACHMENT_MODE),
        ]],
        others: Others::Refused,
    };

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(Attachment, ())> {
        let id = body.name("volume_uuid");
        let volume = id.parse().map_err(|_| Error::no_volume(&id))?;
        let connector = body.get("connector").filter(|connector| connector.is_object()).cloned();
        let word = |name: &str| connector.as_ref().and_then(|it| Some(it.get(name)?.as_str()?.to_owned()));
        let new = NewTie {
            server: body.text("instance_uuid"),
            mountpoint: word("mountpoint"),
            host: word("host"),
            read_only: body.text("mode").or_else(|| word("mode")).as_deref() == Some("ro"),
            status: connector.is_some().then_some(AttachStatus::Attaching),
            connector,
            holder: None,
        };
        Ok((call.service.tie_in(tx, &call.caller, volume, new).await?, ()))
    }
}

impl Update for Attachments {
    const RULE: Rule = policy::ATTACHMENT_UPDATE;
    const BODY: Schema = Schema {
        name: "attachment",
        fields: &[&[Field::required("connector", Type::Check(connector))]],
        others: Others::Refused,
    };

    async fn update(
        call: &Call<Volumes>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Attachment, ())> {
        refuse_held(&loaded)?;
        let mut tie = loaded.into_row();
        let connector = body.get("connector").filter(|connector| connector.is_object());
        let Some(connector) = connector.filter(|it| it.as_object().is_some_and(|map| !map.is_empty())) else {
            let why = "Invalid input for field/attribute connector. Value: {}. {} should be non-empty";
            return Err(Error::Invalid(why.to_owned()));
        };
        let word = |name: &str| Some(connector.get(name)?.as_str()?.to_owned());
        tie.host = word("host").or(tie.host);
        tie.mountpoint = word("mountpoint").or(tie.mountpoint);
        if word("mode").as_deref() == Some("ro") {
            tie.mode = crate::model::attachment::Mode::Ro;
        }
        tie.connector = Some(kogge_db::record::Json(connector.clone()));
        if tie.status == AttachStatus::Reserved {
            tie.status = AttachStatus::Attaching;
        }
        call.service.save_tie(tx, tie.clone()).await?;
        Ok((tie, ()))
    }
}

/// What compute made is compute's matter: only it knows whether a guest has the disk (CVE-2023-2088).
pub(crate) fn refuse_held(tie: &Attachment) -> Result<()> {
    if tie.holder.is_none() {
        return Ok(());
    }
    let server = tie.server_id.as_deref().unwrap_or_default();
    Err(Error::Conflict(format!(
        "Detach volume from instance {server} using the Compute API: attachment {} is in use by it.",
        tie.id
    )))
}

/// `DELETE /v3/attachments/{id}`: answers those that are left.
pub(crate) async fn delete(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let (loaded, mut tx) = Loaded::<Attachments>::open(&call, call.key(), &call.rule).await?;
    refuse_held(&loaded)?;
    let tie = loaded.into_row();
    call.service.untie_in(&mut tx, &tie).await?;
    let left = attachments::of_volume(&mut tx, tie.volume_id).await.map_err(Error::from)?;
    kogge_resource::Service::commit(&call.service, tx).await?;
    Ok(Json(json!({ "attachments": left.iter().map(brief).collect::<Vec<_>>() })))
}

/// `POST /v3/attachments/{id}/action`: `os-complete` is all there is.
pub(crate) async fn action(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    if fields.take("os-complete").is_none() {
        return Err(fields.no_action());
    }
    fields.finish()?;
    let (loaded, mut tx) =
        Loaded::<Attachments>::open(&call, call.key(), &policy::ATTACHMENT_COMPLETE).await?;
    refuse_held(&loaded)?;
    call.service.complete_in(&mut tx, &[loaded.id]).await?;
    kogge_resource::Service::commit(&call.service, tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Volumes {
    /// The attachment of a volume that an old action means: the one that is named, else the only one.
    pub(crate) async fn tie_of(
        &self,
        call: &Call<Self>,
        tx: &mut Tx,
        volume: kogge_ids::VolumeId,
        named: Option<&str>,
    ) -> Result<Option<Attachment>> {
        let ties = attachments::of_volume(&mut *tx, volume).await?;
        let Some(named) = named else {
            if ties.len() > 1 {
                let why = "attachment_id is needed: the volume has several attachments.";
                return Err(Error::volume(why));
            }
            return Ok(ties.into_iter().next());
        };
        let missing = || Attachments::missing(call, named);
        let id: AttachmentId = named.parse().map_err(|_| missing())?;
        let found = ties.into_iter().find(|tie| tie.id == id).ok_or_else(missing)?;
        Ok(Some(found))
    }
}
