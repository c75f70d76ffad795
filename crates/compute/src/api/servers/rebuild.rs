//! The action `rebuild`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use super::create::{base64, personality};
use super::update::labels;
use crate::api::body::{Fields, Read};
use crate::api::wire::server::{Parts, Viewer, detail};
use crate::links;
use crate::service::servers::boot::password;
use crate::service::servers::reshape::Rebuild;
use crate::{Compute, microversion as v};

/// Rebuilds a server and answers how it is then.
pub(super) async fn rebuild(call: &Call<Compute>, body: &Value) -> Result<Response, ApiError> {
    let (caller, version) = (&call.caller, call.version);
    let wanted = read(body, version)?;
    let admin_password = wanted.admin_password.clone();
    let server = call.service.rebuild(caller, call.key(), wanted).await?;
    let user_data = server.spec.user_data.clone();
    let details = call.service.detail_for(caller, server).await?;
    let viewer = Viewer { caller, version, base: &call.base };
    let mut view = serde_json::to_value(detail(&details, viewer, Parts::rebuild(version)))
        .map_err(|error| ApiError::internal(&error))?;
    view["adminPass"] = json!(admin_password);
    if version.has(v::NO_PERSONALITY) {
        view["user_data"] = json!(user_data);
    }
    let mut response = (StatusCode::ACCEPTED, Json(json!({ "server": view }))).into_response();
    let location = &links::of(&call.base, "servers", &details.server.id.to_string())[0].href;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn read(body: &Value, version: Microversion) -> Read<Rebuild> {
    let body = Fields::of(body)?;
    let fields = body.object("rebuild")?;
    let trusted = version.has(v::TRUSTED_CERTS).then(|| fields.take("trusted_image_certificates")).flatten();
    if trusted.is_some_and(|value| !value.is_null()) {
        let why = "Certificate image validation failed: this cloud verifies no image signatures; leave \
                   trusted_image_certificates out.";
        return Err(ApiError::bad_request(why));
    }
    let rebuild = Rebuild {
        image: fields.required("imageRef", fields.uuid("imageRef")?)?,
        onto_volume: version.has(v::VOLUME_REIMAGED),
        labels: labels(&fields, version)?,
        admin_password: fields.text("adminPass", 0, 255)?.unwrap_or_else(password),
        metadata: fields.metadata("metadata")?,
        key_name: if version.has(v::REBUILD_KEY) { fields.text_or_null("key_name", 1, 255)? } else { None },
        user_data: if version.has(v::NO_PERSONALITY) { user_data(&fields)? } else { None },
        files: personality(&fields, version)?,
    };
    fields.boolean("preserve_ephemeral")?;
    fields.finish()?;
    body.finish()?;
    Ok(rebuild)
}

fn user_data(fields: &Fields<'_>) -> Read<Option<Option<String>>> {
    match fields.text_or_null("user_data", 0, 65_535)? {
        Some(Some(data)) => base64("user_data", data).map(|data| Some(Some(data))),
        other => Ok(other),
    }
}
