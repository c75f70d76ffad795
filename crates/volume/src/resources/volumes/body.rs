//! Bodies and questions about volumes.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_http::{ApiError, Microversion};
use kogge_resource::body::Others;
use kogge_resource::nova::{Fields, additional, wrong};
use kogge_resource::{Body, Field, Refused, Schema, Type};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::microversion as v;
use crate::model::bounds;
use crate::service::create::{NewVolume, Source};

const NAME: Type = Type::Nullable(&Type::Name);
const TEXT: Type = Type::Nullable(&Type::Text(0, 255));
const ID: Type = Type::Nullable(&Type::Uuid);

/// Key-value pairs, where nulls are left out.
fn metadata(value: Value) -> Result<Value, Refused> {
    if value.is_null() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let mut pairs = BTreeMap::new();
    let fields = Fields::named("metadata", &value).map_err(Refused::Fault)?;
    for (key, value) in fields.nullable_pairs().map_err(Refused::Fault)? {
        pairs.insert(key, value.unwrap_or_default());
    }
    if pairs.len() > bounds::PAIRS {
        return Err(Refused::Because(format!("has more than {} pairs", bounds::PAIRS)));
    }
    Ok(serde_json::json!(pairs))
}

const TEXTS: &[Field] = &[
    Field::optional("name", NAME),
    Field::optional("description", NAME),
    Field::optional("display_name", NAME),
    Field::optional("display_description", NAME),
    Field::optional("metadata", Type::Check(metadata)),
];

/// A new volume. What else stands there is passed over before 3.53.
pub(super) const CREATE: Schema = Schema {
    name: "volume",
    fields: &[
        TEXTS,
        &[
            Field::optional("volume_type", TEXT),
            Field::optional("snapshot_id", ID),
            Field::optional("source_volid", ID),
            Field::optional("consistencygroup_id", ID),
            Field::optional("size", Type::Nullable(&Type::Int(0, i64::MAX))),
            Field::optional("availability_zone", Type::Nullable(&Type::Text(1, 255))),
            Field::optional("multiattach", Type::Nullable(&Type::Bool)),
            Field::optional("image_id", TEXT),
            Field::optional("imageRef", TEXT),
            Field::optional("group_id", TEXT).since(v::GROUPS),
            Field::optional("backup_id", ID).since(v::FROM_BACKUP),
        ],
    ],
    others: Others::Kept,
};

/// A change of a volume.
pub(super) const UPDATE: Schema = Schema { name: "volume", fields: &[TEXTS], others: Others::Refused };

/// The image that a body names, if it names one.
pub(super) fn image_of(body: &Body) -> Option<String> {
    let named = body.text("image_id").or_else(|| body.text("imageRef"))?;
    let last = named.rsplit('/').next().unwrap_or(&named);
    (!last.is_empty()).then(|| last.to_owned())
}

/// The volume that a body asks for; its image was looked up, its backup is looked up later.
pub(super) fn new_volume(body: &Body, version: Microversion) -> Result<NewVolume> {
    if version.has(v::STRICT_BODIES) && !body.others.is_empty() {
        let extra: Vec<&str> = body.others.keys().map(String::as_str).collect();
        let whole = Value::Object(body.others.clone());
        return Err(refused(wrong("volume", &whole, &additional(&extra))));
    }
    if body.truth("multiattach") == Some(true) {
        let why = "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume \
                   types. Contact your administrator to create a multiattach enabled volume type and use it to create \
                   multiattach volumes.";
        return Err(Error::Invalid(why.to_owned()));
    }
    let id = |name: &str| body.text(name).filter(|id| !id.is_empty());
    let source = match (id("snapshot_id"), id("source_volid"), image_of(body)) {
        (Some(snapshot), None, None) => Source::Snapshot(parsed(&snapshot, |id| Error::no_snapshot(id))?),
        (None, Some(volume), None) => Source::Volume(parsed(&volume, |id| Error::no_volume(id))?),
        (None, None, Some(image)) => Source::Image(parsed(&image, |_| {
            Error::Invalid("Invalid image identifier or unable to access requested image.".to_owned())
        })?),
        (None, None, None) => Source::Blank,
        _ => {
            let why = "May specify only one of snapshot, imageRef or source volume";
            return Err(Error::input(why));
        }
    };
    if id("backup_id").is_some() && !matches!(source, Source::Blank) {
        let why = "May specify only one of snapshot, imageRef, source volume or backup";
        return Err(Error::input(why));
    }
    let said = |new: &str, old: &str| body.text(new).or_else(|| body.text(old));
    Ok(NewVolume {
        name: said("name", "display_name").unwrap_or_default(),
        description: said("description", "display_description"),
        size_gib: body.int("size"),
        kind: id("volume_type"),
        zone: id("availability_zone"),
        metadata: body.read("metadata").unwrap_or_default(),
        source,
        // consistency groups are groups under a name of old
        group: id("group_id")
            .or_else(|| id("consistencygroup_id"))
            .map(|group| parsed(&group, no_group))
            .transpose()?,
    })
}

fn no_group(id: &str) -> Error {
    Error::NotFound(format!("Group {id} could not be found."))
}

fn parsed<T: std::str::FromStr>(id: &str, missing: impl Fn(&str) -> Error) -> Result<T> {
    id.parse().map_err(|_| missing(id))
}

fn refused(error: ApiError) -> Error {
    Error::Invalid(error.message().to_owned())
}

/// A map as a filter has it: `{'a': 'b'}` as Python writes it, or JSON.
pub(super) fn pairs_of(name: &str, text: &str) -> Result<BTreeMap<String, String>> {
    let json = text.replace('\'', "\"");
    let found = serde_json::from_str::<BTreeMap<String, String>>(&json);
    found.map_err(|_| {
        Error::Invalid(format!("Could not evaluate value {text} of filter {name}, assuming string"))
    })
}

/// How a time is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Gt,
    Gte,
    Eq,
    Neq,
    Lt,
    Lte,
}

/// `gt:2026-01-01T00:00:00,lt:…`
pub(super) fn moments(name: &str, text: &str) -> Result<Vec<(Operator, Timestamp)>> {
    let one = |part: &str| {
        let (word, moment) = part.split_once(':').unwrap_or((part, ""));
        let operator = match word {
            "gt" => Operator::Gt,
            "gte" => Operator::Gte,
            "eq" => Operator::Eq,
            "neq" => Operator::Neq,
            "lt" => Operator::Lt,
            "lte" => Operator::Lte,
            _ => return Err(Error::Invalid(format!("Invalid {name} operator"))),
        };
        let moment: Timestamp =
            moment.parse().map_err(|_| Error::Invalid(format!("Invalid {moment} value")))?;
        Ok((operator, moment))
    };
    text.split(',').map(one).collect()
}

/// The condition for a comparison of the time of making, or of the last change.
pub(super) const fn compared(created: bool, operator: Operator) -> &'static str {
    match (created, operator) {
        (true, Operator::Gt) => "created_at > ?",
        (true, Operator::Gte) => "created_at >= ?",
        (true, Operator::Eq) => "created_at = ?",
        (true, Operator::Neq) => "created_at <> ?",
        (true, Operator::Lt) => "created_at < ?",
        (true, Operator::Lte) => "created_at <= ?",
        (false, Operator::Gt) => "updated_at > ?",
        (false, Operator::Gte) => "updated_at >= ?",
        (false, Operator::Eq) => "updated_at = ?",
        (false, Operator::Neq) => "updated_at <> ?",
        (false, Operator::Lt) => "updated_at < ?",
        (false, Operator::Lte) => "updated_at <= ?",
    }
}
