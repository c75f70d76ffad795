//! `POST`, `PUT` and `DELETE` of flavors.

use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use super::detail;
use crate::api::body::{Fields, Read, repr, wrong};
use crate::model::flavor::NewFlavor;
use crate::{Compute, microversion as v};

/// Largest number of Nova's columns.
const MOST: i64 = 0x7fff_ffff;

/// `POST /flavors`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let new = read(&body, call.version)?;
    let flavor = call.service.create_flavor(&call.caller, new).await?;
    Ok(Json(json!({ "flavor": detail(&flavor, &call.caller, &call.base, call.version) })))
}

fn read(body: &Value, version: Microversion) -> Read<NewFlavor> {
    let body = Fields::of(body)?;
    let flavor = body.object("flavor")?;
    let figure = |name: &str, least: i64| -> Read<Option<u64>> {
        Ok(flavor.number(name, least, MOST)?.map(|number| u64::try_from(number).unwrap_or(0)))
    };
    let vcpus = flavor.required("vcpus", figure("vcpus", 1)?)?;
    let description = version.has(v::FLAVOR_DESCRIPTION).then(|| flavor.description(65_535)).transpose()?;
    let new = NewFlavor {
        id: id(&flavor)?,
        name: flavor.required("name", flavor.name("name")?)?,
        vcpus: u32::try_from(vcpus).unwrap_or(u32::MAX),
        ram_mib: flavor.required("ram", figure("ram", 1)?)?,
        disk_gib: flavor.required("disk", figure("disk", 0)?)?,
        ephemeral_gib: figure("OS-FLV-EXT-DATA:ephemeral", 0)?.unwrap_or(0),
        swap_mib: figure("swap", 0)?.unwrap_or(0),
        rxtx_factor: if version.before(v::FLAVOR_CLEANUP) { factor(&flavor)? } else { 1.0 },
        is_public: flavor.boolean("os-flavor-access:is_public")?.unwrap_or(true),
        description: description.flatten().flatten(),
        extra_specs: std::collections::BTreeMap::new(),
    };
    flavor.finish()?;
    body.finish()?;
    Ok(new)
}

/// Letters, digits, dots, dashes, underscores and inner spaces; a number is its digits; `auto` or nothing is a UUID.
fn id(flavor: &Fields<'_>) -> Read<Option<String>> {
    let text = match flavor.take("id") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => return Ok(Some(number.to_string())),
        Some(value) => (value, crate::api::body::text("id", value, 1, 255)?),
    };
    let plain = text.1.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b' ' | b'_' | b'-'));
    if plain && text.1.trim() == text.1 {
        return Ok(Some(text.1));
    }
    let pattern = "'^(?! )[a-zA-Z0-9. _-]+(?<! )$'";
    Err(wrong("id", text.0, &format!("{} does not match {pattern}", repr(text.0))))
}

fn factor(flavor: &Fields<'_>) -> Read<f64> {
    let Some(value) = flavor.take("rxtx_factor") else { return Ok(1.0) };
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    let good = number.filter(|number| *number > 0.0 && *number <= 3.402_82e38);
    good.ok_or_else(|| wrong("rxtx_factor", value, "a number above 0 is expected"))
}

/// `PUT /flavors/{id}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let fields = Fields::of(&body)?;
    let flavor = fields.object("flavor")?;
    let description = flavor.required("description", flavor.description(65_535)?)?;
    flavor.finish()?;
    fields.finish()?;
    let flavor = call.service.describe_flavor(&call.caller, id, description).await?;
    Ok(Json(json!({ "flavor": detail(&flavor, &call.caller, &call.base, call.version) })))
}

/// `DELETE /flavors/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.delete_flavor(&call.caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microversion::{MAXIMUM, MINIMUM};

    fn body(extra: Value) -> Value {
        let mut flavor = json!({"name": "a", "ram": 512, "vcpus": "1", "disk": 0});
        for (key, value) in extra.as_object().unwrap() {
            flavor[key] = value.clone();
        }
        json!({ "flavor": flavor })
    }

    #[test]
    fn figures_and_ids_are_bounded() {
        for (extra, good) in [
            (json!({}), true),
            (json!({"id": "1.a_b-c d"}), true),
            (json!({"id": 7}), true),
            (json!({"id": null}), true),
            (json!({"id": " a"}), false),
            (json!({"id": "a/b"}), false),
            (json!({"ram": 0}), false),
            (json!({"vcpus": 0}), false),
            (json!({"vcpus": 2_147_483_648_i64}), false),
            (json!({"disk": -1}), false),
            (json!({"swap": "12"}), true),
            (json!({"rxtx_factor": 0}), false),
            (json!({"rxtx_factor": "1.5"}), true),
            (json!({"unknown": 1}), false),
            (json!({"description": "x"}), false),
        ] {
            assert_eq!(read(&body(extra.clone()), MINIMUM).is_ok(), good, "{extra}");
        }
        assert!(read(&body(json!({"description": "x"})), v::FLAVOR_DESCRIPTION).is_ok());
        assert!(read(&body(json!({"rxtx_factor": 1})), MAXIMUM).is_err());
    }
}
