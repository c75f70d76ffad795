//! `/v3/OS-REVOKE/events`: for services that check tokens themselves.

use axum::response::Response;
use kogge_clock::Timestamp;
use kogge_http::ApiError;
use kogge_resource::Call;
use serde::Serialize;

use super::answer::whole;
use crate::error::Error;
use crate::model::Revocation;
use crate::service::Identity;

#[derive(Serialize)]
struct Event<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
    issued_before: String,
    revoked_at: String,
}

impl<'a> Event<'a> {
    fn of(row: &'a Revocation) -> Self {
        Self {
            audit_id: row.audit_id.as_deref(),
            user_id: row.user_id.as_deref(),
            project_id: row.project_id.as_deref(),
            issued_before: Timestamp::from_micros(row.issued_before).micros_z(),
            revoked_at: Timestamp::from_micros(row.revoked_at).micros_z(),
        }
    }
}

/// `GET`, with `since`.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let since = call.query.get("since").map(|text| {
        let moment = text.parse::<Timestamp>();
        moment.map(Timestamp::as_micros).map_err(|_| Error::Invalid(format!("invalid date format {text}")))
    });
    let events = call.service.revocations(&call.caller, since.transpose()?)?;
    Ok(whole(&call, "events", events.iter().map(Event::of).collect()))
}
